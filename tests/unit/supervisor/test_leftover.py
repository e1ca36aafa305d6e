"""The wait for an engine of an earlier run."""

import asyncio
import socket
import time
from pathlib import Path

import pytest

from ostiary.supervisor.leftover import EngineLeftBehind, ensure_gone
from ostiary.supervisor.ports import Address

TABLE = (
    b"#<PID>          <type>          <reloads>       <uptime>        <version>\n"
    b"4711            master          0 [failed: 0]   0d00h00m08s     2.6.12\n"
    b"# workers\n# programs\n\n"
)


async def master(path: Path) -> asyncio.Server:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.write(TABLE)
        await writer.drain()
        writer.close()

    return await asyncio.start_unix_server(answer, path)


def test_nothing_is_waited_for_after_an_end_in_good_order(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        address = Address("127.0.0.1", stranger.getsockname()[1])
        began = time.monotonic()
        asyncio.run(ensure_gone(tmp_path / "master.sock", [address], seconds=5))
        assert time.monotonic() - began < 4


def test_an_engine_that_goes_is_waited_for(tmp_path: Path) -> None:
    async def scene() -> None:
        server = await master(tmp_path / "master.sock")
        asyncio.get_running_loop().call_later(0.2, server.close)
        began = time.monotonic()
        await ensure_gone(tmp_path / "master.sock", [], seconds=5)
        assert 0.15 < time.monotonic() - began < 4

    asyncio.run(scene())


def test_an_engine_that_stays_is_named(tmp_path: Path) -> None:
    async def scene() -> None:
        async with await master(tmp_path / "master.sock"):
            with pytest.raises(EngineLeftBehind, match="kill 4711"):
                await ensure_gone(tmp_path / "master.sock", [], seconds=0.1)

    asyncio.run(scene())


def test_a_port_that_is_given_back_a_moment_later_is_waited_for(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "master.sock"))

    async def scene() -> None:
        worker = socket.create_server(("127.0.0.1", 0))
        address = Address("127.0.0.1", worker.getsockname()[1])
        asyncio.get_running_loop().call_later(0.2, worker.close)
        began = time.monotonic()
        await ensure_gone(tmp_path / "master.sock", [address], seconds=5)
        assert 0.15 < time.monotonic() - began < 4

    asyncio.run(scene())


def test_a_stranger_on_the_port_is_not_waited_for_longer_than_that(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "master.sock"))
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        address = Address("127.0.0.1", stranger.getsockname()[1])
        asyncio.run(ensure_gone(tmp_path / "master.sock", [address], seconds=0.1))
