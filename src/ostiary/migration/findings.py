"""What is said of a line of an installation: the same, different, or not possible."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from ostiary.kernel.problems import Position, Problem, Severity


class Verdict(Enum):
    """What becomes of a thing here."""

    SAME = "same"
    DIFFERS = "differs"
    """It works, with a difference that one should know."""
    IMPOSSIBLE = "not possible"
    """It can't be as it is; the finding has the way out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A verdict on one place."""

    position: Position
    path: str
    """Dotted path in the file, as written; empty for the whole."""
    verdict: Verdict
    message: str = ""
    """How it differs, or why it can't be; empty where it is the same."""
    way_out: str = ""
    """What to do about it; empty where there is nothing to do."""


def is_within(path: str, whole: str) -> bool:
    """Whether a dotted path is another one or leads into it."""
    return path == whole or path.startswith((f"{whole}.", f"{whole}["))


def of_problems(problems: Iterable[Problem]) -> tuple[Finding, ...]:
    """What the check of a configuration says, as verdicts."""
    return tuple(map(_of_problem, problems))


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """By line, each once."""
    places = sorted(
        dict.fromkeys(findings), key=lambda one: (one.position.line, one.position.column)
    )
    return tuple(places)


def _of_problem(problem: Problem) -> Finding:
    error = problem.severity is Severity.ERROR
    return Finding(
        position=problem.position,
        path=problem.path,
        verdict=Verdict.IMPOSSIBLE if error else Verdict.DIFFERS,
        message=problem.message,
        way_out=problem.way_out,
    )
