"""Pipelines as backends.

A backend is one *branch* of a pipeline: the rules of its steps up to a ``proxy`` step, and that
step's servers. A pipeline with at most one ``proxy`` step is a single branch, chosen by the route's
number through a map, whatever the number of pipelines. Only a pipeline with several ``proxy`` steps
needs rules in the frontend, to choose among its branches. Where steps before a ``proxy`` step may
change what its condition looks at, all of the pipeline's steps stand there: HAProxy chooses a
backend before it sees the backend's own rules.

A pipeline that ends without an answer says 404: it never falls into another endpoint's pipeline.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from types import MappingProxyType

from ostiary.compiler import names
from ostiary.compiler.answers import plain, problem
from ostiary.compiler.asks import NOTHING_ASKED, Asks, asks_of_pipeline
from ostiary.compiler.conditions import acts, translate
from ostiary.compiler.expressions import ALWAYS, Algebra, Asked, Expression, Literal, literal, when
from ostiary.compiler.policy_rate_limit import rate_limit_slots, rate_limit_tables
from ostiary.compiler.profiles import tests_of
from ostiary.compiler.stage import Setting, Slot, Stage
from ostiary.compiler.steps import write_step
from ostiary.config.model.pipeline import Pipeline, ProxyAction, Step, TerminateAction, answers
from ostiary.haproxy.files import Section


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
    slots: Mapping[int, Slot] = field(default_factory=lambda: MappingProxyType({}))
    """Where rate limits count."""
    tables: tuple[Section, ...] = ()
    """Stick tables that the rules use."""
    files: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))
    """Files that the rules name."""
    asks: Asks = field(default_factory=lambda: NOTHING_ASKED)
    """What is asked of the agent about its requests."""


_Steps = tuple[tuple[int, Step], ...]
"""Steps with their numbers, from 1."""


def compile_pipeline(
    number: int, name: str, pipeline: Pipeline, setting: Setting | None = None
) -> CompiledPipeline:
    """The branches of one pipeline; ``number`` names them, ``name`` is only told."""
    setting = setting or Setting()
    asks = asks_of_pipeline(name, pipeline, setting.table, setting.scripts)
    tests = Asked(tests_of(pipeline), setting.marks, asks)
    all_steps = (step for policy in pipeline.policies for step in policy.steps)
    reachable = tuple(_reachable(all_steps, tests))
    slots = rate_limit_slots(name, reachable, setting.counters)
    compiling = _Compiling(
        number, f"pipelines.{name}", replace(setting, slots=slots, asks=asks), tests
    )
    steps = tuple(enumerate(reachable, 1))
    if asks:
        made = compiling.in_frontend(steps)
    elif sum(isinstance(step.action, ProxyAction) for step in reachable) > 1:
        in_order = any(_may_change(step) or acts(step.condition) for step in reachable)
        made = compiling.in_frontend(steps) if in_order else compiling.several(steps)
    else:
        branch = compiling.single(steps)
        made = CompiledPipeline(number, branch.name, (branch,))
    tables = tuple(rate_limit_tables(reachable, slots))
    files = MappingProxyType(compiling.files)
    return replace(made, slots=slots, tables=tables, files=files, asks=asks)


def _reachable(steps: Iterable[Step], tests: Asked) -> Iterator[Step]:
    """Without the steps that never run, and those behind one that always answers."""
    for step in steps:
        expression = translate(step.condition, _algebra(tests))
        if not expression.never:
            yield step
        if expression.always and answers(step.action):
            return


def _may_change(step: Step) -> bool:
    """Whether a condition behind the step may look at what it did."""
    return not isinstance(step.action, TerminateAction | ProxyAction)


def _algebra(tests: Asked, prefix: str = "c", guard: Literal | None = None) -> Algebra:
    numbers = count(1)
    return Algebra(lambda: f"txn.ost.{prefix}{next(numbers)}", guard, tests)


@dataclass(slots=True)
class _Compiling:
    number: int
    origin: str
    setting: Setting
    tests: Asked
    files: dict[str, bytes] = field(default_factory=dict)

    def single(self, steps: _Steps) -> Branch:
        """The one backend of a pipeline with at most one ``proxy`` step, wherever that stands."""
        stage = Stage(_algebra(self.tests), self.setting)
        proxies = self._walk(stage, steps, ALWAYS)
        self.files |= stage.files
        proxy = proxies[0][0] if proxies else None
        return Branch(f"pl{self.number}", stage.rules, proxy, self.origin)

    def in_frontend(self, steps: _Steps) -> CompiledPipeline:
        """All rules in the frontend, for this pipeline's requests; a backend for each proxy."""
        guard = Literal(f"{{ var({names.PIPELINE}) -m int eq {self.number} }}")
        stage = Stage(_algebra(self.tests, f"p{self.number}c", guard), self.setting)
        if self.setting.asks:
            stage.first(names.ORIGINAL_URL, "pathq")
        taken = self._walk(stage, steps, literal(guard.text))
        self.files |= stage.files
        branches: list[Branch] = []
        choices: list[str] = []
        for proxy, expression in taken:
            branches.append(Branch(f"pl{self.number}_{len(branches) + 1}", (), proxy, self.origin))
            choices += [f"use_backend {branches[-1].name}{when(expression)}"]
        if not branches:
            nobody = (f"http-request return {problem(404)}",)
            branches.append(Branch(f"pl{self.number}_end", nobody, None, self.origin))
        rules = (*stage.rules, *choices)
        return CompiledPipeline(self.number, branches[-1].name, tuple(branches), rules)

    def _walk(
        self, stage: Stage, steps: _Steps, others: Expression
    ) -> list[tuple[ProxyAction, Expression]]:
        """Write all steps in their order; return the proxies with what they are chosen by.

        ``others``: the requests that no step has taken yet.
        """
        algebra = stage.algebra
        taken: list[tuple[ProxyAction, Expression]] = []
        for number, step in steps:
            expression = algebra.every([others, self._asked(step, others, algebra)])
            match step.action:
                case ProxyAction():
                    chosen = algebra.spill(expression)
                    taken.append((step.action, chosen))
                    others = algebra.every([others, algebra.negate(chosen)])
                case TerminateAction():
                    _terminate(algebra, step.action, expression)
                case _:
                    write_step(step.action, step.condition, number, stage.step(number, expression))
            if others.never or (answers(step.action) and self._takes_all(step)):
                break
        else:
            algebra.rules.append(f"http-request return {problem(404)}{when(others)}")
        return taken

    def _asked(self, step: Step, others: Expression, algebra: Algebra) -> Expression:
        """The step's condition; nothing is asked about requests that another step has taken,
        and none of these is refused."""
        if not acts(step.condition):
            return translate(step.condition, algebra)
        with algebra.where(others):
            return translate(step.condition, algebra)

    def several(self, steps: _Steps) -> CompiledPipeline:
        """A backend for each ``proxy`` step, and one for the requests that none of them takes."""
        guard = Literal(f"{{ var({names.PIPELINE}) -m int eq {self.number} }}")
        chooser = _algebra(self.tests, f"p{self.number}c", guard)
        branches: list[Branch] = []
        choices: list[str] = []
        for at, (_, step) in enumerate(steps):
            if not isinstance(step.action, ProxyAction):
                continue
            title = f"pl{self.number}_{len(branches) + 1}"
            branch = self._branch(title, steps[:at], step.action)
            branches.append(branch)
            expression = translate(step.condition, chooser)
            if expression.always:
                break
            choices += _choose(branch.name, guard, expression)
        else:
            branches.append(self._branch(f"pl{self.number}_end", steps, None))
        rules = (*chooser.rules, *choices)
        return CompiledPipeline(self.number, branches[-1].name, tuple(branches), rules)

    def _takes_all(self, step: Step) -> bool:
        return translate(step.condition, _algebra(self.tests)).always

    def _branch(self, name: str, steps: _Steps, proxy: ProxyAction | None) -> Branch:
        """What is said before the proxy step; without one, 404 is said at the end."""
        algebra = _algebra(self.tests)
        answered = False
        for _, step in steps:
            if isinstance(step.action, TerminateAction):
                expression = translate(step.condition, algebra)
                _terminate(algebra, step.action, expression)
                answered = expression.always
        if proxy is None and not answered:
            algebra.rules.append(f"http-request return {problem(404)}")
        return Branch(name, tuple(algebra.rules), proxy, self.origin)


def _terminate(algebra: Algebra, action: TerminateAction, expression: Expression) -> None:
    said = plain(action.status_code, action.message)
    algebra.rules.append(f"http-request return {said}{when(expression)}")


def _choose(name: str, guard: Literal, expression: Expression) -> Iterator[str]:
    for all_of in expression.alternatives:
        yield f"use_backend {name} if {' '.join(map(str, (guard, *all_of)))}"
