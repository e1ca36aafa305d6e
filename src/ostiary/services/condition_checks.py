"""Patterns in conditions about certificates: what can't be read is a problem of its item."""

from collections.abc import Iterator

from ostiary.config.certificate_checks import certificate_conditions
from ostiary.config.load import Loaded
from ostiary.config.text.tree import PathPart
from ostiary.kernel.problems import Problem, Severity
from ostiary.trust.names.advice import AdviceKind, rule_advice
from ostiary.trust.names.refusal import PatternRefused
from ostiary.trust.names.rules import rule_of, test_of


def judge_conditions(loaded: Loaded) -> Iterator[Problem]:
    """Yield what can't be read of the conditions' patterns."""
    for at, name, text in _texts(loaded):
        try:
            test_of(name, text)
        except PatternRefused as fault:
            where = f"column {fault.at}: " if fault.at else ""
            message = f"{text[:80]!r} can't be used: {where}{fault.message}"
            yield loaded.problem(at, message, fault.way_out)


def advise_conditions(loaded: Loaded) -> Iterator[Problem]:
    """Yield a warning for each pattern that fits nobody; all of them can be read."""
    for at, name, text in _texts(loaded):
        for _, one in rule_advice(rule_of(**{name: text})):
            if one.kind is AdviceKind.UNLIKELY:
                wrong, way_out = one.halves
                yield loaded.problem(at, f"unlikely to match: {wrong}", way_out, Severity.WARNING)


def _texts(loaded: Loaded) -> Iterator[tuple[tuple[PathPart, ...], str, str]]:
    for path, condition in certificate_conditions(loaded.document):
        for name, texts in condition.given:
            key = "subject" if name == "distinguished_name" else name
            for number, text in enumerate(texts):
                yield (*path, key, number), name, text
