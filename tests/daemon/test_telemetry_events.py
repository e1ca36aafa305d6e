"""What the second log target gives on a real HAProxy, and that it costs the first one nothing."""

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ostiary.supervisor.binary import EngineBinary
from ostiary.telemetry.events import Kind, RefusalSeen
from ostiary.telemetry.inbox import Inbox
from tests.support.pki import Kit

pytestmark = pytest.mark.daemon

CONFIG = """\
global
  log stdout len 65535 format raw local0
  log unix@{folder}/events.sock len 65535 format raw local0 err
defaults
  mode http
  timeout client 30s
  timeout server 30s
  timeout connect 1s
frontend https
  bind 127.0.0.1:{plain}
  bind 127.0.0.1:{tls} ssl crt {folder}/site.pem ca-file {folder}/root.pem verify required
  log global
  option dontlognull
  option log-separate-errors
  log-format '{{"event":"request","path":"%HP","status":%ST}}'
  error-log-format '{{"event":"%[fc_err,bool,iif(handshake-failed,request-malformed)]"}}'
  http-request set-log-level info
  http-request set-log-level err if {{ path_beg /deny }}
  http-request return status 403 if {{ path_beg /deny }}
  http-request return status 200 if {{ path_beg /ok }}
  use_backend down
backend down
  server s 127.0.0.1:1
"""


@dataclass
class Rig:
    folder: Path
    plain: int
    tls: int

    def lines(self) -> list[str]:
        return (self.folder / "out.log").read_text().splitlines()

    async def ask(self, data: bytes, *, tls: ssl.SSLContext | None = None) -> bytes:
        port = self.tls if tls else self.plain
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
        try:
            writer.write(data)
            return await asyncio.wait_for(reader.read(4096), 30)
        finally:
            writer.close()

    def denied(self) -> list[str]:
        return [line for line in self.lines() if line.startswith("{") and "/deny" in line]

    async def deny(self, times: int) -> None:
        """Refused requests on one connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.plain)
        for _ in range(times // 20):
            writer.write(b"GET /deny HTTP/1.1\r\nHost: a\r\n\r\n" * 20)
            answers = b""
            while answers.count(b"HTTP/1.1 403") < 20:
                answers += await asyncio.wait_for(reader.read(65_536), 30)
        writer.close()


@contextlib.asynccontextmanager
async def serving(
    engine: EngineBinary, folder: Path, port: Callable[[], int]
) -> AsyncIterator[Rig]:
    kit = Kit(folder / "pki")
    root = kit.root("root")
    site = kit.server(root, "site", ips=["127.0.0.1"])
    (folder / "site.pem").write_bytes(site.chain_file.read_bytes() + site.key_file.read_bytes())
    (folder / "root.pem").write_bytes(root.certificate_file.read_bytes())
    rig = Rig(folder, port(), port())
    config = CONFIG.format(folder=folder, plain=rig.plain, tls=rig.tls)
    (folder / "haproxy.cfg").write_text(config)
    with (folder / "out.log").open("ab") as out:
        process = await asyncio.create_subprocess_exec(
            engine.path, "-db", "-f", folder / "haproxy.cfg", stdout=out, stderr=out
        )
    try:
        async with asyncio.timeout(30):
            while True:
                with contextlib.suppress(ConnectionError):
                    await rig.ask(b"GET /ok HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                    break
                await asyncio.sleep(0.02)
        yield rig
    finally:
        process.terminate()
        await process.wait()


def run(engine: EngineBinary, folder: Path, port: Callable[[], int], scene: object) -> None:
    async def play() -> None:
        (folder / "pki").mkdir()
        async with serving(engine, folder, port) as rig:
            assert callable(scene)
            await scene(rig)

    asyncio.run(play())


def test_refusals_and_failed_handshakes_come_here_and_nothing_else(
    engine_binary: EngineBinary, run_folder: Path, free_port: Callable[[], int]
) -> None:
    taken: list[RefusalSeen] = []

    async def scene(rig: Rig) -> None:
        inbox = Inbox(rig.folder / "events.sock", taken.append)
        inbox.open()
        for path in (b"/ok", b"/deny", b"/down"):
            await rig.ask(b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % path)
        await rig.ask(b"NONSENSE\x01\r\n\r\n")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with contextlib.suppress(OSError):  # no certificate: refused in the handshake
            await rig.ask(b"GET /ok HTTP/1.1\r\nHost: a\r\n\r\n", tls=context)
        async with asyncio.timeout(30):
            while len(taken) < 3:
                await asyncio.sleep(0.02)
            while len(rig.lines()) < 6:
                await asyncio.sleep(0.02)
        inbox.close()
        assert len(rig.lines()) == 6

    run(engine_binary, run_folder, free_port, scene)
    assert {(event.kind, event.status) for event in taken} == {
        (Kind.REQUEST, 403),
        (Kind.REQUEST_MALFORMED, 0),
        (Kind.HANDSHAKE_FAILED, 0),
    }


@pytest.mark.parametrize("reader", ["absent", "asleep"])
def test_a_reader_that_does_not_read_costs_no_line_and_no_answer(
    engine_binary: EngineBinary, run_folder: Path, free_port: Callable[[], int], reader: str
) -> None:
    async def scene(rig: Rig) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as asleep:
            if reader == "asleep":
                asleep.bind(str(rig.folder / "events.sock"))
            await rig.deny(2_000)
        async with asyncio.timeout(30):  # a line may be written after its answer
            while len(denied := rig.denied()) < 2_000:
                await asyncio.sleep(0.02)
        assert len(denied) == 2_000
        assert all(json.loads(line)["status"] == 403 for line in denied)

    run(engine_binary, run_folder, free_port, scene)


def test_a_reader_that_comes_late_gets_what_comes_then(
    engine_binary: EngineBinary, run_folder: Path, free_port: Callable[[], int]
) -> None:
    taken: list[RefusalSeen] = []

    async def scene(rig: Rig) -> None:
        await rig.deny(20)
        async with asyncio.timeout(30):  # a line may be written after its answer
            while len(rig.denied()) < 20:
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)  # and goes here just after
        inbox = Inbox(rig.folder / "events.sock", taken.append)
        inbox.open()
        await rig.ask(b"GET /deny/late HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        async with asyncio.timeout(30):
            while "/deny/late" not in {event.path for event in taken}:
                await asyncio.sleep(0.02)
        inbox.close()

    run(engine_binary, run_folder, free_port, scene)
    assert len(taken) < 3  # the last of the others may have come as late
