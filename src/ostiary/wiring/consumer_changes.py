"""A change of consumers or credentials reaches the engine before it is acknowledged."""

import asyncio
from typing import Final

import structlog

from ostiary.consumers.changes import Changed, Listener
from ostiary.wiring.background import Background
from ostiary.wiring.gateway import Gateway

_TRIES: Final = 5
_PAUSE_SECONDS: Final = 1.0


class ConsumerChanges:
    """Has verdicts withdrawn, as often as it takes. One event loop uses it."""

    def __init__(self, gateway: Gateway) -> None:
        """``gateway`` serves."""
        self._gateway = gateway
        self._later = Background()
        self._log = structlog.get_logger("ostiary.gateway")

    def listener(self) -> Listener:
        """For whoever makes changes in other threads; call it in the event loop."""
        loop = asyncio.get_running_loop()

        def told(changed: Changed) -> None:
            whom = None if changed.everybody else changed
            asyncio.run_coroutine_threadsafe(self._withdraw(whom), loop).result()

        return told

    async def _withdraw(self, changed: Changed | None) -> None:
        for _ in range(_TRIES):
            if await self._withdrawn(changed):
                return
            await asyncio.sleep(_PAUSE_SECONDS)
        # The change is kept already. It acts as soon as the engine can be told.
        self._log.error("credentials-not-withdrawn")
        self._later.spawn(self._go_on())

    async def _go_on(self) -> None:
        while not await self._withdrawn(None):
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _withdrawn(self, changed: Changed | None) -> bool:
        try:
            return await self._gateway.reconsider_credentials(changed)
        except Exception as error:  # noqa: BLE001 - who changes something must not fail by it
            self._log.exception("credentials-not-withdrawn", error=repr(error))
            return False
