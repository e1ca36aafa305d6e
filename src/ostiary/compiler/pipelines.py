"""Pipelines as backends.

A backend is one *branch* of a pipeline: the rules of its steps up to a ``proxy`` step, and that
step's servers. A pipeline with at most one ``proxy`` step is a single branch, chosen by the route's
number through a map, whatever the number of pipelines. Only a pipeline with several ``proxy`` steps
needs rules in the frontend, to choose among its branches.

A pipeline that ends without an answer says 404: it never falls into another endpoint's pipeline.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count

from ostiary.compiler import names
from ostiary.compiler.answers import plain, problem
from ostiary.compiler.conditions import translate
from ostiary.compiler.expressions import ALWAYS, Algebra, Expression, Literal, when
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
    steps = tuple(_reachable(step for policy in pipeline.policies for step in policy.steps))
    origin = f"pipelines.{name}"
    if sum(isinstance(step.action, ProxyAction) for step in steps) > 1:
        return _several(number, steps, origin)
    branch = _single(f"pl{number}", steps, origin)
    return CompiledPipeline(number, branch.name, (branch,))


def _reachable(steps: Iterable[Step]) -> Iterator[Step]:
    """Without the steps that never run, and those behind one that always answers."""
    for step in steps:
        expression = translate(step.condition, _algebra())
        if not expression.never:
            yield step
        if expression.always:
            return


def _algebra(prefix: str = "c", guard: Literal | None = None) -> Algebra:
    numbers = count(1)
    return Algebra(lambda: f"txn.ost.{prefix}{next(numbers)}", guard)


def _single(name: str, steps: tuple[Step, ...], origin: str) -> Branch:
    """The one backend of a pipeline with at most one ``proxy`` step, which need not be the last."""
    algebra = _algebra()
    proxy: ProxyAction | None = None
    others = ALWAYS  # the requests that the proxy step does not take
    for step in steps:
        expression = translate(step.condition, algebra)
        if isinstance(step.action, ProxyAction):
            proxy = step.action
            others = algebra.negate(algebra.spill(expression))
        else:
            _terminate(algebra, step.action, algebra.every([others, expression]))
        if expression.always:
            break
    else:
        algebra.rules.append(f"http-request return {problem(404)}{when(others)}")
    return Branch(name, tuple(algebra.rules), proxy, origin)


def _terminate(algebra: Algebra, action: TerminateAction, expression: Expression) -> None:
    said = plain(action.status_code, action.message)
    algebra.rules.append(f"http-request return {said}{when(expression)}")


def _several(number: int, steps: tuple[Step, ...], origin: str) -> CompiledPipeline:
    """A backend for each ``proxy`` step, and one for the requests that none of them takes."""
    guard = Literal(f"{{ var({names.PIPELINE}) -m int eq {number} }}")
    chooser = _algebra(f"p{number}c", guard)
    branches: list[Branch] = []
    choices: list[str] = []
    for at, step in enumerate(steps):
        if not isinstance(step.action, ProxyAction):
            continue
        branch = _branch(f"pl{number}_{len(branches) + 1}", steps[:at], step.action, origin)
        branches.append(branch)
        expression = translate(step.condition, chooser)
        if expression.always:
            break
        choices += _choose(branch.name, guard, expression)
    else:
        branches.append(_branch(f"pl{number}_end", steps, None, origin))
    rules = (*chooser.rules, *choices)
    return CompiledPipeline(number, branches[-1].name, tuple(branches), rules)


def _choose(name: str, guard: Literal, expression: Expression) -> Iterator[str]:
    for all_of in expression.alternatives:
        yield f"use_backend {name} if {' '.join(map(str, (guard, *all_of)))}"


def _branch(name: str, steps: tuple[Step, ...], proxy: ProxyAction | None, origin: str) -> Branch:
    """What is said before the proxy step; without one, 404 is said at the end."""
    algebra = _algebra()
    answered = False
    for step in steps:
        if isinstance(step.action, TerminateAction):
            expression = translate(step.condition, algebra)
            _terminate(algebra, step.action, expression)
            answered = expression.always
    if proxy is None and not answered:
        algebra.rules.append(f"http-request return {problem(404)}")
    return Branch(name, tuple(algebra.rules), proxy, origin)
