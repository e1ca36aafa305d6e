"""Patterns that share their rarest element: ruled out in bulk before any is looked at alone.

Sets of patterns are large integers here, a bit for each pattern of the crowd.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ostiary.trust.names.automaton import Automaton, set_bits
from ostiary.trust.names.globs import MANY, literal_runs

T = TypeVar("T")

ALONE = 64
"""So many patterns are simply tried one after the other."""
_SHARE = 64
"""An element is worth a set of its own when one pattern in so many has it."""
_SKETCH = 12
"""Characters of a loose glob that the automaton looks for: what it lets through is looked at by
itself anyway, and its time and memory stay the same however long the globs are."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A pattern as the index knows it."""

    number: int
    needs: tuple[int, ...]
    """Numbers of its elements, with repetitions, and of what else it needs."""
    size: int
    """How many elements it has."""
    open: bool
    repeats: bool
    """Whether two elements are for the same type, so that they may want the same attribute."""


@dataclass(frozen=True, slots=True)
class Loose:
    """The elements that only an automaton finds: their types and globs, by number."""

    elements: Mapping[int, tuple[str, str]]


class Crowd:
    """Many patterns; ``candidates`` gives those which are worth being looked at."""

    __slots__ = (
        "_by_size", "_guards", "_heavy", "_long", "_members", "_open", "_stretches", "_unguarded",
    )  # fmt: skip

    def __init__(self, members: Sequence[Compiled], loose: Loose) -> None:
        """``members`` in the order in which they are to be tried."""
        self._members = tuple(members)
        places: dict[int, list[int]] = {}
        sizes: dict[int, list[int]] = {}
        guarded: dict[str, dict[str, list[int]]] = {}
        stretches: dict[tuple[str, str], list[int]] = {}
        lengths: dict[tuple[str, int], list[int]] = {}
        unguarded: list[int] = []
        for at, one in enumerate(members):
            sizes.setdefault(-1 if one.open else one.size, []).append(at)
            guards = [need for need in one.needs if need in loose.elements]
            for need in set(one.needs).difference(guards):
                places.setdefault(need, []).append(at)
            if guards:
                oid, glob = loose.elements[guards[0]]
                guarded.setdefault(oid, {}).setdefault(_sketch(glob), []).append(at)
                least = len(glob.replace(MANY, ""))
                lengths.setdefault((oid, least.bit_length()), []).append(at)
                for run in set(literal_runs(glob)):
                    stretches.setdefault((oid, run[:_SKETCH]), []).append(at)
            else:
                unguarded.append(at)
        self._open = self._set(sizes.pop(-1, ()))
        self._by_size = {size: self._set(those) for size, those in sizes.items()}
        self._heavy = tuple(self._often(places))
        self._stretches = tuple(self._often(stretches))
        self._long = tuple(self._often(lengths))
        self._unguarded = self._set(unguarded)
        self._guards = {
            oid: (Automaton(globs), tuple(map(tuple, globs.values())))
            for oid, globs in guarded.items()
        }

    def candidates(
        self, found: Mapping[int, int], values: Mapping[str, Sequence[str]], size: int
    ) -> Iterator[Compiled]:
        """Those that the subject may fit: ``found`` are the elements it has (loose ones are not
        asked for), ``values`` its values by type, ``size`` the number of its attributes."""
        alive = self._alive(found, values, size)
        if alive.bit_count() <= ALONE:
            yield from (self._members[at] for at in set_bits(alive))
            return
        yield from (self._members[at] for at in set_bits(alive & self._unguarded))
        for at in self._guarded(values, alive):
            yield self._members[at]

    def _alive(
        self, found: Mapping[int, int], values: Mapping[str, Sequence[str]], size: int
    ) -> int:
        """Those of the right size that need nothing common which the subject lacks."""
        alive = self._open | self._by_size.get(size, 0)
        for need, those in self._heavy:
            if need not in found:
                alive &= ~those
                if not alive:
                    return 0
        return self._with_stretches(values, alive)

    def _with_stretches(self, values: Mapping[str, Sequence[str]], alive: int) -> int:
        """Those whose loose globs are short enough for a value, and made of what it holds."""
        for (oid, bits), those in self._long:
            # Globs of at least half of 2 ** bits characters.
            if all(len(value).bit_length() < bits for value in values.get(oid, ())):
                alive &= ~those
        for (oid, run), those in self._stretches:
            if not any(run in value for value in values.get(oid, ())):
                alive &= ~those
                if not alive:
                    return 0
        return alive

    def _guarded(self, values: Mapping[str, Sequence[str]], alive: int) -> Iterator[int]:
        still = alive.to_bytes(len(self._members) // 8 + 1, "little")
        for oid, (automaton, owners) in self._guards.items():
            for value in values.get(oid, ()):
                for number in automaton.accepted(value):
                    for at in owners[number]:
                        if still[at >> 3] >> (at & 7) & 1:
                            yield at

    def _often(self, places: Mapping[T, list[int]]) -> Iterator[tuple[T, int]]:
        """What many have, with the set of those who have it; the commonest first."""
        for what, those in sorted(places.items(), key=lambda item: -len(item[1])):
            if len(those) * _SHARE < len(self._members):
                return
            yield what, self._set(those)

    def _set(self, places: Sequence[int]) -> int:
        bits = bytearray(len(self._members) // 8 + 1)
        for at in places:
            bits[at >> 3] |= 1 << (at & 7)
        return int.from_bytes(bits, "little")


def _sketch(glob: str) -> str:
    """A glob that describes whatever ``glob`` does, and more if that is long."""
    return glob if len(glob) <= _SKETCH else glob[:_SKETCH].rstrip(MANY) + MANY
