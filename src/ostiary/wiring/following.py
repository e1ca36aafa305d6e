"""Looks once a second for what other gateways on the same database have changed."""

import asyncio
from typing import Final, Protocol

import structlog

from ostiary.kernel.errors import OstiaryError

_LOOK_SECONDS: Final = 1.0
_TELL_EVERY: Final = 60
"""Failed looks between two lines in the log."""


class Follows(Protocol):
    """``management.following.Following``."""

    async def look(self) -> None:
        """Put in force what is new. Raises OstiaryError."""


async def follow(following: Follows, seconds: float = _LOOK_SECONDS) -> None:
    """Never ends by itself: what can't be put in force is tried again at the next look."""
    log = structlog.get_logger("ostiary.store")
    failed = 0
    while True:
        try:
            await following.look()
        except OstiaryError as error:
            if failed % _TELL_EVERY == 0:
                log.error("others-changes-not-applied", error=str(error))
            failed += 1
        except Exception as error:
            # Our own bug must not end the looking.
            if failed % _TELL_EVERY == 0:
                log.exception("others-changes-not-applied", error=repr(error))
            failed += 1
        else:
            failed = 0
        await asyncio.sleep(seconds)
