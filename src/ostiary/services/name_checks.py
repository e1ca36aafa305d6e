"""Names and further rules as they were written: what can't be read is a problem of its item."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ostiary.compiler.policies import rule_from
from ostiary.config.auth_checks import FROM_STORE
from ostiary.config.client_cert_checks import client_cert_actions
from ostiary.config.effective import Managed
from ostiary.config.load import Loaded
from ostiary.config.model.client_auth import ApiAuth
from ostiary.config.model.client_cert import ClientCertAction
from ostiary.config.model.name_rule import NameRule
from ostiary.config.model.pki import Est
from ostiary.config.text.tree import PathPart
from ostiary.kernel.problems import Problem, Severity
from ostiary.trust.names.advice import Advice, AdviceKind, advice, rule_advice
from ostiary.trust.names.reading import parse_pattern
from ostiary.trust.names.refusal import PatternRefused

_AUTH = "clientCertificateAuth"
_KINDS = {
    AdviceKind.REFUSED: "can't be used",
    AdviceKind.UNLIKELY: "unlikely to match",
    AdviceKind.BROADER: "broader than it looks",
}


def judge_file_names(loaded: Loaded) -> Iterator[Problem]:
    """Yield what can't be read of the names in the file."""
    for names, auth in _of_file(loaded):
        yield from names.judged(auth)


def judge_registrars(loaded: Loaded, est: Est) -> Iterator[Problem]:
    """Yield what can't be read of the patterns in ``pki.est.registrars``."""
    for number, text in enumerate(est.registrars):
        try:
            parse_pattern(text)
        except PatternRefused as refused:
            at = ("pki", "est", "registrars", number)
            yield loaded.problem(at, refused.message, refused.way_out)


def advise_file_names(loaded: Loaded) -> Iterator[Problem]:
    """Yield a warning for each name in the file that fits nobody, or more than it seems to.

    Takes 50 µs a name, so a gateway that starts doesn't ask; all names can be read.
    """
    for names, auth in _of_file(loaded):
        yield from names.advised(auth)


def _of_file(loaded: Loaded) -> Iterator[tuple["_Names", ApiAuth | ClientCertAction]]:
    document = loaded.document
    yield _Names(loaded, (_AUTH,)), document.client_certificate_auth
    for name, entries in document.api_endpoints.items():
        for number, entry in enumerate(entries):
            if entry.client_certificate_auth is not None:
                at = ("apiEndpoints", name, number, _AUTH)
                yield _Names(loaded, at), entry.client_certificate_auth
    for path, action in client_cert_actions(document):
        yield _Names(loaded, path), action


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
    """The names of one ``clientCertificateAuth``, or of one step ``client-cert``."""

    loaded: Loaded
    at: tuple[PathPart, ...]
    stored: bool = False

    def judged(self, auth: ApiAuth | ClientCertAction) -> Iterator[Problem]:
        for number, text in enumerate(auth.trusted_distinguished_names or ()):
            try:
                parse_pattern(text)
            except PatternRefused as fault:
                where = f"column {fault.at}: " if fault.at else ""
                yield self._problem(("trustedDistinguishedNames", number), text, fault, where)
        yield from self._rules("allow", auth.allow or ())
        yield from self._rules("deny", auth.deny or ())

    def advised(self, auth: ApiAuth | ClientCertAction) -> Iterator[Problem]:
        for number, text in enumerate(auth.trusted_distinguished_names or ()):
            for one in advice(text):
                yield self._remark(("trustedDistinguishedNames", number), one)
        for number, rule in enumerate(auth.allow or ()):
            for field, one in rule_advice(rule_from(rule)):
                yield self._remark(("allow", number, field), one)
        for number, rule in enumerate(auth.deny or ()):
            for field, one in rule_advice(rule_from(rule)):
                # To shut out a whole country may well be meant; to shut out nobody is not.
                if one.kind is not AdviceKind.BROADER:
                    yield self._remark(("deny", number, field), one)

    def _remark(self, item: tuple[PathPart, ...], remark: Advice) -> Problem:
        wrong, way_out = remark.halves
        message = f"{_KINDS[remark.kind]}: {wrong}"
        return self.loaded.problem((*self.at, *item), message, way_out, Severity.WARNING)

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
