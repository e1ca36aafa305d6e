"""Conditions as HAProxy's ACL expressions.

HAProxy knows ``and`` (side by side), ``or`` and ``!`` but no parentheses. An ``Expression`` is
therefore held as alternatives of conjunctions; what does not fit is *spilled*: computed by a rule
of its own into a variable that then stands for it. The cost is linear in the condition's size.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from ostiary.compiler.asks import NOTHING_ASKED, Asks
from ostiary.consumers.judging import Test
from ostiary.trust.names.marks import Marks

_LINE_WORDS = 40
"""Words of conditions on one line: HAProxy takes 64 words a line (``MAX_LINE_ARGS``), and what
stands before the condition takes up to 16."""


@dataclass(frozen=True, slots=True)
class Literal:
    """One test, such as ``{ path -m str '/a' }``, perhaps negated."""

    text: str
    negated: bool = False

    def __str__(self) -> str:
        return ("!" if self.negated else "") + self.text

    def __invert__(self) -> "Literal":
        return Literal(self.text, not self.negated)


Conjunction = tuple[Literal, ...]
"""Literals that must all hold."""


@dataclass(frozen=True, slots=True)
class Expression:
    """True when every literal of any one alternative holds; no alternative: never."""

    alternatives: tuple[Conjunction, ...]

    def __str__(self) -> str:
        return " or ".join(" ".join(map(str, all_of)) for all_of in self.alternatives)

    @property
    def always(self) -> bool:
        """Whether this holds for every request."""
        return any(not all_of for all_of in self.alternatives)

    @property
    def never(self) -> bool:
        """Whether this holds for no request."""
        return not self.alternatives


ALWAYS = Expression(((),))
NEVER = Expression(())


def literal(text: str) -> Expression:
    """The expression of one test."""
    return Expression(((Literal(text),),))


@dataclass(frozen=True, slots=True)
class Asked:
    """What conditions ask that the agent answers."""

    tests: tuple[Test, ...] = ()
    """Of the pipeline, about consumers, in the order of the bits that tell."""
    marks: Marks = field(default_factory=lambda: Marks(()))
    """Of all pipelines, about certificates."""
    asks: Asks = field(default_factory=lambda: NOTHING_ASKED)
    """Of the pipeline, about single requests."""


class Algebra:
    """Combines expressions; rules that compute spilled parts are appended to ``rules``.

    ``guard`` is put before each spilled rule, so that rules of one pipeline that must stand
    where every request passes only act for that pipeline. ``asked``: by which bits conditions
    are told that the agent answers.
    """

    def __init__(
        self, fresh: Callable[[], str], guard: Literal | None = None, asked: Asked | None = None
    ) -> None:
        asked = asked or Asked()
        self.tests, self.marks, self.asks = asked.tests, asked.marks, asked.asks
        self.rules: list[str] = []
        self._fresh = fresh
        self._guard = guard

    @property
    def guards(self) -> tuple[str, ...]:
        """The tests that must stand before those of a rule that is appended to ``rules``."""
        return (str(self._guard),) if self._guard else ()

    def fresh(self) -> str:
        """A variable that nothing else uses."""
        return self._fresh()

    @contextmanager
    def where(self, expression: Expression) -> Iterator[None]:
        """Rules that are appended meanwhile act only where the expression holds, too."""
        before = self._guard
        if before is None or expression.alternatives != ((before,),):
            single = self.spill(expression)
            if single.never:
                self._guard = Literal("{ always_false }")
            elif not single.always:
                self._guard = single.alternatives[0][0]
        try:
            yield
        finally:
            self._guard = before

    def in_turn(
        self, turns: Sequence[tuple[bool, Callable[[], Expression]]], *, going_on: bool
    ) -> list[Expression]:
        """The expressions of all, one after the other; each turn tells whether it acts by itself.

        What acts, as by asking the agent or by refusing, acts where all before it are
        ``going_on``, as in JavaScript: a script behind the condition that there is a certificate
        may rely on one.
        """
        last = max((at for at, (acts, _) in enumerate(turns) if acts), default=0)
        found: list[Expression] = []
        with ExitStack() as so_far:
            for at, (_, translated) in enumerate(turns):
                expression = translated()
                found.append(expression)
                if at < last:
                    wanted = expression if going_on else self.negate(expression)
                    so_far.enter_context(self.where(wanted))
        return found

    def spill(self, expression: Expression) -> Expression:
        """Compute the expression into a variable; the result is a single literal."""
        if expression.always or expression.never:
            return expression
        name = self._fresh()
        for alternative in expression.alternatives:
            guarded = (self._guard, *alternative) if self._guard else alternative
            condition = " ".join(map(str, guarded))
            self.rules.append(f"http-request set-var({name}) bool(true) if {condition}")
        return literal(f"{{ var({name}) -m bool }}")

    def negate(self, expression: Expression) -> Expression:
        """Not: by De Morgan where that stays small, else by a variable."""
        if expression.never:
            return ALWAYS
        if expression.always:
            return NEVER
        if len(expression.alternatives) == 1:
            return Expression(tuple((~one,) for one in expression.alternatives[0]))
        if all(len(all_of) == 1 for all_of in expression.alternatives):
            return Expression((tuple(~all_of[0] for all_of in expression.alternatives),))
        return self.negate(self.spill(expression))

    def every(self, expressions: Iterable[Expression]) -> Expression:
        """And: conjunctions are joined; alternatives are spilled first."""
        wanted = [one for one in expressions if not one.always]
        if any(one.never for one in wanted):
            return NEVER
        if len(wanted) == 1:
            return wanted[0]
        joined: Conjunction = ()
        for one in wanted:
            joined = self._both(joined, self._single(one))
        return Expression((joined,))

    def some(self, expressions: Iterable[Expression]) -> Expression:
        """Or: the alternatives of all; too many for one line are spilled."""
        alternatives: tuple[Conjunction, ...] = ()
        for expression in expressions:
            if expression.always:
                return ALWAYS
            alternatives += expression.alternatives
        result = Expression(alternatives)
        return result if sum(map(_words, alternatives)) <= _LINE_WORDS else self.spill(result)

    def _single(self, expression: Expression) -> Conjunction:
        single = expression if len(expression.alternatives) == 1 else self.spill(expression)
        return single.alternatives[0]

    def _both(self, left: Conjunction, right: Conjunction) -> Conjunction:
        """Side by side, as far as a line can hold them."""
        if left and _words(left) + _words(right) > _LINE_WORDS:
            left = self._single(self.spill(Expression((left,))))
        if left and _words(left) + _words(right) > _LINE_WORDS:
            right = self._single(self.spill(Expression((right,))))
        return (*left, *right)


def _words(literals: Conjunction) -> int:
    """At most so many words: blanks inside quotes are counted too, and an ``or`` for each."""
    return sum(one.text.count(" ") + 2 for one in literals)


def when(expression: Expression) -> str:
    """The tail of a rule: `` if …``, or nothing for always. Never is for the caller to skip."""
    return "" if expression.always else f" if {expression}"
