"""Patterns and rules checked as they are written, before anything is kept."""

from collections.abc import Iterable, Iterator

from ostiary.config.model.name_rule import NameRule
from ostiary.management.errors import Fault
from ostiary.management.views import AdviceView
from ostiary.trust.names.advice import advice
from ostiary.trust.names.reading import parse_pattern
from ostiary.trust.names.refusal import PatternRefused
from ostiary.trust.names.rules import rule_of

_MOST_FAULTS = 100
REFUSED = "refused"


def pattern_faults(patterns: Iterable[str], where: str) -> Iterator[Fault]:
    """One for each pattern that can't be read, at most a hundred."""
    found = 0
    for index, pattern in enumerate(patterns):
        try:
            parse_pattern(pattern)
        except PatternRefused as refused:
            yield _fault(refused, f"{where}/{index}", pattern)
            found += 1
            if found == _MOST_FAULTS:
                return


def rule_faults(rule: NameRule, where: str) -> Iterator[Fault]:
    """Why an allow or deny rule can't be used."""
    try:
        rule_of(**rule.model_dump())
    except PatternRefused as refused:
        yield _fault(refused, where, "")


def advise(pattern: str) -> tuple[AdviceView, ...]:
    """What is worth knowing about a pattern; a refusal is told like advice."""
    try:
        parse_pattern(pattern)
    except PatternRefused as refused:
        sentence = f"{refused.message} ({refused.way_out})" if refused.way_out else refused.message
        return (AdviceView(kind=REFUSED, sentence=sentence, at=refused.at or None),)
    return tuple(AdviceView(kind=one.kind.value, sentence=one.sentence) for one in advice(pattern))


def _fault(refused: PatternRefused, where: str, pattern: str) -> Fault:
    shown = f"{pattern[:80]!r}: " if pattern else ""
    at = f" (column {refused.at})" if refused.at else ""
    return Fault(
        where=where,
        message=f"{shown}{refused.message}{at}",
        way_out=refused.way_out,
    )
