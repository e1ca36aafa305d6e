"""The tests of conditions on certificates, of the configuration in force and of those before."""

from collections import OrderedDict

from ostiary.trust.decision import Admitted, Decision, Refused
from ostiary.trust.names.facts import facts_of
from ostiary.trust.names.marks import Marks
from ostiary.trust.reason import Reason

_GENERATIONS = 8
"""Configurations whose tests are known: workers that drain ask by an older one's."""


class Marking:
    """Answers beside the verdict what conditions ask. One event loop uses it."""

    def __init__(self) -> None:
        """Nothing is asked."""
        self._known: OrderedDict[str, Marks] = OrderedDict()

    def answer_by(self, marks: Marks) -> None:
        """Know these too: those of a configuration that is about to be in force."""
        self._known[marks.id] = marks
        self._known.move_to_end(marks.id)
        while len(self._known) > _GENERATIONS:
            self._known.popitem(last=False)

    def mark(self, asked: str, decision: Decision) -> tuple[Decision, tuple[int, ...]]:
        """The outcomes for an admitted certificate; a refusal where there can be none.

        A condition may be negated, so "can't tell" must not count as "no".
        """
        if isinstance(decision, Refused):
            return decision, ()
        marks = self._known.get(asked)
        if marks is None:
            return Refused(Reason.NO_ANSWER, f"no conditions are known as {asked!r}", None), ()
        return _marked(decision, marks)


def _marked(decision: Admitted, marks: Marks) -> tuple[Decision, tuple[int, ...]]:
    facts = facts_of(decision.path[0])
    if facts.fault is not None:
        return Refused(Reason.NAME_NOT_TRUSTED, facts.fault, decision.until), ()
    return decision, marks.of(facts)
