"""Which rows of the engine's table hold verdicts on which credential, and whose that is.

So that a change of one credential has that one alone asked about again.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from uuid import UUID

from ostiary.consumers.changes import Changed, Named

CAPACITY: Final = 100_000
"""Credentials remembered, 1 KB each."""
_MOST_OF_ONE: Final = 64
"""Rows of one credential: beyond these, in other workers and APIs, all are forgotten together."""

RowOf: TypeAlias = tuple[int, str]
"""A worker's process id, and the row's key."""


@dataclass(slots=True)
class _Known:
    consumer: UUID | None
    rows: dict[RowOf, int] = field(default_factory=dict)
    """With the time until which each may hold, Unix seconds."""

    @property
    def until(self) -> int:
        return max(self.rows.values(), default=0)


class Told:
    """The rows of all credentials told to the engine that may still hold. One event loop uses it.

    What had to be forgotten is remembered as a time: before that, nobody can say what is missing.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        """Nothing was told yet."""
        self._capacity = capacity
        self._known: OrderedDict[Named, _Known] = OrderedDict()
        self._of_consumer: dict[UUID, set[Named]] = {}
        self._complete_from = 0

    def note(
        self, named: Named, consumer: UUID | None, row: RowOf, *, now: int, until: int
    ) -> None:
        """A worker may remember, in this row and until then (Unix seconds), what was decided about
        somebody who claimed to be this; ``consumer``: who proved it, None: nobody has."""
        known = self._known.get(named)
        if known is not None and consumer is not None and known.consumer not in (None, consumer):
            self._forget(named)
            known = None
        if known is None:
            known = self._known[named] = _Known(consumer)
        if consumer is not None:
            known.consumer = consumer
            self._of_consumer.setdefault(consumer, set()).add(named)
        if len(known.rows) >= _MOST_OF_ONE:
            known.rows = {row: end for row, end in known.rows.items() if end > now}
        known.rows[row] = max(until, known.rows.get(row, 0))
        self._known.move_to_end(named)
        if len(known.rows) > _MOST_OF_ONE:
            self._forget(named)
        while len(self._known) > self._capacity:
            self._forget(next(iter(self._known)))

    def rows_of(self, changed: Changed, now: int) -> frozenset[RowOf] | None:
        """The rows of these; None: there may be others. ``now``: Unix seconds."""
        if now < self._complete_from:
            return None
        names = set(changed.credentials)
        for consumer in changed.consumers:
            names |= self._of_consumer.get(consumer, set())
        found = (self._known.get(name) for name in names)
        return frozenset(row for one in found if one is not None for row in one.rows)

    def forget_worker(self, worker: int) -> None:
        """It has ended, and its rows with it."""
        for known in self._known.values():
            known.rows = {row: end for row, end in known.rows.items() if row[0] != worker}

    def _forget(self, named: Named) -> None:
        known = self._known.pop(named)
        self._complete_from = max(self._complete_from, known.until)
        others = self._of_consumer.get(known.consumer) if known.consumer else None
        if others is not None and known.consumer is not None:
            others.discard(named)
            if not others:
                del self._of_consumer[known.consumer]
