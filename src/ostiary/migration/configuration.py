"""``gateway.config.yml``, or ``.json``: each thing in it with its verdict."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ostiary.config.load import load
from ostiary.config.text.reading import read
from ostiary.config.text.tree import Table
from ostiary.kernel.problems import ConfigRefused, Problem
from ostiary.migration.differences import differences
from ostiary.migration.findings import Finding, Verdict, in_order, is_within, of_problems
from ostiary.migration.units import units_of

_IGNORED = "Express Gateway ignores it; here it is a problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A configuration, thing by thing."""

    tree: Table | None
    """As it was written; None where it can't be read."""
    findings: tuple[Finding, ...]
    """By line."""
    unknown: tuple[Finding, ...] = ()
    """Of the findings, those about keys that nobody knows: leaving them out changes nothing."""


def judge(text: str, file: str, environ: Mapping[str, str]) -> Judged:
    """Say of each thing whether it is the same here; ``file`` names it in places.

    The whole text is checked as ``ostiary check`` does. Raises nothing, whatever the text is.
    """
    problems = check_problems(text, file, environ)
    tree = read(text, file, environ).tree
    if tree is None:
        return Judged(tree=None, findings=of_problems(problems))
    unknown = tuple(_ignored(one) for one in problems if _is_unknown_key(one))
    found = [*unknown, *of_problems(one for one in problems if not _is_unknown_key(one))]
    refused = [one.path for one in found if one.verdict is Verdict.IMPOSSIBLE]
    for one in differences(tree):
        # Of what can't be at all, no more is to be said.
        if not any(is_within(path, one.path) or is_within(one.path, path) for path in refused):
            found.append(one)
    return Judged(tree=tree, findings=in_order([*found, *_same(tree, found)]), unknown=unknown)


def check_problems(text: str, file: str, environ: Mapping[str, str]) -> tuple[Problem, ...]:
    """Errors and warnings of our own check of the text alone."""
    try:
        return load(text, file, environ).warnings
    except ConfigRefused as refused:
        return refused.problems


def _same(tree: Table, found: Iterable[Finding]) -> Iterator[Finding]:
    """The things of which nothing else is said, neither of them nor of what they are part of."""
    told = [one.path for one in found]
    refused = [one.path for one in found if one.verdict is Verdict.IMPOSSIBLE]
    for unit in units_of(tree):
        if any(is_within(path, unit.path) for path in told):
            continue
        if not any(is_within(unit.path, path) for path in refused):
            yield Finding(position=unit.key_at or unit.at, path=unit.path, verdict=Verdict.SAME)


def _is_unknown_key(problem: Problem) -> bool:
    return problem.message.startswith("unknown key ")


def _ignored(problem: Problem) -> Finding:
    # A key that resembles one of ours was perhaps never obeyed: that must be seen.
    meant = problem.way_out.startswith("did you mean")
    return Finding(
        position=problem.position,
        path=problem.path,
        verdict=Verdict.DIFFERS,
        message=f"{problem.message}: {_IGNORED}",
        way_out=problem.way_out if meant else "leave it out",
    )
