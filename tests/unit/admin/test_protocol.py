"""Whoever opens connections to the admin listener and says nothing keeps nobody else out."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ostiary.admin import gate, protocol
from ostiary.admin.gate import Gate
from ostiary.admin.listening import Listening
from ostiary.admin.protocol import MOST_CONNECTIONS
from ostiary.admin.sockets import bind_tcp

HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n"

Opened = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Open = Callable[[], Awaitable[Opened]]


async def body_length(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    await JSONResponse({"length": len(body)})(scope, receive, send)


def served(scene: Callable[[Open], Awaitable[None]], app: ASGIApp = body_length) -> None:
    async def play() -> None:
        listening = Listening(app)
        sock = bind_tcp("127.0.0.1", 0)
        port = sock.getsockname()[1]
        await listening.on_tcp(sock, None)
        try:
            await scene(lambda: asyncio.open_connection("127.0.0.1", port))
        finally:
            await listening.stop()

    asyncio.run(play())


async def ask(connection: Opened, data: bytes) -> bytes:
    reader, writer = connection
    writer.write(data)
    async with asyncio.timeout(10):
        head = await reader.readuntil(b"\r\n\r\n")
        return head + await reader.readuntil(b"}")


async def close(*connections: Opened) -> None:
    for _, writer in connections:
        writer.close()


def test_connections_that_say_nothing_make_room_for_those_that_do() -> None:
    async def scene(connect: Open) -> None:
        idle = [await connect() for _ in range(MOST_CONNECTIONS + 50)]
        late = await connect()
        assert b" 200 " in await ask(late, HEAD + b"\r\nbody")
        async with asyncio.timeout(10):
            assert await idle[0][0].read() == b""  # who has waited longest goes first
        assert b" 200 " in await ask(late, HEAD + b"\r\nbody")
        await close(late, *idle)

    served(scene)


def test_requests_at_work_are_not_cut_for_somebody_new() -> None:
    async def scene(connect: Open) -> None:
        busy = await connect()
        busy[1].write(HEAD + b"\r\n")  # the body is still to come
        await asyncio.sleep(0.1)
        idle = [await connect() for _ in range(MOST_CONNECTIONS + 50)]
        assert b" 200 " in await ask(busy, b"body")
        await close(busy, *idle)

    served(scene)


@pytest.mark.parametrize("before", [b"", HEAD + b"\r\nbody"], ids=["first", "second"])
def test_a_header_that_does_not_end_is_cut_off(
    before: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.3)

    async def scene(connect: Open) -> None:
        reader, writer = connection = await connect()
        if before:
            assert b" 200 " in await ask(connection, before)
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(10):
                while not reader.at_eof():
                    writer.write(HEAD[:1])
                    await writer.drain()
                    await asyncio.sleep(0.05)
        await close(connection)

    served(scene)


def test_a_body_that_does_not_come_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "SLOWEST_BODY_SECONDS", 0.2)

    async def scene(connect: Open) -> None:
        connection = await connect()
        told = await ask(connection, HEAD + b"\r\nbo")
        assert b" 408 " in told
        assert b"urn:ostiary:problem:too-slow" in told
        await close(connection)

    served(scene, Gate(body_length, hosts=(), imports=()))
