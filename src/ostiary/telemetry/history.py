"""Counts over time, for charts: the last hour by ten seconds, the last thirty days by the hour.

Memory is fixed: eight bytes a slot and series.
"""

import json
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

FINE_SECONDS, FINE_SLOTS = 10, 360
COARSE_SECONDS, COARSE_SLOTS = 3600, 720
_MOST = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Counts per interval, oldest first; the last interval is still running."""

    start: datetime
    """Beginning of the first interval, aware, UTC."""
    step: timedelta
    series: Mapping[str, tuple[int, ...]]
    """Equally long."""


class Ring:
    """Counts of fixed series in a fixed number of slots of equal length."""

    def __init__(self, series: Sequence[str], seconds: int, slots: int) -> None:
        """All zero."""
        self._seconds = seconds
        self._slots = slots
        self._counts = {name: array("q", bytes(8 * slots)) for name in series}
        self._head = 0
        """Number of the newest slot since the epoch; 0 before anything was added."""

    def add(self, counts: Mapping[str, int], at: float) -> None:
        """Add to the slot of ``at`` (Unix seconds). Series that nobody announced, and times before
        the ring, are left out."""
        slot = int(at) // self._seconds
        self._turn(slot)
        if slot <= self._head - self._slots:
            return
        for name, count in counts.items():
            column = self._counts.get(name)
            if column is not None:
                place = slot % self._slots
                column[place] = min(column[place] + count, _MOST)

    def chart(self, at: float) -> Chart:
        """The intervals up to the one that ``at`` lies in."""
        newest = max(int(at) // self._seconds, self._head)
        self._turn(newest)
        first = newest - self._slots + 1
        split = first % self._slots
        return Chart(
            start=datetime.fromtimestamp(max(0, first * self._seconds), UTC),
            step=timedelta(seconds=self._seconds),
            series=MappingProxyType(
                {
                    name: tuple(column[split:]) + tuple(column[:split])
                    for name, column in self._counts.items()
                }
            ),
        )

    def dump(self) -> dict[str, Any]:
        """What ``restore`` reads: plain values, fit for JSON."""
        counts = {name: list(column) for name, column in self._counts.items() if any(column)}
        return {"head": self._head, "counts": counts}

    def restore(self, dumped: Mapping[str, Any]) -> None:
        """Take over what was dumped by a ring of the same size. Raises ValueError, KeyError,
        TypeError or OverflowError for anything else, and is then unchanged."""
        head = int(dumped["head"])
        columns = {name: array("q", column) for name, column in dict(dumped["counts"]).items()}
        if any(len(column) != self._slots for column in columns.values()) or head < 0:
            raise ValueError("dumped by a ring of another size")
        self._head = head
        for name in self._counts:
            if name in columns:
                self._counts[name] = columns[name]

    def _turn(self, slot: int) -> None:
        """Make ``slot`` the newest; what falls out is forgotten."""
        if slot <= self._head:
            return  # also when the clock was set back: late counts go to their own slot
        for gone in range(max(self._head + 1, slot - self._slots + 1), slot + 1):
            for column in self._counts.values():
                column[gone % self._slots] = 0
        self._head = slot


class History:
    """The two rings."""

    def __init__(self, series: Sequence[str]) -> None:
        """``series``: every name that may be counted."""
        self._series = tuple(series)
        self._fine = Ring(series, FINE_SECONDS, FINE_SLOTS)
        self._coarse = Ring(series, COARSE_SECONDS, COARSE_SLOTS)

    def add(self, counts: Mapping[str, int], at: datetime) -> None:
        """Count for the interval that ``at`` (aware) lies in."""
        self._fine.add(counts, at.timestamp())
        self._coarse.add(counts, at.timestamp())

    def last_hour(self, at: datetime) -> Chart:
        """360 intervals of ten seconds."""
        return self._fine.chart(at.timestamp())

    def last_month(self, at: datetime) -> Chart:
        """720 intervals of an hour."""
        return self._coarse.chart(at.timestamp())

    def dump(self) -> bytes:
        """For a file, so that charts outlive a restart."""
        return json.dumps({"fine": self._fine.dump(), "coarse": self._coarse.dump()}).encode()

    def restore(self, data: bytes) -> bool:
        """Take over what ``dump`` gave; False, and unchanged, if it is anything else."""
        fine = Ring(self._series, FINE_SECONDS, FINE_SLOTS)
        coarse = Ring(self._series, COARSE_SECONDS, COARSE_SLOTS)
        try:
            dumped = json.loads(data)
            fine.restore(dumped["fine"])
            coarse.restore(dumped["coarse"])
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError, AttributeError):
            return False
        self._fine, self._coarse = fine, coarse
        return True
