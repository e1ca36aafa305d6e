"""Allowed clients who ask without a pause, each in a manner of its own."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.daemon.clients import Connection, Http2, Reply, context
from tests.daemon.gateway import World

_GOAWAY = 7
_PAUSE = 0.1
"""Seconds. The clients must not take the processor away from what they test."""


@dataclass
class Load:
    """Clients that ask without a pause, and what came of it."""

    world: World
    path: str = "/api/x"
    ending: threading.Event = field(default_factory=threading.Event)
    answers: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def keep(self, kind: str, once: Callable[[], object]) -> threading.Thread:
        """Do it again and again in a thread; every exception is a fault."""

        def work() -> None:
            while not self.ending.is_set():
                try:
                    once()
                except Exception as error:  # noqa: BLE001 - whatever goes wrong is what is looked for
                    self.faults.append(f"{kind}: {error!r}")

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        return thread

    def count(self, kind: str, reply: Reply) -> None:
        self.answers[kind] += 1
        if reply.status != 200:
            self.faults.append(f"{kind}: {reply}")

    def newcomer(self, sni: str) -> Callable[[], None]:
        """A new connection with a full handshake for each request."""

        def once() -> None:
            with self.world.gateway.connect(context(self.world.good), sni) as connection:
                self.count("new", connection.ask(self.path, sni))
            time.sleep(_PAUSE)

        return once

    def regular(self, sni: str, pause: float) -> Callable[[], None]:
        """One connection as long as the gateway doesn't announce its end."""

        def once() -> None:
            with self.world.gateway.connect(context(self.world.good), sni) as connection:
                while not self.ending.is_set():
                    reply = connection.ask(self.path, sni)
                    self.count("kept", reply)
                    if reply.headers.get("connection", "").lower() == "close":
                        return
                    time.sleep(pause)

        return once

    def multiplexer(self, sni: str) -> Callable[[], None]:
        """One HTTP/2 connection, three streams at a time."""

        def once() -> None:
            tls = context(self.world.good, alpn=["h2"])
            with self.world.gateway.connect(tls, sni) as connection:
                client = Polite(connection)
                while not self.ending.is_set() and client.last_served is None:
                    streams = [client.request(self.path, sni) for _ in range(3)]
                    for stream in streams:
                        # RFC 9113 6.8: what lies beyond the last stream was not looked at, and
                        # is asked again elsewhere.
                        if client.last_served is None or stream <= client.last_served:
                            self._answer(client, stream)
                    time.sleep(_PAUSE)

        return once

    def _answer(self, client: "Polite", stream: int) -> None:
        try:
            self.count("h2", client.read(stream))
        except EOFError:
            if client.last_served is None or stream <= client.last_served:
                raise


class Polite(Http2):
    """Heeds GOAWAY as RFC 9113 6.8 says: streams up to the last one are still answered."""

    last_served: int | None = None

    def __init__(self, connection: Connection) -> None:
        self._bytes = b""
        super().__init__(connection)
        self._whole: Callable[[bytes], list[Any]] = self.h2.receive_data
        setattr(self.h2, "receive_data", self._without_goaway)  # noqa: B010 - typed otherwise

    def _without_goaway(self, data: bytes) -> list[Any]:
        """The library takes nothing after a GOAWAY, also not the answers it promises."""
        self._bytes += data
        frames = b""
        while len(self._bytes) >= 9 + (size := int.from_bytes(self._bytes[:3])):
            frame, self._bytes = self._bytes[: 9 + size], self._bytes[9 + size :]
            if frame[3] == _GOAWAY:
                self.last_served = int.from_bytes(frame[9:13])
            else:
                frames += frame
        return self._whole(frames)
