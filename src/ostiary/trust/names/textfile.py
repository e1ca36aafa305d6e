"""Patterns as a text file: one a line, for import and export."""

from collections.abc import Iterable
from dataclasses import dataclass

from ostiary.trust.names.reading import parse_pattern, without_spaces_around
from ostiary.trust.names.refusal import PatternRefused

LARGEST_FILE = 64 * 1024 * 1024
"""Characters; 100,000 usual patterns have about 7 million."""
_HEAD = "# Trusted distinguished names, one a line; lines that begin with # are comments.\n"


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no pattern."""

    line: int
    """From 1."""
    text: str
    refused: PatternRefused

    def __str__(self) -> str:
        return f"line {self.line}: {self.refused}"


@dataclass(frozen=True, slots=True)
class PatternFile:
    """What a file holds: its patterns, each once, in order, and the lines that are none."""

    patterns: tuple[str, ...]
    bad: tuple[BadLine, ...]


def read_patterns(text: str) -> PatternFile:
    """Read a file. Empty lines and those that begin with ``#`` are left out; so is a byte order
    mark, which some editors put at the beginning."""
    if len(text) > LARGEST_FILE:
        refused = PatternRefused(f"the file has {len(text)} characters", "import it in parts")
        return PatternFile((), (BadLine(1, "", refused),))
    patterns: dict[str, None] = {}
    bad: list[BadLine] = []
    for number, raw in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        line = without_spaces_around(raw.strip("\t\r"))
        if not line or line.startswith("#"):
            continue
        try:
            patterns[parse_pattern(line).text] = None
        except PatternRefused as refused:
            bad.append(BadLine(number, line, refused))
    return PatternFile(tuple(patterns), tuple(bad))


def write_patterns(patterns: Iterable[str]) -> str:
    """The file that ``read_patterns`` reads the same patterns from."""
    return _HEAD + "".join(f"{pattern}\n" for pattern in patterns)
