"""The agent's socket, without HAProxy."""

import asyncio
import contextlib
import socket
import stat
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop

from ostiary.agent.answers import Answer
from ostiary.agent.questions import Question
from ostiary.agent.server import AgentLimits, AgentServer, AgentUnavailable
from ostiary.spoe.frames import FrameType, NeedMore, read_frame, read_pairs
from ostiary.spoe.status import Status
from tests.unit.agent.test_desk import hello, question

Run = Callable[[Coroutine[Any, Any, None]], None]
SECONDS = 5


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Both loops the agent may run on."""
    return uvloop.run if request.param == "uvloop" else asyncio.run


def admit(_: Question) -> Answer:
    return Answer(code=1, until=9)


async def next_type(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Read one frame and give its type and payload."""
    head = await asyncio.wait_for(reader.readexactly(4), SECONDS)
    body = await asyncio.wait_for(reader.readexactly(int.from_bytes(head, "big")), SECONDS)
    found = read_frame(head + body, 0, 65532)
    assert not isinstance(found, NeedMore)
    return found[0].type, found[0].payload


def test_the_socket_is_its_users_alone_and_goes_with_the_agent(tmp_path: Path, run: Run) -> None:
    async def scene() -> None:
        path = tmp_path / "agent.sock"
        async with AgentServer(path, admit):
            status = path.lstat()
            assert stat.S_ISSOCK(status.st_mode)
            assert stat.S_IMODE(status.st_mode) == 0o600
            assert list(tmp_path.iterdir()) == [path]
        assert not path.exists()

    run(scene())


def test_a_stale_socket_is_replaced(tmp_path: Path, run: Run) -> None:
    async def scene() -> None:
        path = tmp_path / "agent.sock"
        for left in (path, tmp_path / "agent.sock.new"):
            with socket.socket(socket.AF_UNIX) as dead:
                dead.bind(str(left))
        async with AgentServer(path, admit):
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(hello())
            assert (await next_type(reader))[0] == FrameType.AGENT_HELLO
            writer.close()

    run(scene())


def test_a_living_agent_is_not_replaced(tmp_path: Path, run: Run) -> None:
    async def scene() -> None:
        path = tmp_path / "agent.sock"
        async with AgentServer(path, admit):
            with pytest.raises(AgentUnavailable, match="another agent answers"):
                await AgentServer(path, admit).start()
            assert path.exists()

    run(scene())


def test_a_file_in_the_way_is_left_alone(tmp_path: Path, run: Run) -> None:
    async def scene() -> None:
        path = tmp_path / "agent.sock"
        path.write_text("precious")
        with pytest.raises(AgentUnavailable, match="no socket"):
            await AgentServer(path, admit).start()
        assert path.read_text() == "precious"

    run(scene())


@pytest.mark.parametrize("name", ["missing/agent.sock", "x" * 120])
def test_a_path_that_cannot_be_is_refused(tmp_path: Path, run: Run, name: str) -> None:
    async def scene() -> None:
        with pytest.raises(AgentUnavailable, match="can't listen"):
            await AgentServer(tmp_path / name, admit).start()

    run(scene())


def test_a_successors_socket_is_not_taken_away(tmp_path: Path, run: Run) -> None:
    async def scene() -> None:
        path = tmp_path / "agent.sock"
        async with AgentServer(path, admit):
            path.unlink()
            path.write_text("the successor's")
        assert path.exists()

    run(scene())


def test_an_agent_starts_once_and_stops_as_often_as_you_like(tmp_path: Path, run: Run) -> None:
    async def scene() -> None:
        server = AgentServer(tmp_path / "agent.sock", admit)
        await server.stop()
        await server.start()
        with pytest.raises(AgentUnavailable, match="already started"):
            await server.start()
        await server.stop()
        await server.stop()
        await server.start()
        await server.stop()

    run(scene())


def test_stopping_says_goodbye(tmp_path: Path, run: Run) -> None:
    async def scene() -> None:
        path = tmp_path / "agent.sock"
        async with AgentServer(path, admit) as server:
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(hello())
            await next_type(reader)
            assert server.counters.open == 1
            stopping = asyncio.create_task(server.stop())
            kind, payload = await next_type(reader)
            assert (kind, read_pairs(payload)["status-code"]) == (
                FrameType.AGENT_DISCONNECT,
                Status.NORMAL,
            )
            assert await reader.read() == b""
            await stopping
            writer.close()
        assert server.counters.open == 0

    run(scene())


def test_a_peer_that_never_reads_holds_up_neither_memory_nor_the_end(
    tmp_path: Path, run: Run
) -> None:
    async def scene() -> None:
        path = tmp_path / "agent.sock"
        async with AgentServer(path, admit) as server:
            _, writer = await asyncio.open_unix_connection(path, limit=1024)
            writer.write(hello())
            with contextlib.suppress(TimeoutError):
                for _ in range(200):
                    writer.write(question(1) * 1000)
                    await asyncio.wait_for(writer.drain(), 0.3)
            served = server.counters.questions
            assert 0 < served < 200_000
            await asyncio.wait_for(server.stop(), SECONDS)
            writer.transport.abort()
        assert server.counters.open == 0

    run(scene())


def test_noise_on_one_connection_ends_that_one_only(tmp_path: Path, run: Run) -> None:
    async def scene() -> None:
        path = tmp_path / "agent.sock"
        async with AgentServer(path, admit) as server:
            good, good_writer = await asyncio.open_unix_connection(path)
            good_writer.write(hello())
            await next_type(good)
            bad, bad_writer = await asyncio.open_unix_connection(path)
            bad_writer.write(b"GET / HTTP/1.1\r\n\r\n")
            kind, payload = await next_type(bad)
            assert kind == FrameType.AGENT_DISCONNECT
            assert read_pairs(payload)["status-code"] == Status.TOO_BIG
            assert await bad.read() == b""
            good_writer.write(question(1))
            assert (await next_type(good))[0] == FrameType.ACK
            assert (server.counters.malformed, server.counters.questions) == (1, 1)
            good_writer.close()
            bad_writer.close()

    run(scene())


def test_connections_beyond_the_limit_are_turned_away(tmp_path: Path, run: Run) -> None:
    async def scene() -> None:
        path = tmp_path / "agent.sock"
        limits = AgentLimits(max_connections=1)
        async with AgentServer(path, admit, limits) as server:
            first, first_writer = await asyncio.open_unix_connection(path)
            first_writer.write(hello())
            await next_type(first)
            second, second_writer = await asyncio.open_unix_connection(path)
            kind, payload = await next_type(second)
            assert kind == FrameType.AGENT_DISCONNECT
            assert read_pairs(payload)["status-code"] == Status.RESOURCE
            assert (server.counters.turned_away, server.counters.open) == (1, 1)
            first_writer.close()
            second_writer.close()

    run(scene())
