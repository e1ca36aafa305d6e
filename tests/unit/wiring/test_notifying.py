"""Notifications at work: the log, and the webhooks of whatever configuration is in force."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture

from ostiary.management.blocking import Whom
from ostiary.management.noticing import Noticing
from ostiary.telemetry.seen import Sighting
from ostiary.trust.decision import Decision, Refused
from ostiary.trust.intermediates import Intermediates
from ostiary.trust.reason import Reason
from ostiary.wiring import notifying as module
from ostiary.wiring.notifying import Notifying
from ostiary.wiring.posting import Poster
from tests.support.desk import CONFIG, DeskRig, make_desk, prepared_of
from tests.support.receiver import PATIENCE, Receiver, receiving

SECRET = f"whsec_{base64.b64encode(b'k' * 32).decode()}"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskRig]:
    rig = make_desk(tmp_path)
    yield rig
    rig.database.close()


@pytest.fixture
def log() -> Iterator[LogCapture]:
    capture = LogCapture()
    before = structlog.get_config()
    structlog.configure(processors=[capture])
    yield capture
    structlog.configure(**before)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_TURN_SECONDS", "_GATHERED_SECONDS"):
        monkeypatch.setattr(module, name, 0.05)


def name_webhooks(desk: DeskRig, **urls: str) -> None:
    """The file names these from now on."""
    hooks = ", ".join(f"{name}: {{url: '{url}', secret: {SECRET}}}" for name, url in urls.items())
    config = f"{CONFIG}notifications: {{webhooks: {{{hooks}}}}}\n"
    desk.gatekeeper.serve(prepared_of(desk.kit, config, desk.clock.now))


@asynccontextmanager
async def at_work(desk: DeskRig) -> AsyncIterator[Notifying]:
    noticing = Noticing(desk.changes, tuple, Intermediates)
    post = Poster("/ostiary/here")
    notifying = Notifying(desk.database, desk.gatekeeper, noticing, post, desk.clock)
    desk.changes.mirror(lambda _state: notifying.wake())
    await notifying.begin()
    task = asyncio.create_task(notifying.run())
    try:
        yield notifying
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def block(desk: DeskRig, note: str) -> None:
    whom = Whom(fingerprints=("ab" * 32,))
    await desk.management.blocking.block(desk.order(), whom, note=note)


async def until(so: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not await asyncio.to_thread(so):
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


def notes(receiver: Receiver) -> list[str]:
    return [one.event["data"]["note"] for one in receiver.received]


def served(desk: DeskRig, *names: str) -> bool:
    with desk.database.reading() as work:
        found = {one.name for one in work.deliveries.progress()} - {module.LOG}
    return found == set(names)


def test_webhooks_are_those_that_the_file_names_at_the_time(desk: DeskRig) -> None:
    async def scene(one: Receiver, other: Receiver) -> None:
        async with at_work(desk) as notifying:
            await block(desk, "before")
            name_webhooks(desk, one=one.url)
            await until(lambda: served(desk, "one"))
            await block(desk, "first")
            await until(lambda: notes(one) == ["first"])
            name_webhooks(desk, one=one.url, other=other.url)
            await until(lambda: served(desk, "one", "other"))
            await block(desk, "second")
            await until(lambda: notes(one) == ["first", "second"] and notes(other) == ["second"])
            await until(lambda: notifying.attempts()["one", "delivered"] == 2)
            name_webhooks(desk, other=other.url)
            await until(lambda: served(desk, "other"))
            await block(desk, "third")
            await until(lambda: notes(other) == ["second", "third"])
            assert notes(one) == ["first", "second"]
            await until(lambda: notifying.told()["client.blocked"] == 4)
            wanted = {("one", "delivered"): 2, ("other", "delivered"): 2}
            await until(lambda: notifying.attempts() == wanted)

    with receiving() as one, receiving() as other:
        asyncio.run(scene(one, other))


def test_what_happened_while_nobody_was_at_work_is_logged_and_sent_at_the_next_start(
    desk: DeskRig, log: LogCapture
) -> None:
    async def scene(receiver: Receiver) -> None:
        name_webhooks(desk, ops=receiver.url)
        async with at_work(desk):
            await until(lambda: served(desk, "ops"))
        await block(desk, "meanwhile")
        assert receiver.received == []
        async with at_work(desk) as notifying:
            await until(lambda: notes(receiver) == ["meanwhile"])
            # Not before it is written down: who ends in between sends it again.
            await until(lambda: notifying.attempts().get(("ops", "delivered")) == 1)
            await until(lambda: notifying.told()["client.blocked"] == 1)
        async with at_work(desk):
            await asyncio.sleep(0.3)
        assert notes(receiver) == ["meanwhile"]

    with receiving() as receiver:
        asyncio.run(scene(receiver))
    (line,) = [entry for entry in log.entries if entry["event"] == "notification"]
    assert (line["type"], line["log_level"]) == ("client.blocked", "info")
    assert line["summary"].endswith("blocked by token:ops: meanwhile")


def test_only_who_is_refused_as_revoked_is_told_of(desk: DeskRig) -> None:
    made = [desk.kit.client(None, name) for name in ("a", "b", "c", "d")]
    revoked, other = Refused(Reason.REVOKED, "", None), Refused(Reason.NAME_NOT_TRUSTED, "", None)

    def sighting(number: int, decision: Decision, **more: Any) -> Sighting:
        leaf, at = made[number].der, desk.clock.now
        return Sighting(
            entry="", api="orders", leaf=leaf, chain=(), decision=decision, at=at, **more
        )

    async def scene() -> None:
        async with at_work(desk) as notifying:
            notifying.decided(sighting(0, revoked))
            notifying.decided(sighting(0, revoked))
            notifying.decided(sighting(1, other))
            notifying.decided(sighting(2, revoked, reported=True))
            await until(lambda: notifying.told()["client.revoked"] == 1)

    asyncio.run(scene())
    found = desk.management.notifications.page(topic="client.revoked").items
    assert [one.summary for one in found] == ["'CN=a' refused: revoked"]
