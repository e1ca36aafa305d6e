"""The globs written for one attribute type, so arranged that a value finds those it fits."""

from collections import Counter
from collections.abc import Iterator, Mapping

from ostiary.trust.names.globs import MANY, ONE, is_literal, literal_runs, matches

LONGEST_RUN = 32
"""Characters of a literal stretch that are looked up inside a value. More would not make globs
rarer, but the look-ups are this many for each character of the value."""
FEW = 32
"""Globs tried one by one where they share their rarest stretch; more of them are ``loose``."""


class Table:
    """Globs with their numbers, for one type.

    Values, beginnings, ends and middles are looked up by hash. Other globs are tried where a
    stretch of theirs occurs that few others have. What is left is in ``loose``: globs made of
    stretches that all are common.
    """

    __slots__ = (
        "_ends", "_exact", "_lengths", "_middles", "_prefixes", "_suffixes", "_tried", "_wild",
        "loose",
    )  # fmt: skip

    def __init__(self, globs: Mapping[str, int]) -> None:
        """Canonical globs, each with its number."""
        self._exact: dict[str, int] = {}
        self._prefixes: dict[str, int] = {}
        self._suffixes: dict[str, int] = {}
        self._middles: dict[str, int] = {}
        self._wild: dict[tuple[int, bool], int] = {}
        hard = {glob: number for glob, number in globs.items() if not self._keep(glob, number)}
        self._tried, self.loose = _by_rarest(hard)
        lengths = {len(run) for run in (*self._middles, *self._tried)}
        self._lengths = tuple(sorted(lengths))
        self._ends = (
            tuple(sorted({len(run) for run in self._prefixes})),
            tuple(sorted({len(run) for run in self._suffixes})),
        )

    def fitting(self, value: str) -> Iterator[int]:
        """Numbers of the globs that describe ``value``, save the loose ones; may repeat some."""
        found = self._exact.get(value)
        if found is not None:
            yield found
        yield from self._by_length(value)
        yield from self._by_ends(value)
        if self._lengths:
            yield from self._by_middles(value)

    def _keep(self, glob: str, number: int) -> bool:
        """Put a glob where one look-up decides; False when it is none of those."""
        if is_literal(glob):
            self._exact[glob] = number
            return True
        runs = literal_runs(glob)
        if not runs:
            self._wild[glob.count(ONE), MANY in glob] = number
            return True
        if ONE in glob or len(runs) > 1:
            return False
        (run,) = runs
        if glob == run + MANY:
            self._prefixes[run] = number
        elif glob == MANY + run:
            self._suffixes[run] = number
        elif len(run) <= LONGEST_RUN:
            self._middles[run] = number
        else:
            return False
        return True

    def _by_length(self, value: str) -> Iterator[int]:
        for (length, more), number in self._wild.items():
            if length == len(value) or (more and length < len(value)):
                yield number

    def _by_ends(self, value: str) -> Iterator[int]:
        prefixes, suffixes = self._ends
        for length in prefixes:
            if length > len(value):
                break
            found = self._prefixes.get(value[:length])
            if found is not None:
                yield found
        for length in suffixes:
            if length > len(value):
                break
            found = self._suffixes.get(value[len(value) - length :])
            if found is not None:
                yield found

    def _by_middles(self, value: str) -> Iterator[int]:
        middles, tried = self._middles, self._tried
        for length in self._lengths:
            for run in {value[at : at + length] for at in range(len(value) + 1 - length)}:
                found = middles.get(run)
                if found is not None:
                    yield found
                for glob, number in tried.get(run, ()):
                    if matches(glob, value):
                        yield number


def _by_rarest(
    globs: Mapping[str, int],
) -> tuple[dict[str, tuple[tuple[str, int], ...]], frozenset[int]]:
    """The globs by their rarest stretch, and the numbers of those whose rarest is common."""
    stretches = {glob: {run[:LONGEST_RUN] for run in literal_runs(glob)} for glob in globs}
    often = Counter(run for runs in stretches.values() for run in runs)
    groups: dict[str, list[tuple[str, int]]] = {}
    for glob, number in globs.items():
        rarest = min(stretches[glob], key=lambda run: (often[run], -len(run), run))
        groups.setdefault(rarest, []).append((glob, number))
    loose = {number for those in groups.values() if len(those) > FEW for _, number in those}
    few = {run: tuple(those) for run, those in groups.items() if len(those) <= FEW}
    return few, frozenset(loose)
