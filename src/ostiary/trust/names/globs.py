"""Patterns of one attribute's value: literal text with ``?`` and ``*`` in it.

Held as one string in which two control characters stand for the wildcards: no name and no pattern
may have any, so they can't be mistaken. Written one way only, so that equal ones are equal strings.
"""

import re

ONE = "\0"
"""Exactly one character."""
MANY = "\1"
"""Any number of characters, none too."""

_WILD = re.compile(f"[{ONE}{MANY}]+")


def canonical(glob: str) -> str:
    """The one way to write it: in a row of wildcards each ``?`` first, then at most one ``*``."""

    def row(found: re.Match[str]) -> str:
        wild = found.group()
        return ONE * wild.count(ONE) + (MANY if MANY in wild else "")

    return glob if is_literal(glob) else _WILD.sub(row, glob)


def is_literal(glob: str) -> bool:
    """Whether there is no wildcard in it."""
    return ONE not in glob and MANY not in glob


def literal_runs(glob: str) -> list[str]:
    """The stretches of literal text between wildcards, in order."""
    return [run for run in _WILD.split(glob) if run]


def matches(glob: str, text: str) -> bool:
    """Whether ``text`` is what ``glob`` describes.

    Each stretch is looked for once, as far left as it goes, and there is no going back: at worst
    the time grows with the product of both lengths.
    """
    if is_literal(glob):
        return glob == text
    first, *middle = glob.split(MANY)
    if not middle:
        return len(first) == len(text) and _fits(first, text)
    last = middle.pop()
    end = len(text) - len(last)
    if end < len(first) or not (_fits(first, text) and _fits(last, text[end:])):
        return False
    at = len(first)
    for stretch in middle:
        at = _find(stretch, text, at, end)
        if at < 0:
            return False
        at += len(stretch)
    return True


def written(glob: str) -> str:
    """As people write it in a pattern (RFC 4514 section 2.4, and the wildcards' own escapes)."""
    escaped = re.sub(r'[,+"\\<>;=*?]', r"\\\g<0>", glob)
    escaped = re.sub(r"^[ #]| $", r"\\\g<0>", escaped)
    return escaped.replace(ONE, "?").replace(MANY, "*")


def _fits(stretch: str, text: str) -> bool:
    """Whether ``text`` begins with ``stretch``, in which ``?`` may stand."""
    if ONE not in stretch:
        return text.startswith(stretch)
    return all(a in (b, ONE) for a, b in zip(stretch, text, strict=False))


def _find(stretch: str, text: str, start: int, end: int) -> int:
    """The first place of ``stretch`` in ``text[start:end]``, or -1."""
    if ONE not in stretch:
        return text.find(stretch, start, end)
    # Shift-And: bit i is set when the last i + 1 characters fit the beginning of the stretch.
    holes = sum(1 << at for at, char in enumerate(stretch) if char == ONE)
    places: dict[str, int] = {}
    for at, char in enumerate(stretch):
        places[char] = places.get(char, holes) | 1 << at
    whole, state = 1 << len(stretch) - 1, 0
    for at in range(start, end):
        state = (state << 1 | 1) & places.get(text[at], holes)
        if state & whole:
            return at + 1 - len(stretch)
    return -1
