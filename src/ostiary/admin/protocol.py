"""One connection of the admin listener: nobody occupies it by doing nothing."""

import asyncio
from asyncio import BaseTransport
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from ostiary.admin.peer import peer_of

MOST_CONNECTIONS = 200
"""At a time; requests on further ones get 503."""
HEAD_SECONDS = 10
"""For the header of a request, from the connection or from its first byte."""


class Protocol(H11Protocol):
    """Tells the application who is at the other end, and waits for a request so long only.

    Connections are cheap for whoever opens them, and nobody has shown a credential before the
    header of a request is there: those that wait make room for who comes, longest first.
    """

    most = MOST_CONNECTIONS
    """At a time, of this kind."""

    def __init__(self, *args: Any, **more: Any) -> None:  # uvicorn's own arguments
        super().__init__(*args, **more)
        self._deadline: asyncio.TimerHandle | None = None
        self._waits_since = self.loop.time()

    def connection_made(self, transport: BaseTransport) -> None:
        """Make room, and wait for the first request."""
        self.app_state = {**self.app_state, "peer": peer_of(transport)}
        self._make_room()
        super().connection_made(transport)  # type: ignore[arg-type] # uvicorn narrows it
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Part of a request."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """The next request may take its time to begin; see ``timeout_keep_alive``."""
        self._waits_since = self.loop.time()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """No clock runs on."""
        self._stop_clock()
        super().connection_lost(exc)

    @property
    def _waits(self) -> bool:
        cycle: object = self.cycle  # uvicorn's None, before the first request
        return not isinstance(cycle, RequestResponseCycle) or cycle.response_complete

    def _watch(self) -> None:
        if not self._waits:
            self._stop_clock()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self._cut)

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _make_room(self) -> None:
        if len(self.connections) < self.most - 1:
            return
        waiting = [one for one in self.connections if isinstance(one, Protocol) and one._waits]
        if waiting:
            min(waiting, key=lambda one: one._waits_since)._cut()

    def _cut(self) -> None:
        self._stop_clock()
        self.connections.discard(self)
        self.transport.abort()
