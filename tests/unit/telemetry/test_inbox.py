"""The socket for events: bounded reading, and a feed that waits for nobody."""

import asyncio
import json
import socket
import stat
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ostiary.telemetry import inbox as module
from ostiary.telemetry.events import Kind, RefusalSeen, Unreadable
from ostiary.telemetry.inbox import Feed, Inbox
from tests.unit.telemetry.people import in_a_loop

EVENT = RefusalSeen(at=datetime(2026, 1, 1, tzinfo=UTC), kind=Kind.REQUEST, client="192.0.2.1")
LINE = json.dumps({"event": "request", "time": 1, "status": 403}).encode()


@pytest.fixture
def path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ostiary-") as folder:
        yield Path(folder) / "events.sock"


def sender(path: Path) -> socket.socket:
    sending = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sending.setblocking(False)
    sending.connect(str(path))
    return sending


@in_a_loop
async def test_events_are_taken_and_junk_is_counted(path: Path) -> None:
    taken: list[RefusalSeen] = []
    inbox = Inbox(path, taken.append)
    inbox.open()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with sender(path) as sending:
        for datagram in (LINE, b"{", b"Server a/b is DOWN", b"", LINE):
            sending.send(datagram)
        await asyncio.sleep(0.05)
    assert [event.status for event in taken] == [403, 403]
    counted = inbox.snapshot()
    assert counted.events == 2
    assert counted.unreadable == {Unreadable.NOT_JSON: 1, Unreadable.NOT_OURS: 2}
    inbox.close()
    inbox.close()
    assert not path.exists()


@in_a_loop
async def test_a_socket_left_behind_is_replaced(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as old:
        old.bind(str(path))
    inbox = Inbox(path, lambda _: None)
    inbox.open()
    with sender(path) as sending:
        sending.send(LINE)
        await asyncio.sleep(0.05)
    assert inbox.snapshot().events == 1
    inbox.close()


@in_a_loop
async def test_a_flood_is_read_only_so_far_in_a_second(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_A_SECOND", 10)
    inbox = Inbox(path, lambda _: None)
    inbox.open()
    started = asyncio.get_running_loop().time()
    refused = 0
    with sender(path) as sending:
        for _ in range(100):
            try:
                sending.send(LINE)
            except BlockingIOError:
                refused += 1
            await asyncio.sleep(0.001)
        assert inbox.snapshot().events == 10
        assert inbox.snapshot().pauses == 1
        if refused:  # the queue of the socket is shorter than the flood
            while inbox.snapshot().events == 10:
                await asyncio.sleep(0.02)
            assert 0.9 < asyncio.get_running_loop().time() - started < 3
    inbox.close()


@in_a_loop
async def test_nothing_happens_after_the_end(path: Path) -> None:
    inbox = Inbox(path, lambda _: None)
    inbox.open()
    with sender(path) as sending:
        sending.send(LINE)
        await asyncio.sleep(0.02)
    inbox.close()
    inbox._resume()
    inbox._read()
    assert inbox.snapshot().events == 1


@in_a_loop
async def test_a_watcher_gets_what_came_since_and_misses_what_is_no_longer_kept() -> None:
    feed = Feed(kept=3)
    assert feed.after(0) == ()
    for _ in range(5):
        feed.add(EVENT)
    assert [one.number for one in feed.after(0)] == [3, 4, 5]
    assert [one.number for one in feed.after(4)] == [5]
    assert [one.number for one in feed.after(0, limit=2)] == [3, 4]
    assert [one.number for one in feed.latest(2)] == [4, 5]
    assert feed.after(99) == ()
    assert feed.latest(99) == feed.after(0)


@in_a_loop
async def test_a_watcher_is_woken_by_the_next_event() -> None:
    feed = Feed()
    feed.add(EVENT)
    await asyncio.wait_for(feed.wait(0), 1)
    waiting = [asyncio.create_task(feed.wait(1)) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(one.done() for one in waiting)
    feed.add(EVENT)
    await asyncio.wait_for(asyncio.gather(*waiting), 1)
