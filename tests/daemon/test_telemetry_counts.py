"""Requests by certificate, and traffic, as a real HAProxy counts them, over a reload."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from ostiary.supervisor.binary import EngineBinary
from ostiary.supervisor.child import MASTER_SOCKET
from ostiary.telemetry.tables import TableReader
from ostiary.telemetry.traffic import COMMANDS, TrafficMeter
from tests.daemon.engine_rig import rig

pytestmark = pytest.mark.daemon

SCOPE = "0123456789abcdef.fedcba9876543210"
KEY = "AB" * 32
TABLE = "backend ost_verdicts\n  stick-table type string len 98 size 1k store gpt(3),http_req_cnt\n"
TRACKED = (
    f"  http-request track-sc0 str({SCOPE}|{KEY}) table ost_verdicts\n"
    "  http-request sc-set-gpt(0,0) int(9)\n"
)


def test_requests_are_counted_once_by_certificate_and_in_all(
    engine_binary: EngineBinary, run_folder: Path, free_port: Callable[[], int]
) -> None:
    told: list[tuple[str, bytes, int, int]] = []
    meter = TrafficMeter()

    async def scene() -> None:
        async with rig(engine_binary, run_folder, free_port()) as rigged:
            engine = rigged.engine

            async def workers() -> list[int]:
                return [one.pid for one in (await engine.socket.processes()).workers]

            def take(scope: str, key: bytes, requests: int) -> bool:
                told.append((scope, key, requests))
                return True

            async def look() -> None:
                await table.read()
                meter.take(await engine.socket.on_every_worker(*COMMANDS))

            table = TableReader(run_folder / MASTER_SOCKET, workers, take, table="ost_verdicts")
            for number in (1, 2):
                revision = rigged.revision(number)
                file = revision.folder / "haproxy.cfg"
                text = file.read_text().replace("frontend front", "frontend https")
                said = "  http-request return status 200"
                file.write_text(text.replace(said, TRACKED + said, 1) + TABLE)
                await engine.serve(revision)
                await rigged.get()
                await look()
                await look()
                await rigged.get()
                await rigged.get()
                await look()

    asyncio.run(scene())
    assert [one[:2] for one in told] == [(SCOPE, bytes.fromhex(KEY))] * 4
    assert [one[2:] for one in told] == [(1,), (2,), (1,), (2,)]
    assert meter.snapshot().totals.requests == 6
    assert meter.snapshot().totals.responses["2xx"] == 6
