"""Names and further rules as they were written: what can't be read is a problem of its item."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ostiary.compiler.policies import rule_from
from ostiary.config.auth_checks import FROM_STORE
from ostiary.config.effective import Managed
from ostiary.config.load import Loaded
from ostiary.config.model.client_auth import ApiAuth, NameRule
from ostiary.config.text.tree import PathPart
from ostiary.kernel.problems import Problem, Severity
from ostiary.trust.names.reading import parse_pattern
from ostiary.trust.names.refusal import PatternRefused

_AUTH = "clientCertificateAuth"


def judge_file_names(loaded: Loaded) -> Iterator[Problem]:
    """Yield what is wrong or doubtful about the names in the file."""
    document = loaded.document
    yield from _Names(loaded, (_AUTH,)).judged(document.client_certificate_auth)
    for name, entries in document.api_endpoints.items():
        for number, entry in enumerate(entries):
            if entry.client_certificate_auth is not None:
                at = ("apiEndpoints", name, number, _AUTH)
                yield from _Names(loaded, at).judged(entry.client_certificate_auth)


def judge_managed_names(loaded: Loaded, before: Managed | None = None) -> Iterator[Problem]:
    """Yield what is wrong with names that the store gives; ``before`` was judged already."""
    managed = loaded.managed
    if before is None or before.gateway != managed.gateway:
        yield from _Names(loaded, (_AUTH,), stored=True).judged(managed.gateway)
    for name, auth in managed.apis.items():
        if before is None or before.apis.get(name) != auth:
            at = ("apiEndpoints", name, _AUTH)
            yield from _Names(loaded, at, stored=True).judged(auth)


@dataclass(frozen=True, slots=True)
class _Names:
    """The names of one ``clientCertificateAuth``."""

    loaded: Loaded
    at: tuple[PathPart, ...]
    stored: bool = False

    def judged(self, auth: ApiAuth) -> Iterator[Problem]:
        for number, text in enumerate(auth.trusted_distinguished_names or ()):
            try:
                parse_pattern(text)
            except PatternRefused as fault:
                where = f"column {fault.at}: " if fault.at else ""
                yield self._problem(("trustedDistinguishedNames", number), text, fault, where)
        yield from self._rules("allow", auth.allow or ())
        yield from self._rules("deny", auth.deny or ())

    def _rules(self, key: str, rules: Sequence[NameRule]) -> Iterator[Problem]:
        for number, rule in enumerate(rules):
            try:
                rule_from(rule)
            except PatternRefused as fault:
                yield self._problem((key, number), "", fault, "")

    def _problem(
        self, item: tuple[PathPart, ...], text: str, fault: PatternRefused, where: str
    ) -> Problem:
        about = f"{text[:80]!r} can't be used: " if text else "the rule can't be used: "
        message = f"{about}{where}{fault.message}"
        if self.stored:
            message = f"{message}; {FROM_STORE}"
        return self.loaded.problem((*self.at, *item), message, fault.way_out, Severity.ERROR)
