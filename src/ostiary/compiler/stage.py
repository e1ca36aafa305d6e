"""Where the steps of one branch write their rules, in the pipeline's order.

What acts on the request is written as it comes: each rule sees what the steps before it changed.
What acts on the answer is bound to a variable that says that the step ran. Headers of the answer
are set in the pipeline's order; a response-transformer lies around all that come after it, so the
first one has the last word (as in Express Gateway, where each wraps the next).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ostiary.compiler.asking import ask_text
from ostiary.compiler.asks import NOTHING_ASKED, Asks
from ostiary.compiler.expressions import Algebra, Expression
from ostiary.compiler.profiles import Profiles
from ostiary.compiler.routes import RouteTable, route_table
from ostiary.config.asked import What
from ostiary.config.model.scripts import Scripts
from ostiary.trust.names.marks import Marks


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a rate-limit step counts."""

    table: str
    counter: int
    """Which of HAProxy's tracked counters: 0 to 2, and more with HAProxy 2.8."""
    index: int
    """Which of the row's numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the rules of a pipeline need to know about everything else."""

    path_of: Callable[[str], str] = str
    """Absolute path of a file of the bundle."""
    profiles: Profiles = field(default_factory=Profiles)
    """The kinds of credentials that pipelines ask for."""
    marks: Marks = field(default_factory=lambda: Marks(()))
    """What conditions of all pipelines ask about certificates."""
    in_header: bool = False
    """The client's certificate comes in a header."""
    counters: tuple[int, ...] = (1, 3)
    """The tracked counters that nothing else uses; all above the last one are free too."""
    slots: Mapping[int, Slot] = field(default_factory=lambda: MappingProxyType({}))
    """Of the pipeline's rate-limit steps, by number of the step."""
    table: RouteTable = field(default_factory=lambda: route_table({}))
    """All routes."""
    scripts: Scripts = field(default_factory=Scripts)
    """How scripts are run."""
    asks: Asks = field(default_factory=lambda: NOTHING_ASKED)
    """What the pipeline asks of the agent."""


class Stage:
    """Collects what the steps of one branch write."""

    def __init__(self, algebra: Algebra, setting: Setting) -> None:
        self.algebra = algebra
        self.setting = setting
        self.files: dict[str, bytes] = {}
        self._first: dict[str, str] = {}
        self._answer: list[str] = []
        self._around: list[list[str]] = []

    @property
    def rules(self) -> tuple[str, ...]:
        """Everything that was written, as lines of a section."""
        around = [rule for rules in reversed(self._around) for rule in rules]
        return (*self._first.values(), *self.algebra.rules, *self._answer, *around)

    def first(self, variable: str, expression: str, *tests: str) -> None:
        """Set a variable before the first step, once, whoever needs it."""
        condition = " ".join((*self.algebra.guards, *tests))
        rule = f"http-request set-var({variable}) {expression}"
        self._first[variable] = rule + (f" if {condition}" if condition else "")

    def step(self, number: int, expression: Expression) -> "Acting":
        """Begin a step; ``expression`` says for which requests it acts.

        It is worked out once: the step's own rules may change what it looks at.
        """
        single = self.algebra.spill(expression)
        tests = () if single.always else (str(single),)
        return Acting(self, f"txn.ost.s{number}", tests)

    def answer(self, rule: str) -> None:
        """Add a rule for the answer."""
        self._answer.append(rule)

    def around(self, rules: list[str]) -> None:
        """Add rules for the answer that come after those of all later steps."""
        self._around.append(rules)


class Acting:
    """One step that writes."""

    def __init__(self, stage: Stage, name: str, tests: tuple[str, ...]) -> None:
        self.stage = stage
        self.name = name
        """The step's own variable; more of them begin with it and an underscore."""
        self.tests = tests
        """ACL literals for the requests that the step acts on."""
        self._asked = 0

    def write(self, rules: Iterable[str]) -> None:
        """Write rules as they are: they have the step's tests already."""
        self.stage.algebra.rules += rules

    def do(self, action: str, *tests: str) -> None:
        """Write ``http-request ACTION`` for the requests of this step that pass the tests too."""
        condition = " ".join((*self.tests, *tests))
        self.stage.algebra.rules.append(
            f"http-request {action}" + (f" if {condition}" if condition else "")
        )

    def keep(self, suffix: str, expression: str, *tests: str) -> str:
        """Set a variable of this step to a sample expression (a word); return its name."""
        name = f"{self.name}_{suffix}"
        self.do(f"set-var({name}) {expression}", *tests)
        return name

    def ask(self, what: What, *, lenient: bool = False) -> str:
        """Ask the agent for a text; return the name of the variable that holds it.

        ``lenient``: where that fails, the variable isn't set, and the request goes on.
        """
        self._asked += 1
        name = f"{self.name}_a{self._asked}"
        ask = self.stage.setting.asks[what]
        self.stage.algebra.rules += ask_text(ask, name, self.tests, lenient=lenient)
        return name

    def ran(self) -> str:
        """An ACL literal for the answer's rules: this step acted on the request."""
        self.do(f"set-var({self.name}) bool(true)")
        return f"{{ var({self.name}) -m bool }}"
