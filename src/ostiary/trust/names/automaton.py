"""Many globs looked for at once, or one glob whose ``*`` stops at a separator, in fixed time.

A set of states is one large integer: for each glob as many bits as it has literal characters and
``?``, and one more. Each character of the text moves all of them by a few operations on that
integer (Shift-And), so the time depends on nothing but the lengths: no set of globs is slow.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from ostiary.trust.names.globs import MANY, ONE

WITHIN = "\2"
"""In scoped globs: any number of characters, but no separator. ``MANY`` passes separators."""

_FREQUENT = 256
"""A character at one place in so many gets an integer of its own; the others' are made when asked
for: the memory stays within a multiple of the globs' length whatever their alphabet is."""
_NOT_ZERO = re.compile(rb"[^\0]")


class Automaton:
    """A set of globs; ``accepted`` says which describe a text."""

    __slots__ = ("_accepting", "_begin", "_final", "_loops", "_ones", "_places", "_rare", "_size")

    def __init__(self, globs: Iterable[str]) -> None:
        """Canonical globs, numbered from 0."""
        places: dict[str, list[int]] = {}
        begins, finals, at = [], [], 0
        for glob in globs:
            begins.append(at)
            for char in glob:
                places.setdefault(char, []).append(at)
                at += char not in (MANY, WITHIN)
            finals.append(at)
            at += 1
        self._size = at // 8 + 1
        self._begin = self._integer(begins)
        self._final = self._integer(finals)
        self._accepting = {place: number for number, place in enumerate(finals)}
        self._ones = self._integer(places.pop(ONE, ()))
        self._loops = tuple(self._integer(places.pop(kind, ())) for kind in (MANY, WITHIN))
        often = {char for char, those in places.items() if len(those) * _FREQUENT >= at}
        self._places = {char: self._integer(places[char]) | self._ones for char in often}
        self._rare = {char: tuple(those) for char, those in places.items() if char not in often}

    def accepted(self, text: str, separator: str = "") -> Iterator[int]:
        """Numbers of the globs that describe ``text``, in order.

        With a separator, ``?`` and ``WITHIN`` stop at it.
        """
        free, within = self._loops
        state, always = self._begin, free | within
        for char in text:
            if char == separator:
                state = (state & self._moves(char) & ~self._ones) << 1 | state & free
            else:
                state = (state & self._moves(char)) << 1 | state & always
            if not state:
                return
        for place in set_bits(state & self._final):
            yield self._accepting[place]

    def _moves(self, char: str) -> int:
        found = self._places.get(char)
        if found is None:
            return self._integer(self._rare.get(char, ())) | self._ones
        return found

    def _integer(self, places: Sequence[int]) -> int:
        if not places:
            return 0
        bits = bytearray(self._size)
        for place in places:
            bits[place >> 3] |= 1 << (place & 7)
        return int.from_bytes(bits, "little")


def set_bits(bits: int) -> Iterator[int]:
    """Which bits are set, lowest first, in time that does not grow with their number squared."""
    data = bits.to_bytes(bits.bit_length() // 8 + 1, "little")
    for found in _NOT_ZERO.finditer(data):
        at, byte = found.start() << 3, data[found.start()]
        while byte:
            low = byte & -byte
            yield at + low.bit_length() - 1
            byte ^= low
