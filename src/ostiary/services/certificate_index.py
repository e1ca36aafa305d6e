"""Which ``certificate`` credentials a certificate may fit, found without trying each."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from ostiary.consumers.certificates import CertificateCredential, CertificateRule
from ostiary.consumers.ports import Certificates
from ostiary.trust.names.facts import Facts
from ostiary.trust.names.lookup import RuleLookup
from ostiary.trust.names.refusal import PatternRefused
from ostiary.trust.names.rules import Rule, rule_of, test_of

Tied = tuple[str, tuple[CertificateRule, ...]]
"""The name of a credential, and its rules."""

_MOST_LATE: Final = 250
"""Credentials that changed since the index was made: more make each change slow."""


@dataclass(frozen=True, slots=True)
class _Part:
    lookup: RuleLookup
    names: tuple[str, ...]
    """Of the credential, by the number of the rule."""

    def candidates(self, facts: Facts) -> Iterator[str]:
        for number in self.lookup.candidates(facts):
            yield self.names[number]


@dataclass(frozen=True, slots=True)
class CertificateIndex:
    """An index that grows: what changed after it was made is beside it, until it is made anew.

    It only says whom to look at. What has been changed or removed since is still found here; who
    decides asks the directory how it is, and tests the rules.
    """

    whole: _Part
    late: _Part
    changed: Mapping[str, tuple[CertificateRule, ...]] = field(default_factory=dict)

    @property
    def crowded(self) -> bool:
        """Whether it should be made anew."""
        return len(self.changed) > _MOST_LATE

    def candidates(self, facts: Facts) -> tuple[str, ...]:
        """Names of all credentials that may fit, each once, in no order of meaning."""
        return tuple(dict.fromkeys((*self.whole.candidates(facts), *self.late.candidates(facts))))

    def with_changed(self, tied: Iterable[Tied]) -> "CertificateIndex":
        """Also with these, as they are now."""
        changed = {**self.changed, **dict(tied)}
        return CertificateIndex(self.whole, _part(changed.items()), changed)


def index_of(tied: Iterable[Tied]) -> CertificateIndex:
    """An index of these credentials."""
    return CertificateIndex(_part(tied), _part(()))


def fits(credential: CertificateCredential, facts: Facts) -> bool:
    """Whether one of its rules holds for a certificate. One that can't be read doesn't."""
    return any(_holds(rule, facts) for rule in credential.rules)


def found_in(
    index: CertificateIndex, directory: Certificates, facts: Facts
) -> tuple[CertificateCredential, ...]:
    """Every credential that fits, as it is now, inactive ones too, in the order of their names.
    Raises OSError when the directory can't be asked."""
    found = (directory.certificate(name) for name in sorted(index.candidates(facts)))
    return tuple(one for one in found if one is not None and fits(one, facts))


def fitting_in(directory: Certificates, facts: Facts) -> tuple[CertificateCredential, ...]:
    """Likewise, where no index is at hand."""
    return found_in(index_of(directory.rules()), directory, facts)


def _holds(rule: CertificateRule, facts: Facts) -> bool:
    tests = rule.given().items()
    try:
        return bool(tests) and all(test_of(name, text)(facts) for name, text in tests)
    except PatternRefused:
        return False


def _part(tied: Iterable[Tied]) -> _Part:
    names: list[str] = []
    return _Part(RuleLookup(_readable(tied, names)), tuple(names))


def _readable(tied: Iterable[Tied], names: list[str]) -> Iterator[Rule]:
    for name, rules in tied:
        for rule in rules:
            try:
                made = rule_of(**rule.given())
            except PatternRefused:
                # It was readable when it was kept. What can't be read fits nobody.
                continue
            names.append(name)
            yield made
