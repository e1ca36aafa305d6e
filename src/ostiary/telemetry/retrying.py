"""When a delivery that failed is tried again. Pure."""

from datetime import timedelta

FIRST = timedelta(seconds=5)
LONGEST = timedelta(hours=1)
"""So that a receiver that comes back is noticed within the hour."""


def pause_after(failures: int, dice: float, wished: timedelta | None = None) -> timedelta:
    """How long to wait after so many failures in a row (from 1): 5 s, doubling up to an hour.

    ``dice`` (0 to 1) lengthens it by up to a fifth, so that several senders don't come at the same
    moment. ``wished`` is the receiver's Retry-After (RFC 9110 10.2.3): heeded where it is longer,
    up to an hour.
    """
    doubled = FIRST * (1 << min(max(failures, 1) - 1, 16))
    longer = max(doubled, wished or timedelta())
    return min(longer, LONGEST) * (1 + dice / 5)
