"""Many patterns, and which of them a subject fits, without trying each."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ostiary.trust.names.crowd import ALONE, Compiled, Crowd, Loose
from ostiary.trust.names.globs import matches
from ostiary.trust.names.pattern import Pattern, each_has_its_own
from ostiary.trust.names.tables import Table
from ostiary.x509.structure import Attribute

_NOBODY = -1
"""Stands for the rarest element where a pattern has none that can be looked up."""


class PatternSearch:
    """An index of patterns, built once: by the element of each that the fewest others have.

    A decision looks the values of the subject up, then looks only at patterns whose rarest element
    the subject has. Elements are numbered; so is what else a pattern needs: a second attribute of a
    type, a third, and so on.
    """

    __slots__ = ("_all", "_groups", "_loose", "_many", "_tables")

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        """Patterns that say the same are kept once, as the first of them."""
        numbers: dict[tuple[str, str | int], int] = {}
        compiled: dict[tuple[tuple[int, ...], bool], Compiled] = {}
        for number, pattern in enumerate(patterns):
            one = _compile(number, pattern, numbers)
            compiled.setdefault((one.needs, one.open), one)
        globs: dict[str, dict[str, int]] = {}
        for (oid, glob), number in numbers.items():
            if isinstance(glob, str):
                globs.setdefault(oid, {})[glob] = number
        self._many = {key: number for key, number in numbers.items() if isinstance(key[1], int)}
        self._tables = {oid: Table(those) for oid, those in globs.items()}
        loose = frozenset().union(*(table.loose for table in self._tables.values()))
        self._loose = Loose(
            {n: (oid, g) for oid, those in globs.items() for g, n in those.items() if n in loose}
        )
        self._groups = self._grouped(list(compiled.values()))

    def fitting(self, name: Sequence[Sequence[Attribute]]) -> Iterator[int]:
        """Numbers of the patterns that describe a name, each at most once; lazily."""
        subject = _Subject(name)
        found = self._found(subject)
        seen: set[int] = set()
        for rarest in (*found, _NOBODY):
            group = self._groups.get(rarest, ())
            if isinstance(group, Crowd):
                worthy = group.candidates(found, subject.values, subject.size)
            else:
                worthy = iter(group)
            for one in worthy:
                if one.number not in seen and self._fits(one, subject, found):
                    seen.add(one.number)
                    yield one.number

    def _grouped(self, compiled: Sequence[Compiled]) -> Mapping[int, tuple[Compiled, ...] | Crowd]:
        loose = self._loose.elements
        often = Counter(need for one in compiled for need in set(one.needs))
        groups: dict[int, list[Compiled]] = {}
        for one in compiled:
            firm = [need for need in one.needs if need not in loose]
            rarest = min(firm, key=lambda need: (often[need], need)) if firm else _NOBODY
            groups.setdefault(rarest, []).append(one)
        return {
            rarest: tuple(those) if len(those) <= ALONE else Crowd(those, self._loose)
            for rarest, those in groups.items()
        }

    def _found(self, subject: "_Subject") -> dict[int, int]:
        """What the subject has, with the attributes (bits) that each element may take."""
        found: dict[int, int] = {}
        for oid, values in subject.values.items():
            table = self._tables.get(oid)
            if table is None:
                continue
            for bit, value in zip(subject.bits[oid], values, strict=True):
                for number in table.fitting(value):
                    found[number] = found.get(number, 0) | bit
            for count in range(2, len(values) + 1):
                number = self._many.get((oid, count), _NOBODY)
                if number != _NOBODY:
                    found[number] = 0
        return found

    def _fits(self, one: Compiled, subject: "_Subject", found: dict[int, int]) -> bool:
        if one.size > subject.size or not (one.open or one.size == subject.size):
            return False
        for need in one.needs:
            if need not in found and not self._is_loosely_met(need, subject, found):
                return False
        if not one.repeats:
            # Each element has a type of its own, so each has attributes of its own.
            return True
        return each_has_its_own([mask for need in one.needs if (mask := found[need])])

    def _is_loosely_met(self, need: int, subject: "_Subject", found: dict[int, int]) -> bool:
        element = self._loose.elements.get(need)
        if element is None or need in subject.missed:
            return False
        oid, glob = element
        mask = 0
        for bit, value in zip(subject.bits.get(oid, ()), subject.values.get(oid, ()), strict=True):
            if matches(glob, value):
                mask |= bit
        if mask:
            found[need] = mask
            return True
        subject.missed.add(need)
        return False


class _Subject:
    """A name as the search looks at it."""

    __slots__ = ("bits", "missed", "size", "values")

    def __init__(self, name: Sequence[Sequence[Attribute]]) -> None:
        self.values: dict[str, list[str]] = {}
        self.bits: dict[str, list[int]] = {}
        self.size = 0
        self.missed: set[int] = set()
        for rdn in name:
            for attribute in rdn:
                self.values.setdefault(attribute.oid, []).append(attribute.text)
                self.bits.setdefault(attribute.oid, []).append(1 << self.size)
                self.size += 1


def _compile(number: int, pattern: Pattern, numbers: dict[tuple[str, str | int], int]) -> Compiled:
    """Number the elements, and what a type that is named again needs."""
    needs = []
    counts: dict[str, int] = {}
    for element in pattern.elements:
        counts[element.oid] = counts.get(element.oid, 0) + 1
        needs.append(numbers.setdefault((element.oid, element.glob), len(numbers)))
        if counts[element.oid] > 1:
            key = (element.oid, counts[element.oid])
            needs.append(numbers.setdefault(key, len(numbers)))
    size = len(pattern.elements)
    return Compiled(number, tuple(sorted(needs)), size, pattern.open, size > len(counts))
