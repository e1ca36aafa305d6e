"""Foreign text made harmless for people's eyes, and times told as people tell them. Pure."""

import unicodedata
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

_MARKS = frozenset({"Mn", "Me"})
_MOST_MARKS = 2
"""Combining marks on one letter, as in Vietnamese; more are drawn over the lines above."""


def shown(text: object) -> str:
    """Text with each character that is unseen, or turns the direction of others, spelt out.

    Names come from certificates that anybody can make: a right-to-left override in one must not
    make ``gro.live`` read ``evil.org``. Escaping HTML is the templates' own work.
    """
    made: list[str] = []
    for hidden, run in groupby(_marked(str(text)), key=lambda one: one[0] and one[1]):
        chars = [char for _hidden, char in run]
        made.append(_spelt(hidden, len(chars)) if hidden else "".join(chars))
    return "".join(made)


def _marked(text: str) -> Iterator[tuple[bool, str]]:
    """Each character, and whether it is to be spelt out."""
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in _MARKS else 0
        yield not char.isprintable() or marks > _MOST_MARKS, char


def _spelt(char: str, times: int) -> str:
    return f"⟨U+{ord(char):04X}{f' {times} times' if times > 1 else ''}⟩"


def short(text: object, most: int = 96) -> str:
    """``shown``, and cut where it is long: the number of all characters is told."""
    whole = str(text)
    if len(whole) <= most:
        return shown(whole)
    return f"{shown(whole[: most - 1])}… ({len(whole):,} characters)"


def grouped(fingerprint: str) -> str:
    """A fingerprint as tools print it: ``AB:CD:…``."""
    return ":".join(fingerprint[at : at + 2].upper() for at in range(0, len(fingerprint) - 1, 2))


def stamp(at: datetime) -> str:
    """A time in UTC: ``2026-11-22 04:43 UTC``."""
    return at.strftime("%Y-%m-%d %H:%M UTC")


_UNITS = (
    (365 * 86400, "year"),
    (30 * 86400, "month"),
    (86400, "day"),
    (3600, "hour"),
    (60, "minute"),
)
_MANY = 2
"""From so many of a unit on it is used: 90 days, not 3 months; 36 hours, not 1 day."""


def relative(at: datetime, now: datetime) -> str:
    """How far a time is: ``in 12 days``, ``3 minutes ago``, ``just now``."""
    seconds = (at - now).total_seconds()
    far = abs(seconds)
    if far < 60:
        return "just now" if seconds <= 0 else "in less than a minute"
    size, unit = next((one for one in _UNITS if far >= _threshold(one)), _UNITS[-1])
    count = int(far // size)
    words = f"{count} {unit}{'' if count == 1 else 's'}"
    return f"in {words}" if seconds > 0 else f"{words} ago"


def _threshold(unit: tuple[int, str]) -> int:
    size, name = unit
    if name == "month":
        return 120 * 86400  # the last 90 days before an expiry are told in days
    return size if name == "minute" else _MANY * size
