"""Pipelines as backends.

A backend is one *branch* of a pipeline: the rules of its steps up to a ``proxy`` step, and that
step's servers. A pipeline with at most one ``proxy`` step is a single branch, chosen by the route's
number through a map, whatever the number of pipelines. Only a pipeline with several ``proxy`` steps
needs rules in the frontend, to choose among its branches.

A pipeline that ends without an answer says 404: it never falls into another endpoint's pipeline.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from ostiary.compiler import names
from ostiary.compiler.answers import plain, problem
from ostiary.compiler.conditions import translate
from ostiary.compiler.expressions import Algebra, Expression, Literal, when
from ostiary.config.model.pipeline import Pipeline, ProxyAction, Step, TerminateAction


@dataclass(frozen=True, slots=True)
class Branch:
    """One backend: rules, then the servers of ``proxy`` (None: a pipeline that only answers)."""

    name: str
    rules: tuple[str, ...]
    proxy: ProxyAction | None
    origin: str


@dataclass(frozen=True, slots=True)
class CompiledPipeline:
    """The branches of a pipeline, and the frontend rules that choose among several."""

    number: int
    default: str
    """The backend that the route's map names."""
    branches: tuple[Branch, ...]
    choosing: tuple[str, ...] = field(default=())
    """Frontend rules; empty for a single branch."""


def compile_pipeline(number: int, name: str, pipeline: Pipeline) -> CompiledPipeline:
    """The branches of one pipeline; ``number`` names them, ``name`` is only told."""
    steps = [step for policy in pipeline.policies for step in policy.steps]
    proxies = [at for at, step in enumerate(steps) if isinstance(step.action, ProxyAction)]
    origin = f"pipelines.{name}"
    if len(proxies) <= 1:
        branch = _single(f"pl{number}", steps, proxies, origin)
        return CompiledPipeline(number, branch.name, (branch,))
    return _several(number, steps, proxies, origin)


def _fresh() -> Iterator[str]:
    return (f"txn.ost.c{at}" for at in count(1))


def _single(name: str, steps: list[Step], proxies: list[int], origin: str) -> Branch:
    algebra = Algebra(_fresh().__next__)
    passing: Expression | None = None
    for at, step in enumerate(steps):
        expression = translate(step.condition, algebra)
        if at in proxies:
            passing = algebra.spill(expression)
            continue
        if passing is not None:
            expression = algebra.every([algebra.negate(passing), expression])
        _terminate(algebra, step, expression)
    if passing is None or not passing.always:
        unless = f" if {algebra.negate(passing)}" if passing and not passing.never else ""
        algebra.rules.append(f"http-request return {problem(404)}{unless}")
    action = steps[proxies[0]].action if proxies else None
    proxy = action if isinstance(action, ProxyAction) else None
    return Branch(name, tuple(algebra.rules), proxy, origin)


def _terminate(algebra: Algebra, step: Step, expression: Expression) -> None:
    if not isinstance(step.action, TerminateAction) or expression.never:
        return
    said = plain(step.action.status_code, step.action.message)
    algebra.rules.append(f"http-request return {said}{when(expression)}")


def _several(number: int, steps: list[Step], proxies: list[int], origin: str) -> CompiledPipeline:
    guard = Literal(f"{{ var({names.PIPELINE}) -m int eq {number} }}")
    fresh = (f"txn.ost.p{number}c{at}" for at in count(1))
    chooser = Algebra(fresh.__next__, guard)
    branches: list[Branch] = []
    choices: list[str] = []
    for order, at in enumerate(proxies, 1):
        name = f"pl{number}_{order}"
        branches.append(_branch(name, steps[:at], steps[at], origin))
        expression = translate(steps[at].condition, chooser)
        choices.extend(
            f"use_backend {name} if {guard} {' '.join(map(str, all_of))}".rstrip()
            for all_of in expression.alternatives
        )
    end = _branch(f"pl{number}_end", steps, None, origin)
    return CompiledPipeline(number, end.name, (*branches, end), (*chooser.rules, *choices))


def _branch(name: str, steps: list[Step], last: Step | None, origin: str) -> Branch:
    algebra = Algebra(_fresh().__next__)
    for step in steps:
        _terminate(algebra, step, translate(step.condition, algebra))
    if last is None:
        algebra.rules.append(f"http-request return {problem(404)}")
    proxy = last.action if last and isinstance(last.action, ProxyAction) else None
    return Branch(name, tuple(algebra.rules), proxy, origin)
