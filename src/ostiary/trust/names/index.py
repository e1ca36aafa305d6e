"""The judgement about names: patterns and rules made ready once, asked for each certificate."""

from collections.abc import Sequence
from dataclasses import dataclass

from ostiary.trust.names.facts import Facts, facts_of
from ostiary.trust.names.lookup import RuleLookup
from ostiary.trust.names.reading import parse_pattern
from ostiary.trust.names.rules import NameRules, Rule, Test, test_of
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

    __slots__ = ("_lookup", "_ready")

    def __init__(self, rules: Sequence[Rule]) -> None:
        # All tests are made, so that none is left unread; the one looked up isn't repeated.
        self._ready = tuple(_Ready(rule, _tests(rule)) for rule in rules)
        self._lookup = RuleLookup(rules)

    def first(self, facts: Facts) -> Rule | None:
        """A rule of which every test holds; None when there is none."""
        for number in self._lookup.candidates(facts):
            one = self._ready[number]
            if all(test(facts) for test in one.tests):
                return one.rule
        return None


def _tests(rule: Rule) -> tuple[Test, ...]:
    tests = {name: test_of(name, text) for name, text in rule.given().items()}
    for name in ("fingerprint", "serial", "distinguished_name"):
        if tests.pop(name, None) is not None:
            break
    return tuple(tests.values())


@dataclass(frozen=True, slots=True)
class _Ready:
    rule: Rule
    tests: tuple[Test, ...]
