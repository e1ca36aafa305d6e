"""The judgement about names: patterns and rules made ready once, asked for each certificate."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from ostiary.trust.names.facts import Facts, facts_of
from ostiary.trust.names.pattern import Pattern
from ostiary.trust.names.reading import parse_pattern
from ostiary.trust.names.rules import NameRules, Rule, Test, fingerprint_of, serial_of, test_of
from ostiary.trust.names.search import PatternSearch
from ostiary.x509.certificate import Certificate


@dataclass(frozen=True, slots=True)
class Passed:
    """The names are welcome."""

    by: str
    """What let them pass, for the log and ``explain``."""


@dataclass(frozen=True, slots=True)
class NotTrusted:
    """No pattern and no allow rule fits."""

    detail: str


@dataclass(frozen=True, slots=True)
class Denied:
    """A deny rule fits, whatever else would let it pass."""

    rule: str
    """The rule's text."""


NameVerdict = Passed | NotTrusted | Denied


class NameIndex:
    """The rules of a policy, ready to judge by. Immutable once made."""

    __slots__ = ("_allow", "_deny", "_patterns", "_search", "rules")

    def __init__(self, rules: NameRules) -> None:
        """Read every pattern and rule; raises PatternRefused for the first that can't be read."""
        self.rules = rules
        self._patterns = tuple(dict.fromkeys(rules.patterns))
        self._search = PatternSearch(map(parse_pattern, self._patterns))
        self._allow = _RuleSearch(rules.allow)
        self._deny = _RuleSearch(rules.deny)

    def judge(self, whom: Certificate | Facts) -> NameVerdict:
        """Whether the names of a certificate may pass. Never raises for what they hold."""
        if not self.rules:
            return Passed("no names are asked for")
        facts = facts_of(whom) if isinstance(whom, Certificate) else whom
        if facts.fault is not None:
            # Not even asked whether a rule denies it: nothing may be decided by such names.
            return NotTrusted(facts.fault)
        denied = self._deny.first(facts)
        if denied is not None:
            return Denied(denied.text)
        if not self._patterns and not self.rules.allow:
            return Passed("no rule denies it")
        return self._let_pass(facts)

    def _let_pass(self, facts: Facts) -> Passed | NotTrusted:
        number = next(self._search.fitting(facts.names.subject), None)
        if number is not None:
            return Passed(f"pattern {self._patterns[number]!r}")
        allowed = self._allow.first(facts)
        if allowed is not None:
            return Passed(f"rule {allowed.text!r}")
        told = []
        if self._patterns:
            told.append(f"none of {len(self._patterns)} distinguished names")
        if self.rules.allow:
            told.append(f"none of {len(self.rules.allow)} allow rules")
        return NotTrusted(f"{' and '.join(told)} fits it")


class _RuleSearch:
    """Rules found by what is looked up fastest in them; only those are tested."""

    __slots__ = ("_by_fingerprint", "_by_pattern", "_by_serial", "_others", "_search")

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._by_fingerprint: dict[str, list[_Ready]] = {}
        self._by_serial: dict[int, list[_Ready]] = {}
        by_pattern: dict[Pattern, list[_Ready]] = {}
        self._others: list[_Ready] = []
        for rule in rules:
            given = rule.given()
            # All tests are made, so that none is left unread; the one looked up isn't repeated.
            tests = {name: test_of(name, text) for name, text in given.items()}
            if rule.fingerprint is not None:
                home = self._by_fingerprint.setdefault(fingerprint_of(rule.fingerprint), [])
                tests.pop("fingerprint")
            elif rule.serial is not None:
                home = self._by_serial.setdefault(serial_of(rule.serial), [])
                tests.pop("serial")
            elif rule.distinguished_name is not None:
                # By what it says: the search keeps only one of those that say the same.
                pattern = parse_pattern(rule.distinguished_name).plain()
                home = by_pattern.setdefault(pattern, [])
                tests.pop("distinguished_name")
            else:
                home = self._others
            home.append(_Ready(rule, tuple(tests.values())))
        self._search = PatternSearch(tuple(by_pattern))
        self._by_pattern = tuple(by_pattern.values())

    def first(self, facts: Facts) -> Rule | None:
        """A rule of which every test holds; None when there is none."""
        for one in self._candidates(facts):
            if all(test(facts) for test in one.tests):
                return one.rule
        return None

    def _candidates(self, facts: Facts) -> Iterator["_Ready"]:
        for fingerprint in facts.fingerprints if self._by_fingerprint else ():
            yield from self._by_fingerprint.get(fingerprint, ())
        yield from self._by_serial.get(facts.serial, ())
        yield from chain.from_iterable(
            self._by_pattern[number] for number in self._search.fitting(facts.names.subject)
        )
        yield from self._others


@dataclass(frozen=True, slots=True)
class _Ready:
    rule: Rule
    tests: tuple[Test, ...]
