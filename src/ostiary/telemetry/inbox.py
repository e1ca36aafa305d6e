"""The socket that HAProxy's log lines come to, and the last of them for whoever watches.

HAProxy never waits for us: what finds the socket's queue full is dropped and counted by HAProxy
(``DroppedLogs``). So when there is more than we want to read, it is simply not read.
"""

import asyncio
import contextlib
import os
import socket
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from ostiary.telemetry.events import LARGEST_DATAGRAM, RefusalSeen, Unreadable, read_event

MOST_A_SECOND = 2_000
"""Datagrams read; at 20 µs each, a twenty-fifth of a core."""

MOST_AT_ONCE = 64
"""Datagrams read before decisions get their turn again."""

KEPT = 1_000
"""Events kept for the live view, about 2 KB each."""

_RECEIVE_BUFFER = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Numbered:
    """An event with its place in the stream."""

    number: int
    """Grows by one with each event, from 1."""
    event: RefusalSeen


class Feed:
    """The last events, numbered; any number of watchers, none of which is waited for."""

    def __init__(self, kept: int = KEPT) -> None:
        """Empty."""
        self._events: deque[Numbered] = deque(maxlen=kept)
        self._last = 0
        self._news = asyncio.Event()

    @property
    def last(self) -> int:
        """The number of the newest event; 0 before the first."""
        return self._last

    def add(self, event: RefusalSeen) -> None:
        """Number an event, and wake the watchers."""
        self._last += 1
        self._events.append(Numbered(self._last, event))
        self._news.set()
        self._news = asyncio.Event()

    def after(self, number: int, limit: int = KEPT) -> tuple[Numbered, ...]:
        """The oldest ``limit`` kept events beyond ``number``, in order."""
        fresh = min(self._last - number, len(self._events))
        start = len(self._events) - fresh
        return tuple(self._events[at] for at in range(start, min(start + limit, start + fresh)))

    def latest(self, limit: int) -> tuple[Numbered, ...]:
        """The newest ``limit`` events, in order."""
        return self.after(self._last - limit)

    async def wait(self, number: int) -> None:
        """Until there is an event beyond ``number``."""
        while self._last <= number:
            await self._news.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxCounted:
    """How reading goes; numbers only grow."""

    events: int
    unreadable: Mapping[Unreadable, int]
    pauses: int
    """Seconds in which more came than is read."""


class Inbox:
    """Reads datagrams on the event loop; nothing that comes can make it raise."""

    def __init__(self, path: Path, take: Callable[[RefusalSeen], None]) -> None:
        """``take`` is called for each event; it must not raise."""
        self._path = path
        self._take = take
        self._socket: socket.socket | None = None
        self._budget = MOST_A_SECOND
        self._events = self._pauses = 0
        self._unreadable: Counter[Unreadable] = Counter()
        self._refill: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Listen, in place of a socket that was left behind. Raises OSError."""
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        try:
            listening.setblocking(False)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
            listening.bind(os.fspath(self._path))
            self._path.chmod(0o600)
        except OSError:
            listening.close()
            raise
        self._socket = listening
        self._resume()

    def close(self) -> None:
        """Stop listening, and remove the socket. Harmless when it isn't open."""
        if self._socket is None:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._socket)
        if self._refill is not None:
            self._refill.cancel()
        self._socket.close()
        self._socket = None
        with contextlib.suppress(OSError):
            self._path.unlink()

    def snapshot(self) -> InboxCounted:
        """The counts as they are now."""
        return InboxCounted(
            events=self._events,
            unreadable=MappingProxyType(dict(self._unreadable)),
            pauses=self._pauses,
        )

    def _resume(self) -> None:
        """A second's worth may be read again."""
        if self._socket is None:
            return
        self._budget = MOST_A_SECOND
        self._refill = None
        asyncio.get_running_loop().add_reader(self._socket, self._read)

    def _read(self) -> None:
        loop = asyncio.get_running_loop()
        if self._refill is None:
            # The second begins with the first datagram: an idle inbox has no timer.
            self._refill = loop.call_later(1.0, self._resume)
        for _ in range(min(MOST_AT_ONCE, self._budget)):
            datagram = self._receive()
            if datagram is None:
                return
            self._budget -= 1
            self._handle(datagram)
        if self._budget <= 0 and self._socket is not None:
            self._pauses += 1
            loop.remove_reader(self._socket)

    def _receive(self) -> bytes | None:
        if self._socket is None:
            return None
        try:
            return self._socket.recv(LARGEST_DATAGRAM)
        except OSError:  # nothing left, or nothing that can be read: the next one may be
            return None

    def _handle(self, datagram: bytes) -> None:
        event = read_event(datagram)
        if isinstance(event, Unreadable):
            self._unreadable[event] += 1
            return
        self._events += 1
        self._take(event)
