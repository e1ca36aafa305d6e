"""A small engine for tests: revisions that answer their own number, and a client that counts."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ostiary.supervisor.binary import EngineBinary
from ostiary.supervisor.child import EngineSetup
from ostiary.supervisor.engine import Engine
from ostiary.supervisor.reports import Report


@dataclass(frozen=True)
class Rev:
    number: int
    folder: Path


@dataclass
class Rig:
    engine: Engine
    folder: Path
    port: int
    reports: list[Report] = field(default_factory=list)

    def revision(self, number: int, *, extra: str = "", says: int | None = None) -> Rev:
        """A revision that answers its number over HTTP; ``extra`` goes into the frontend."""
        folder = self.folder / f"r{number}"
        folder.mkdir(exist_ok=True)
        (folder / "haproxy.cfg").write_text(
            "global\n"
            f"  setenv OSTIARY_REVISION {number if says is None else says}\n"
            "  log stdout format raw local0\n"
            "defaults\n  mode http\n  log global\n  timeout client 30s\n  timeout server 30s\n"
            "  timeout connect 1s\n"
            "  option idle-close-on-response\n  timeout http-keep-alive 2s\n"
            f"frontend front\n  bind 127.0.0.1:{self.port}\n"
            '  log-format "%ST %HU"\n'
            f"  http-request return status 200 content-type text/plain string r{number}\n{extra}"
        )
        return Rev(number, folder)

    async def get(self) -> str:
        """The body of one request on a new connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            reply = await reader.read()
        finally:
            writer.close()
        head, _, body = reply.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(f"answered {reply[:80]!r}")
        return body.decode()

    async def keep_asking(self, done: asyncio.Event, pause: float) -> int:
        """Ask on kept connections until ``done``; how often. Every request must be answered: a
        connection may end only after an answer that said so."""
        answers = 0
        while not done.is_set():
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            last = False
            while not last and not done.is_set():
                writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = head.partition(b"content-length: ")[2].partition(b"\r")[0]
                await reader.readexactly(int(length))
                last = b"connection: close" in head
                answers += 1
                await asyncio.sleep(pause)
            writer.close()
        return answers


@asynccontextmanager
async def rig(binary: EngineBinary, folder: Path, port: int, **bounds: float) -> AsyncIterator[Rig]:
    log = os.open(folder / "out.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    bounds = {"start_seconds": 60.0, "drain_seconds": 30.0, **bounds}
    reports: list[Report] = []
    engine = Engine(
        EngineSetup(binary=binary, run_folder=folder, stdout=log, **bounds), reports.append
    )
    try:
        yield Rig(engine, folder, port, reports)
    finally:
        await engine.stop()
        os.close(log)


async def until(true_of: object, seconds: float = 30.0) -> None:
    """Wait for a callable to be true; fail by name when it is not in time."""
    assert callable(true_of)
    async with asyncio.timeout(seconds):
        while not true_of():
            await asyncio.sleep(0.01)
