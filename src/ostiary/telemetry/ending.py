"""When it is time to say that something ends: each threshold once, the nearest only. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

ENDED = timedelta()
"""Stands in place of a threshold for what has ended."""


@dataclass(frozen=True, slots=True)
class Life:
    """From when until when something holds; ``begins`` is None where it isn't known."""

    begins: datetime | None
    ends: datetime

    def deserves(self, threshold: timedelta) -> bool:
        """Whether it lives at least twice as long: else the warning would be there nearly always.

        So nobody is warned 30 days before the end of what is made for 24 hours, or a day before
        that of a revocation list which is made anew each day.
        """
        return self.begins is None or self.ends - self.begins >= 2 * threshold


def to_tell(
    life: Life, now: datetime, thresholds: Iterable[timedelta], told: timedelta | None
) -> timedelta | None:
    """The nearest threshold that is reached and wasn't told yet; ENDED; or None.

    ``told`` is the nearest one that was told. What comes late skips those it missed.
    """
    left = life.ends - now
    if left < timedelta():
        reached = ENDED
    else:
        found = [one for one in thresholds if left <= one and life.deserves(one)]
        if not found:
            return None
        reached = min(found)
    return reached if told is None or reached < told else None


@dataclass(frozen=True, slots=True)
class Window:
    """Ends that are told of at once: after ``after``, up to ``upto`` (both aware)."""

    threshold: timedelta
    after: datetime
    upto: datetime


def windows(
    now: datetime, thresholds: Sequence[timedelta], told: Mapping[timedelta, datetime]
) -> tuple[Window, ...]:
    """For a crowd of which no single one can be remembered: which ends are to be told of now.

    ``told`` is, by threshold, up to which end was told. A threshold gets its turn four times in its
    own length, at most once a day, so that many are told of together; and nothing is told of under
    a threshold that has reached a nearer one meanwhile.
    """
    ordered = sorted((*thresholds, ENDED))
    found = []
    for nearer, threshold in pairwise(ordered):
        upto = now + threshold
        last = told.get(threshold)
        if last is not None and upto - last < min(threshold / 4, timedelta(days=1)):
            continue
        after = now + nearer if last is None else max(last, now + nearer)
        if after < upto:
            found.append(Window(threshold, after, upto))
    return tuple(found)
