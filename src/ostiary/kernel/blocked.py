"""Blocked certificates as every room sees them: marks to look up, and why they are there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One certificate that may not pass, whatever else would let it."""

    number: int
    """Given once, and growing."""
    mark: bytes
    """32 bytes by which certificates are recognised: ``ostiary.trust.blocks`` makes them."""
    serial: int | None = None
    """Where a certificate is named by issuer and serial number; None: by its fingerprint."""
    until: datetime | None = None
    """Aware; from then on it acts no more. None: it acts until it is taken away."""
    at: datetime
    by: str
    note: str = ""

    @property
    def told(self) -> str:
        """Who, when and why, on one line."""
        end = f", until {self.until:%Y-%m-%d %H:%M} UTC" if self.until else ""
        why = f": {self.note}" if self.note else ""
        return f"blocked by {self.by} on {self.at:%Y-%m-%d %H:%M} UTC{end}{why}"


class Blocked:
    """All blocks, by their marks: looking one up costs the same however many there are.

    Immutable; another set is another object, and two objects count as different sets.
    """

    __slots__ = ("_by_mark", "identity", "newest", "serials")

    def __init__(self, blocks: Iterable[Block] = ()) -> None:
        """Of two with one mark the later counts."""
        self._by_mark: Mapping[bytes, Block] = {one.mark: one for one in blocks}
        self.identity = object()
        """Tells this set from others, and can be kept long after it: a set may take megabytes."""
        self.newest = max((one.number for one in self._by_mark.values()), default=0)
        """The highest number of a block."""
        self.serials = frozenset(
            one.serial for one in self._by_mark.values() if one.serial is not None
        )
        """Of the blocks by issuer and serial number: only certificates with one of these need be
        looked at more closely."""

    def __len__(self) -> int:
        return len(self._by_mark)

    @property
    def by_mark(self) -> Mapping[bytes, Block]:
        """All of them; those whose time is up, too."""
        return MappingProxyType(self._by_mark)

    def find(self, marks: Iterable[bytes], now: datetime) -> Block | None:
        """The block that one of these marks names and that acts at ``now`` (aware)."""
        for mark in marks:
            found = self._by_mark.get(mark)
            if found is not None and (found.until is None or now < found.until):
                return found
        return None

    def differing(self, other: "Blocked") -> tuple[Block, ...]:
        """The blocks that only one of both sets has."""
        mine, its = self._by_mark, other._by_mark
        return (
            *(one for mark, one in mine.items() if its.get(mark) is not one),
            *(one for mark, one in its.items() if mine.get(mark) is not one),
        )

    def changed(self, *, kept: frozenset[int] | None, more: Iterable[Block]) -> "Blocked":
        """The set with ``more`` in it, and without those whose numbers aren't ``kept`` (None: all
        are)."""
        mine = self._by_mark.values()
        left = mine if kept is None else [one for one in mine if one.number in kept]
        return Blocked((*left, *more))


NOBODY = Blocked()
"""Nothing is blocked."""
