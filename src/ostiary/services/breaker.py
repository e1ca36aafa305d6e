"""A responder that fails again and again is left alone for a while."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

_BEARABLE = 3
"""Failures in a row after which it is left alone."""
_FIRST = timedelta(seconds=10)
_LONGEST = timedelta(minutes=5)


@dataclass(slots=True)
class Breaker:
    """The health of one responder; times are aware.

    A certificate may be odd enough to have a responder fail at each question about it. One client
    must not have a responder left alone for all others, so such failures count once for each.
    """

    failures: int = 0
    """In a row."""
    again: datetime | None = None
    """Not to be asked before; None: it is well."""
    _about: set[bytes] = field(default_factory=set)
    """Certificates that may have been the cause of some of them; at most as many as are borne."""
    _trying: bool = False
    """A question is on its way that tries whether it is well again."""

    def may_ask(self, now: datetime) -> bool:
        """Whether to ask it. After a pause one question tries whether it is well again."""
        if self.again is None:
            return True
        if now < self.again:
            return False
        self.again, self._trying = now + self._pause(), True
        return True

    def succeeded(self) -> None:
        """It has answered."""
        self.failures, self.again, self._trying = 0, None, False
        self._about.clear()

    def failed(self, now: datetime, about: bytes | None = None) -> None:
        """It could not be reached, or nothing it says can be believed; ``about`` (any name of it):
        the certificate that may be the cause, if one may."""
        if about in self._about:
            self.undecided(now)
            return
        if about is not None and len(self._about) < _BEARABLE:
            self._about.add(about)
        self.failures += 1
        self._trying = False
        if self.failures >= _BEARABLE:
            self.again = now + self._pause()

    def undecided(self, now: datetime) -> None:
        """The question has shown nothing about it; if it was to try it, the next one does."""
        if self._trying:
            self.again, self._trying = now, False

    def _pause(self) -> timedelta:
        doublings = min(max(0, self.failures - _BEARABLE), 10)
        return min(_FIRST * (1 << doublings), _LONGEST)
