"""Notifications on their way to webhooks: in order, again after a failure, over restarts."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from structlog.testing import LogCapture

from ostiary.kernel.notices import Topic
from ostiary.services.webhooks import Target
from ostiary.store.database.database import Database
from ostiary.store.database.deliveries import Delivery
from ostiary.store.database.engines import sqlite_url
from ostiary.store.database.notifications import NewNotification
from ostiary.store.database.records import Outcome
from ostiary.wiring import delivering as module
from ostiary.wiring.delivering import Delivering
from ostiary.wiring.posting import Poster
from tests.support.desk import Clock
from tests.support.ports import free_port
from tests.support.receiver import PATIENCE, Receiver, receiving, status

KEY = b"k" * 32


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path, clock: Clock) -> Iterator[Database]:
    with Database.open(sqlite_url(tmp_path / "ostiary.db"), now=clock.now) as found:
        with found.begin() as work:
            work.deliveries.keep(["ops", "audit"])
        yield found


@pytest.fixture
def log() -> Iterator[LogCapture]:
    capture = LogCapture()
    before = structlog.get_config()
    structlog.configure(processors=[capture])
    yield capture
    structlog.configure(**before)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of these tests is moved by hand; a look at it comes at once."""
    monkeypatch.setattr(module, "_LONGEST_REST_SECONDS", 0.02)


def tell(database: Database, clock: Clock, *summaries: str, topic: str = "client.blocked") -> None:
    with database.begin() as work:
        work.notifications.add(
            NewNotification(topic=topic, at=clock.now, summary=one, data={}) for one in summaries
        )


@asynccontextmanager
async def sending(database: Database, clock: Clock, to: Target) -> AsyncIterator[Delivering]:
    one = Delivering(to, database, Poster("/ostiary/here"), clock)
    task = asyncio.create_task(one.run())
    try:
        yield one
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def target(receiver: Receiver, name: str = "ops", **more: object) -> Target:
    return Target(name=name, url=receiver.url, keys=(KEY,), seconds=5, **more)  # type: ignore[arg-type] # as named


async def until(database: Database, count: int, outcome: Outcome | None = None) -> list[Delivery]:
    """So many deliveries have this outcome; oldest first."""
    end = time.monotonic() + PATIENCE
    while True:
        with database.reading() as work:
            found = [
                one
                for one in work.deliveries.page("ops", limit=1000)
                if outcome in (None, one.last.outcome)
            ]
        if len(found) >= count:
            return found[::-1]
        assert time.monotonic() < end, found
        await asyncio.sleep(0.01)


def told(receiver: Receiver) -> list[str]:
    return [one.event["data"]["summary"] for one in receiver.received]


def test_all_that_waits_goes_out_in_order_and_what_comes_later_too(
    database: Database, clock: Clock
) -> None:
    tell(database, clock, "a", "b", "c")

    async def scene(receiver: Receiver) -> None:
        async with sending(database, clock, target(receiver)) as one:
            await until(database, 3, Outcome.DELIVERED)
            tell(database, clock, "d")
            one.wake()
            await until(database, 4, Outcome.DELIVERED)

    with receiving() as receiver:
        asyncio.run(scene(receiver))
        assert told(receiver) == ["a", "b", "c", "d"]


def test_after_a_failure_it_comes_again_with_the_same_id_and_before_the_next(
    database: Database, clock: Clock, log: LogCapture
) -> None:
    tell(database, clock, "a", "b")

    async def scene(receiver: Receiver) -> None:
        async with sending(database, clock, target(receiver)):
            for wait in (1, 2):
                (retried,) = await until(database, 1, Outcome.RETRYING)
                while retried.attempts < wait:
                    await asyncio.sleep(0.01)
                    (retried,) = await until(database, 1, Outcome.RETRYING)
                clock.move(timedelta(seconds=15))
            await until(database, 2, Outcome.DELIVERED)

    with receiving(status(500, 500, 204)) as receiver:
        asyncio.run(scene(receiver))
        assert told(receiver) == ["a", "a", "a", "b"]
        ids = [one.headers["webhook-id"] for one in receiver.received]
        assert len(set(ids[:3])) == 1
        assert ids[3] != ids[0]
    events = [entry["event"] for entry in log.entries]
    assert events == ["webhook-failed", "webhook-recovers"]
    assert all("in-the-url" not in str(entry) for entry in log.entries)


def test_until_its_time_nothing_is_sent_again_not_even_after_a_restart(
    database: Database, clock: Clock
) -> None:
    tell(database, clock, "a")

    async def scene(receiver: Receiver) -> None:
        async with sending(database, clock, target(receiver)):
            await until(database, 1, Outcome.RETRYING)
        async with sending(database, clock, target(receiver)) as again:
            again.wake()
            await asyncio.sleep(0.3)
            assert len(receiver.received) == 1
            clock.move(timedelta(seconds=7))
            await until(database, 1, Outcome.DELIVERED)

    with receiving(status(500, 204)) as receiver:
        asyncio.run(scene(receiver))


def test_what_nobody_takes_is_given_up_at_last_and_told(
    database: Database, clock: Clock, log: LogCapture
) -> None:
    tell(database, clock, "old")
    clock.move(timedelta(hours=2))
    tell(database, clock, "new")

    async def scene(receiver: Receiver) -> None:
        to = target(receiver, patience=timedelta(hours=2, seconds=30))
        async with sending(database, clock, to):
            while not await until(database, 0, Outcome.GIVEN_UP):
                clock.move(timedelta(seconds=2))
                await asyncio.sleep(0.02)
            (given_up,) = await until(database, 1, Outcome.GIVEN_UP)
            assert given_up.attempts >= 1
            assert given_up.last.status == 500

    with receiving(status(500)) as receiver:
        asyncio.run(scene(receiver))
        assert told(receiver)[0] == "old"
    (line,) = [entry for entry in log.entries if entry["event"] == "webhook-gave-up"]
    assert (line["log_level"], line["type"], line["webhook"]) == ("error", "client.blocked", "ops")
    with database.reading() as work:
        progress = work.deliveries.of("ops")
        assert progress is not None
        assert progress.failures >= 1  # the next one waits its turn: the receiver is in trouble
        assert progress.due is not None


def test_a_receiver_that_says_gone_is_not_asked_again_for_it(
    database: Database, clock: Clock
) -> None:
    tell(database, clock, "a", "b")

    async def scene(receiver: Receiver) -> None:
        async with sending(database, clock, target(receiver)):
            await until(database, 1, Outcome.GIVEN_UP)
            clock.move(timedelta(seconds=15))
            await until(database, 1, Outcome.DELIVERED)

    with receiving(status(410, 204)) as receiver:
        asyncio.run(scene(receiver))
        assert told(receiver) == ["a", "b"]


def test_only_what_was_chosen_is_sent(database: Database, clock: Clock) -> None:
    tell(database, clock, "block")
    tell(database, clock, "list", topic="crl.expired")

    async def scene(receiver: Receiver) -> None:
        to = target(receiver, topics=frozenset({Topic.CRL_EXPIRED}))
        async with sending(database, clock, to):
            await until(database, 1, Outcome.DELIVERED)
            await asyncio.sleep(0.1)

    with receiving() as receiver:
        asyncio.run(scene(receiver))
        assert told(receiver) == ["list"]


def test_a_dead_receiver_does_not_hold_up_another(database: Database, clock: Clock) -> None:
    tell(database, clock, *map(str, range(20)))

    async def scene(dead: Target, receiver: Receiver) -> None:
        async with sending(database, clock, dead), sending(database, clock, target(receiver)):
            await until(database, 20, Outcome.DELIVERED)

    with receiving() as receiver:
        dead = Target(name="audit", url=f"http://127.0.0.1:{free_port()}/", keys=(KEY,))
        asyncio.run(scene(dead, receiver))


def test_a_webhook_whose_place_was_lost_goes_on_with_what_comes_next(
    database: Database, clock: Clock
) -> None:
    with database.begin() as work:
        work.deliveries.keep([])

    async def scene(receiver: Receiver) -> None:
        async with sending(database, clock, target(receiver)) as one:
            while database_has_no_place(database):
                await asyncio.sleep(0.01)
            tell(database, clock, "a")
            one.wake()
            await until(database, 1, Outcome.DELIVERED)

    with receiving() as receiver:
        asyncio.run(scene(receiver))


def database_has_no_place(database: Database) -> bool:
    with database.reading() as work:
        return work.deliveries.of("ops") is None
