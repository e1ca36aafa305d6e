"""Trouble told in the log, but not as often as strangers ask."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

PAUSE = timedelta(minutes=1)


class Complaints:
    """At most one line a minute for each event."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._told: dict[str, datetime] = {}
        self._log = structlog.get_logger("ostiary.pki")

    def tell(self, event: str, error: Exception, *, ours: bool = False) -> None:
        """``ours``: a bug, told with where it happened."""
        now, before = self._clock(), self._told.get(event)
        if before is not None and now - before < PAUSE:
            return
        self._told[event] = now
        self._log.error(event, error=str(error) or repr(error), exc_info=error if ours else None)
