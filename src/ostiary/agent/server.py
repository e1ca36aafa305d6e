"""The agent's socket: a unix socket of its own user, and one Desk for each connection."""

import asyncio
import contextlib
import os
import socket
import stat
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self, cast

import structlog

from ostiary.agent.desk import Answering, Counters, Desk, Later
from ostiary.kernel.errors import WrongUse
from ostiary.spoe.connection import DEFAULT_MAX_FRAME_SIZE, farewell
from ostiary.spoe.status import Status

_BACKLOG: Final = 1024
"""HAProxy opens connections in bursts when it starts; Linux caps this at net.core.somaxconn."""

_GRACE: Final = 1.0
"""Seconds that last words may take when the agent stops; HAProxy reads them at once or never."""


class AgentUnavailable(WrongUse):
    """The agent's socket can't be had; nobody listens, so HAProxy refuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLimits:
    """What one agent spends on its peers; memory is at most their product, times two."""

    max_frame_size: int = DEFAULT_MAX_FRAME_SIZE
    """Bytes; HAProxy offers ``tune.bufsize`` less 4, and the smaller of both is used."""
    max_connections: int = 1024
    """HAProxy keeps one for each question under way, and idle ones until ``timeout idle``."""


class AgentServer:
    """Answers HAProxy's questions on a unix socket until it is stopped.

    >>> async def serve() -> None:
    ...     async with AgentServer(Path("agent.sock"), answer):
    ...         await stopped.wait()
    """

    def __init__(self, path: Path, answer: Answering, limits: AgentLimits | None = None) -> None:
        """``path``: where the socket goes, in a folder that only its users may write to."""
        self._path = path
        self._answer = answer
        self._limits = limits or AgentLimits()
        self._counters = Counters()
        self._lines: set[_Line] = set()
        self._server: asyncio.Server | None = None
        self._identity: tuple[int, int] | None = None
        self._log = structlog.get_logger("ostiary.agent")

    @property
    def counters(self) -> Counters:
        """Live numbers; read them, don't write them."""
        return self._counters

    async def start(self) -> None:
        """Listen; raises AgentUnavailable if the path is in use or can't be written."""
        if self._server is not None:
            raise AgentUnavailable(f"the agent on '{self._path}' was already started")
        listener = _listen(self._path)
        self._identity = _identity(self._path)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(self._line, sock=listener, backlog=_BACKLOG)

    async def stop(self) -> None:
        """Stop listening, say goodbye on every connection, and take the socket's file away."""
        server, self._server = self._server, None
        if server is None:
            return
        if _identity(self._path) == self._identity:  # a successor may have replaced it
            self._path.unlink(missing_ok=True)
        server.close()
        lines = tuple(self._lines)
        for line in lines:
            line.hang_up(farewell(Status.NORMAL, "the agent stops"))
        if lines:
            await asyncio.wait([line.gone for line in lines], timeout=_GRACE)
        for line in tuple(self._lines):
            line.abort()
        await server.wait_closed()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _line(self) -> "_Line":
        def desk(later: Later) -> Desk:
            return Desk(self._answer, self._counters, self._log, self._limits.max_frame_size, later)

        return _Line(desk, self._lines, self._counters, self._limits.max_connections)


class _Line(asyncio.Protocol):
    """One connection's socket: reads go to the desk, and what it gives is one write."""

    def __init__(
        self,
        desk: Callable[[Later], Desk],
        lines: set["_Line"],
        counters: Counters,
        limit: int,
    ) -> None:
        self._desk = desk(self._later)
        self._waiting: set[asyncio.Task[None]] = set()
        self._lines = lines
        self._counters = counters
        self._limit = limit
        self._transport: asyncio.Transport | None = None
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's isn't a subclass
        self._counters.connections += 1
        if len(self._lines) >= self._limit:
            self._counters.turned_away += 1
            self.hang_up(farewell(Status.RESOURCE, "too many connections"))
            return
        self._lines.add(self)
        self._counters.open = len(self._lines)

    def data_received(self, data: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        reply = self._desk.receive(data)
        if self._desk.ended:
            self.hang_up(reply)
        elif reply:
            self._transport.write(reply)

    def pause_writing(self) -> None:
        # A peer that doesn't read its answers gets no further questions read: memory is bounded.
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._transport = None
        for task in tuple(self._waiting):
            task.cancel()
        self._lines.discard(self)
        self._counters.open = len(self._lines)
        if not self.gone.done():
            self.gone.set_result(None)

    def _later(self, reply: Awaitable[bytes]) -> None:
        task = asyncio.ensure_future(self._send(reply))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _send(self, reply: Awaitable[bytes]) -> None:
        data = await reply
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def hang_up(self, last: bytes) -> None:
        """Send the last words and close once they are gone."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(last)
            self._transport.close()

    def abort(self) -> None:
        """Close at once, whatever is unsent."""
        if self._transport is not None:
            self._transport.abort()


def _listen(path: Path) -> socket.socket:
    """Bind beside the path, narrow the rights, listen, and only then take the path in one step.

    So nobody ever finds the socket with wider rights, or not yet listening, and a file left by a
    killed predecessor is replaced; one that still answers is not.
    """
    _require_free(path)
    beside = path.with_name(f"{path.name}.new")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if _is_socket(beside):
            beside.unlink()
        listener.bind(str(beside))
        beside.chmod(0o600)
        listener.listen(_BACKLOG)
        beside.replace(path)
    except OSError as error:
        listener.close()
        raise AgentUnavailable(f"can't listen on '{path}': {error}") from error
    listener.setblocking(False)
    return listener


def _require_free(path: Path) -> None:
    if not _is_socket(path):
        if path.exists() or path.is_symlink():
            raise AgentUnavailable(f"'{path}' is in the way and is no socket (remove it)")
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)  # a full backlog answers at once too: somebody is there
        with contextlib.suppress(ConnectionRefusedError, FileNotFoundError):
            try:
                probe.connect(str(path))
            except BlockingIOError:
                pass
            except PermissionError as error:
                raise AgentUnavailable(f"'{path}' belongs to somebody else") from error
            raise AgentUnavailable(f"another agent answers on '{path}' (stop it first)")


def _is_socket(path: Path) -> bool:
    try:
        return stat.S_ISSOCK(path.lstat().st_mode)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise AgentUnavailable(f"can't look at '{path}': {error}") from error


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
