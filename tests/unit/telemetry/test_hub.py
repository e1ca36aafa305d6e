"""Everything that is seen, put together; and its numbers for Prometheus."""

import asyncio
import json
import socket
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from ostiary.telemetry.counters import Vocabulary
from ostiary.telemetry.events import Kind, RefusalSeen
from ostiary.telemetry.expiry import Dated, Held
from ostiary.telemetry.hub import Ports, Telemetry
from ostiary.telemetry.metrics import TelemetryCollector
from ostiary.trust.reason import Reason
from tests.support.pki import Kit
from tests.unit.telemetry.people import ENTRY, NOW, Batches, admitted, in_a_loop, refused
from tests.unit.telemetry.test_traffic import reply


class Engine:
    """Answers for HAProxy; away while ``replies`` is None."""

    def __init__(self) -> None:
        self.replies: Mapping[int, str] | None = {7: reply(10)}
        self.asked = 0

    async def ask(self, *commands: str) -> Mapping[int, str]:
        self.asked += 1
        if self.replies is None:
            raise ConnectionRefusedError("away")
        return self.replies

    async def workers(self) -> Iterable[int]:
        return ()


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ostiary-") as made:
        yield Path(made)


def telemetry_of(folder: Path, engine: Engine, store: Batches) -> Telemetry:
    made = Telemetry(
        Ports(
            run_folder=folder,
            master_socket=folder / "m.sock",
            ask=engine.ask,
            workers=engine.workers,
            store=store,
            now=lambda: NOW,
        )
    )
    made.speak(Vocabulary(apis=frozenset({"orders"}), entries={ENTRY: "a.example"}))
    return made


@in_a_loop
async def test_what_is_seen_is_counted_charted_and_remembered(kit: Kit, folder: Path) -> None:
    engine, store = Engine(), Batches()
    telemetry = telemetry_of(folder, engine, store)
    telemetry.open()
    running = asyncio.create_task(telemetry.run())
    root = kit.root("hub root")
    telemetry.decided(admitted(kit.client(root, "hub good"), root), 0.0003)
    telemetry.decided(refused(kit.client(root, "hub bad").der, Reason.WEAK_KEY), 0.0004)
    line = {"event": "request", "time": 1, "status": 403, "reason": "weak-key", "api": "orders"}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
        sending.sendto(json.dumps({**line, "entry": ENTRY}).encode(), str(folder / "events.sock"))
    while telemetry.health().inbox.events == 0 or engine.asked == 0:
        await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    telemetry.close()

    assert telemetry.counted().refusals == {("weak-key", "orders", "a.example"): 1}
    assert telemetry.counted().decisions == {"admitted": 1, "weak-key": 1}
    assert telemetry.traffic().totals.requests == 10
    series = telemetry.history.last_hour(NOW).series
    assert (series["requests"][-1], series["refused"][-1], series["reason-weak-key"][-1]) == (
        10, 1, 1,
    )  # fmt: skip
    [numbered] = telemetry.feed.latest(10)
    assert numbered.event.reason == "weak-key"
    assert len(store.clients) == 2
    assert not (folder / "events.sock").exists()


@in_a_loop
async def test_an_engine_that_is_away_is_asked_again(folder: Path) -> None:
    engine = Engine()
    engine.replies = None
    telemetry = telemetry_of(folder, engine, Batches())
    running = asyncio.create_task(telemetry.run())
    await asyncio.sleep(0.05)
    assert not running.done()
    assert engine.asked == 1
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@in_a_loop
async def test_metrics_have_names_units_and_help_and_no_label_from_a_client(
    kit: Kit, folder: Path
) -> None:
    engine = Engine()
    telemetry = telemetry_of(folder, engine, Batches())
    await telemetry.poll()
    root = kit.root("metrics root")
    telemetry.decided(admitted(kit.client(root, "metrics good"), root), 0.003)
    for number in range(50):
        telemetry.happened(
            RefusalSeen(
                at=NOW, kind=Kind.REQUEST, client=f"192.0.2.{number}", status=403,
                reason=f"hostile{number}", api=f"hostile{number}", entry=f"hostile{number}",
                subject="CN=hostile", path="/hostile", sni="hostile",
            )
        )  # fmt: skip
    dated = Dated(
        held=Held.SERVER, fingerprint=b"f" * 32, subject="CN=x", where="a.example", not_after=NOW
    )
    registry = CollectorRegistry()
    registry.register(TelemetryCollector(telemetry, lambda: [dated]))
    text = generate_latest(registry).decode()
    assert "hostile" not in text
    assert 'ostiary_refusals_total{api="(other)",entry="(other)",reason="http-403"} 50.0' in text
    assert 'ostiary_decisions_total{verdict="admitted"} 1.0' in text
    assert 'ostiary_decision_duration_seconds_bucket{le="0.005"} 1.0' in text
    assert 'ostiary_decision_duration_seconds_bucket{le="0.002"} 0.0' in text
    assert "ostiary_requests_total 10.0" in text
    assert 'ostiary_service_up{backend="p1_1",server="s2"} 0.0' in text
    assert f'held="server",where="a.example"}} {NOW.timestamp():.7e}' in text
    families = [line for line in text.splitlines() if line.startswith("# TYPE ")]
    assert len(families) > 20
    helps = {line.split()[2] for line in text.splitlines() if line.startswith("# HELP ")}
    assert {line.split()[2] for line in families} == helps
    assert all(name.startswith("ostiary_") for name in helps)
