"""WebSockets of consumers end with what they began with: the right ones, again if it failed, and in
time.
"""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from ostiary.agent import tunnels
from ostiary.agent.tunnels import Tunnel
from ostiary.consumers.changes import Changed
from ostiary.consumers.model import CredentialType
from ostiary.supervisor.runtime import MasterSocket
from ostiary.wiring import consumer_tunnels
from ostiary.wiring.consumer_tunnels import ConsumerTunnels, Held
from tests.unit.wiring.test_tunnelling import Engine

NOW = datetime(2026, 6, 1, tzinfo=UTC)
KEY, CERTIFICATE = CredentialType.KEY_AUTH, CredentialType.CERTIFICATE


class Scene:
    """An engine, and those that are remembered."""

    def __init__(self, engine: Engine, master: MasterSocket, capacity: int) -> None:
        self.now = NOW
        self.engine = engine
        self.welcome: set[int] = set()
        self.judged: list[int] = []
        self.tunnels = ConsumerTunnels(lambda: self.now, capacity)
        self.tunnels.begin(master)

    def hold(
        self,
        stream: int,
        consumer: int = 1,
        kind: CredentialType = KEY,
        name: str = "k",
        until: datetime | None = None,
    ) -> bool:
        held = Held(
            tunnel=Tunnel(worker=7, stream=stream, client="192.0.2.1:9"),
            consumer=UUID(int=consumer),
            named=frozenset({(kind, name)}),
            until=until,
        )
        if kind is CERTIFICATE:
            self.welcome.add(stream)

            async def again() -> Held | None:
                self.judged.append(stream)
                return replace(held, until=None) if stream in self.welcome else None

            held = replace(held, again=again)
        return self.tunnels.hold(held)

    async def until(self, wanted: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not wanted():
                await asyncio.sleep(0.005)


@asynccontextmanager
async def scene(numbers: range, capacity: int = 100) -> AsyncIterator[Scene]:
    engine = Engine(numbers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = (await reader.read()).decode()
        writer.write(engine.reply(re.sub(r"^@!7(?=;)", "", said)).encode())
        writer.close()

    with tempfile.TemporaryDirectory(prefix="ostiary-") as folder:
        path = Path(folder) / "m.sock"
        async with await asyncio.start_unix_server(serve, path):
            made = Scene(engine, MasterSocket(path), capacity)
            try:
                yield made
            finally:
                await made.tunnels.end()


def changed(kind: CredentialType, *names: str) -> Changed:
    return Changed(credentials=frozenset((kind, name) for name in names))


def test_a_change_ends_those_of_its_credential_or_consumer_and_no_other() -> None:
    async def play() -> None:
        async with scene(range(1, 6)) as one:
            for stream, consumer, name in ((1, 1, "a"), (2, 1, "b"), (3, 2, "c"), (4, 3, "d")):
                assert one.hold(stream, consumer, name=name)
            await one.tunnels.look_again(changed(KEY, "a", "x"))
            assert one.engine.open == {2, 3, 4, 5}
            await one.tunnels.look_again(changed(CredentialType.JWT, "b"))
            await one.tunnels.look_again(Changed(consumers=frozenset({UUID(int=2)})))
            assert one.engine.open == {2, 4, 5}
            await one.tunnels.look_again(None)
            assert one.engine.open == {5}

    asyncio.run(play())


def test_certificates_are_judged_again_and_those_that_others_may_claim_too() -> None:
    async def play() -> None:
        async with scene(range(1, 4)) as one:
            one.hold(1, 1, CERTIFICATE, "a")
            one.hold(2, 2, CERTIFICATE, "b")
            one.hold(3, 3)
            await one.tunnels.look_again(changed(CERTIFICATE, "a"))
            assert one.engine.open == {1, 2, 3}
            one.welcome = set()
            await one.tunnels.look_again(changed(CERTIFICATE, "b"))
            assert 2 not in one.engine.open
            await one.until(lambda: one.engine.open == {3})

    asyncio.run(play())


def test_what_couldn_t_be_ended_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer_tunnels, "_AGAIN_SECONDS", 0.01)

    async def play() -> None:
        async with scene(range(1, 3)) as one:
            one.hold(1)
            one.engine.silent = True
            await one.tunnels.look_again(changed(KEY, "k"))
            assert one.engine.open == {1, 2}
            one.engine.silent = False
            await one.until(lambda: one.engine.open == {2})

    asyncio.run(play())


def test_one_whose_time_is_up_ends_by_the_clock_and_others_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consumer_tunnels, "_LOOK_SECONDS", 0.01)

    async def play() -> None:
        async with scene(range(1, 4)) as one:
            later = NOW + timedelta(hours=1)
            one.hold(1, 1, CERTIFICATE, "a", until=later)
            one.hold(2, 2, CERTIFICATE, "b", until=later)
            one.welcome = {2}
            one.now = later
            await one.until(lambda: one.engine.open == {2, 3})
            await one.until(lambda: 2 in one.judged)
            # Its time is another now.
            count = len(one.judged)
            await asyncio.sleep(0.05)
            assert len(one.judged) == count

    asyncio.run(play())


def test_those_that_ended_by_themselves_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer_tunnels, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(tunnels, "_SWEPT_FROM", 2)

    async def play() -> None:
        async with scene(range(1, 3), capacity=3) as one:
            one.tunnels._sweep_at = 2
            for stream in (1, 2, 3):
                assert one.hold(stream)
            assert not one.hold(4)
            # The third has never been there.
            await one.until(lambda: one.hold(5))

    asyncio.run(play())
