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
from ostiary.compiler.authentication import finding_rules, forgetting_rules, step_rules
from ostiary.compiler.conditions import translate
from ostiary.compiler.expressions import ALWAYS, Algebra, Expression, Literal, when
from ostiary.compiler.profiles import Profiles, tests_of
from ostiary.config.model.auth_policies import AuthAction, BasicAuthAction, KeyAuthAction
from ostiary.config.model.pipeline import Pipeline, ProxyAction, Step, TerminateAction
from ostiary.consumers.judging import Test


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


@dataclass(frozen=True, slots=True)
class _Ground:
    """What the steps of a pipeline share."""

    profiles: Profiles
    tests: tuple[Test, ...]

    def algebra(self, prefix: str = "c", guard: Literal | None = None) -> Algebra:
        numbers = count(1)
        return Algebra(lambda: f"txn.ost.{prefix}{next(numbers)}", guard, self.tests)


_NO_PROFILES = Profiles()


def compile_pipeline(
    number: int, name: str, pipeline: Pipeline, profiles: Profiles = _NO_PROFILES
) -> CompiledPipeline:
    """The branches of one pipeline; ``number`` names them, ``name`` is only told."""
    ground = _Ground(profiles, tests_of(pipeline))
    steps = tuple(_reachable((one for use in pipeline.policies for one in use.steps), ground))
    origin = f"pipelines.{name}"
    if sum(isinstance(step.action, ProxyAction) for step in steps) > 1:
        return _several(number, steps, origin, ground)
    branch = _single(f"pl{number}", steps, origin, ground)
    return CompiledPipeline(number, branch.name, (branch,))


def _reachable(steps: Iterable[Step], ground: _Ground) -> Iterator[Step]:
    """Without the steps that never run, and those behind one that always answers."""
    for step in steps:
        expression = translate(step.condition, ground.algebra())
        if not expression.never:
            yield step
        if expression.always and not isinstance(step.action, AuthAction):
            return


def _single(name: str, steps: tuple[Step, ...], origin: str, ground: _Ground) -> Branch:
    """The one backend of a pipeline with at most one ``proxy`` step, which need not be the last."""
    algebra = ground.algebra()
    proxy: ProxyAction | None = None
    others = ALWAYS  # the requests that the proxy step does not take
    for step in steps:
        expression = translate(step.condition, algebra)
        if isinstance(step.action, ProxyAction):
            proxy = step.action
            others = algebra.negate(algebra.spill(expression))
        elif isinstance(step.action, KeyAuthAction | BasicAuthAction):
            wanted = algebra.every([others, expression])
            step_rules(step.action, ground.profiles, algebra, wanted)
            continue
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


def _several(
    number: int, steps: tuple[Step, ...], origin: str, ground: _Ground
) -> CompiledPipeline:
    """A backend for each ``proxy`` step, and one for the requests that none of them takes.

    Conditions may ask about the consumer that an earlier step has found: so the choosing rules
    find it, too, in the steps' order. Who has none is refused by the backend.
    """
    guard = Literal(f"{{ var({names.PIPELINE}) -m int eq {number} }}")
    chooser = ground.algebra(f"p{number}c", guard)
    in_order = any(isinstance(step.action, AuthAction) for step in steps)
    branches: list[Branch] = []
    choices: list[str] = []
    for at, step in enumerate(steps):
        if isinstance(step.action, KeyAuthAction | BasicAuthAction):
            wanted = chooser.spill(translate(step.condition, chooser))
            finding_rules(step.action, ground.profiles, chooser, wanted)
        if not isinstance(step.action, ProxyAction):
            continue
        branch = _branch(f"pl{number}_{len(branches) + 1}", steps[:at], step.action, origin, ground)
        branches.append(branch)
        expression = translate(step.condition, chooser)
        expression = chooser.spill(expression) if in_order else expression
        if expression.always:
            break
        choices += _choose(branch.name, guard, expression)
    else:
        branches.append(_branch(f"pl{number}_end", steps, None, origin, ground))
    rules = (*chooser.rules, *choices)
    return CompiledPipeline(number, branches[-1].name, tuple(branches), rules)


def _choose(name: str, guard: Literal, expression: Expression) -> Iterator[str]:
    for all_of in expression.alternatives:
        yield f"use_backend {name} if {' '.join(map(str, (guard, *all_of)))}"


def _branch(
    name: str, steps: tuple[Step, ...], proxy: ProxyAction | None, origin: str, ground: _Ground
) -> Branch:
    """What is said before the proxy step; without one, 404 is said at the end.

    The choosing rules have found the consumer as the steps before the proxy's leave it; here each
    step finds it anew, in its place.
    """
    algebra = ground.algebra()
    if any(isinstance(step.action, AuthAction) for step in steps):
        algebra.rules += forgetting_rules()
    answered = False
    for step in steps:
        if isinstance(step.action, KeyAuthAction | BasicAuthAction):
            expression = translate(step.condition, algebra)
            step_rules(step.action, ground.profiles, algebra, expression)
        if isinstance(step.action, TerminateAction):
            expression = translate(step.condition, algebra)
            _terminate(algebra, step.action, expression)
            answered = expression.always
    if proxy is None and not answered:
        algebra.rules.append(f"http-request return {problem(404)}")
    return Branch(name, tuple(algebra.rules), proxy, origin)
