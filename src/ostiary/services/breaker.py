"""A responder that fails again and again is left alone for a while."""

from dataclasses import dataclass
from datetime import datetime, timedelta

_BEARABLE = 3
"""Failures in a row after which it is left alone."""
_FIRST = timedelta(seconds=10)
_LONGEST = timedelta(minutes=5)


@dataclass(slots=True)
class Breaker:
    """The health of one responder; times are aware."""

    failures: int = 0
    """In a row."""
    again: datetime | None = None
    """Not to be asked before; None: it is well."""

    def may_ask(self, now: datetime) -> bool:
        """Whether to ask it. After a pause one question tries whether it is well again."""
        if self.again is None:
            return True
        if now < self.again:
            return False
        self.again = now + self._pause()
        return True

    def succeeded(self) -> None:
        """It has answered."""
        self.failures, self.again = 0, None

    def failed(self, now: datetime) -> None:
        """It could not be reached, or nothing it says can be believed."""
        self.failures += 1
        if self.failures >= _BEARABLE:
            self.again = now + self._pause()

    def _pause(self) -> timedelta:
        doublings = min(max(0, self.failures - _BEARABLE), 10)
        return min(_FIRST * (1 << doublings), _LONGEST)
