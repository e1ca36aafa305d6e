"""WebSockets are ended by their numbers: the right ones, again if it failed, and in time."""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ostiary.agent import tunnels
from ostiary.agent.questions import Question
from ostiary.agent.tunnels import Tunnel
from ostiary.ca.authority import issue_client, new_root
from ostiary.ca.dice import SystemDice
from ostiary.kernel.blocked import Block, Blocked
from ostiary.supervisor.runtime import MasterSocket
from ostiary.trust.desk import Desk
from ostiary.trust.intermediates import Intermediates
from ostiary.trust.policy import TrustPolicy
from ostiary.trust.standing import standing_of
from ostiary.wiring import tunnelling
from ostiary.wiring.answering import Ask
from ostiary.wiring.tunnelling import Tunnelling

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ROOT = new_root("Root", NOW, SystemDice())
LEAF, OTHER = (
    issue_client(ROOT, name, NOW, SystemDice()).certificate for name in ("leaf", "other")
)
POLICIES = {"e": TrustPolicy(anchors=(ROOT.certificate,))}
PROCESSES = "1 master 0 [failed: 0] 0d00h00m02s 2.6.12\n# workers\n7 worker 0 0d00h00m01s 2.6.12\n"


class Engine:
    """A worker with requests under way, as its sockets tell of it. Behind a PROXY header the list
    has other addresses than the rules."""

    def __init__(self, numbers: range) -> None:
        self.streams = {f"0x{number:x}": number for number in numbers}
        self.silent = False

    def reply(self, said: str) -> str:
        if said.startswith("show proc"):
            return PROCESSES
        if self.silent:
            return ""
        return "".join(f"{self._one(command.strip())}\n" for command in said.split(";")[1:])

    def _one(self, command: str) -> str:
        if command == "show sess":
            rows = [f"{one}: proto=unix_stream src=unix:2 fe=https be=x" for one in self.streams]
            return "\n".join(["0xffff: proto=tcpv4 src=1.2.3.4:5 fe=GLOBAL be=x", *rows, ""])
        verb, address = command.rpartition(" ")[::2]
        number = self.streams.get(address)
        if number is None:
            return "No such session\n"
        if verb == "shutdown session":
            del self.streams[address]
            return ""
        assert verb == "show sess"
        return f"{address}: [22/Nov/2026:11:30:47.365191] id={number} proto=unix_stream\n  more\n"

    @property
    def open(self) -> set[int]:
        return set(self.streams.values())


class Scene:
    """A desk that trusts the root, and an engine."""

    def __init__(self, engine: Engine, master: MasterSocket, ask: Ask | None) -> None:
        self.now = NOW
        self.engine = engine
        self.desk = Desk(standing_of(POLICIES), Intermediates())
        self.tunnelling = Tunnelling(self.desk, lambda: self.now, ask)
        self.tunnelling.begin(master)

    def open(self, stream: int, leaf: bytes = LEAF.der) -> bool:
        tunnel = Tunnel(worker=7, stream=stream, client="192.0.2.1:9")
        question = Question(entry="e", certificate=leaf, chain=b"", tunnel=tunnel)
        return self.tunnelling.note(question, leaf, (), self.desk.answer("e", leaf, (), self.now))

    def block(self, leaf: bytes) -> None:
        blocks = Blocked([Block(number=1, mark=leaf, at=NOW, by="ann")])
        self.desk.replace(standing_of(POLICIES, self.desk.standing, blocks))

    async def until(self, wanted: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not wanted():
                await asyncio.sleep(0.005)


@asynccontextmanager
async def scene(numbers: range, ask: Ask | None = None) -> AsyncIterator[Scene]:
    engine = Engine(numbers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = (await reader.read()).decode()
        writer.write(engine.reply(re.sub(r"^@!7(?=;)", "", said)).encode())
        writer.close()

    with tempfile.TemporaryDirectory(prefix="ostiary-") as folder:
        path = Path(folder) / "m.sock"
        async with await asyncio.start_unix_server(serve, path):
            made = Scene(engine, MasterSocket(path), ask)
            try:
                yield made
            finally:
                await made.tunnelling.end()


def test_of_many_only_the_blocked_client_s_are_ended() -> None:
    async def play() -> None:
        async with scene(range(300)) as made:
            for stream in (5, 299, 777):  # the last has ended by itself
                assert made.open(stream)
            assert made.open(6, OTHER.der)
            made.block(LEAF.sha256)
            await made.tunnelling.look_again(judged=False)
            assert made.engine.open == set(range(300)) - {5, 299}

    asyncio.run(play())


def test_those_of_a_policy_that_changed_are_judged_again() -> None:
    async def play() -> None:
        async with scene(range(10)) as made:
            assert made.open(3)
            await made.tunnelling.look_again(judged=True)
            made.desk.replace(standing_of({"e": TrustPolicy(anchors=())}))
            await made.tunnelling.look_again(judged=True)
            await made.until(lambda: made.engine.open == set(range(10)) - {3})

    asyncio.run(play())


def test_when_a_certificate_expires_its_websocket_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tunnelling, "_LOOK_SECONDS", 0.01)

    async def play() -> None:
        async with scene(range(10)) as made:
            assert made.open(3)
            await asyncio.sleep(0.05)
            assert made.engine.open == set(range(10))
            made.now = LEAF.not_after + timedelta(seconds=1)
            await made.until(lambda: made.engine.open == set(range(10)) - {3})

    asyncio.run(play())


def test_what_could_not_be_ended_is_ended_as_soon_as_it_can(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tunnelling, "_AGAIN_SECONDS", 0.01)

    async def play() -> None:
        async with scene(range(10)) as made:
            assert made.open(3)
            made.engine.silent = True
            made.block(LEAF.sha256)
            await made.tunnelling.look_again(judged=False)
            assert made.engine.open == set(range(10))
            made.engine.silent = False
            await made.until(lambda: made.engine.open == set(range(10)) - {3})

    asyncio.run(play())


def test_those_that_ended_by_themselves_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tunnelling, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(tunnels, "_SWEPT_FROM", 4)

    async def play() -> None:
        async with scene(range(2)) as made:
            made.tunnelling._tunnels.capacity = 5
            for stream in range(1, 6):
                assert made.open(stream)
            assert not made.open(6)
            await made.until(lambda: made.open(7))

    asyncio.run(play())


def test_with_more_than_half_of_the_room_in_use_those_that_ended_make_room_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tunnelling, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(tunnels, "_SWEPT_FROM", 4)
    swept: list[int] = []

    async def play() -> None:
        async with scene(range(5)) as made:
            made.tunnelling._tunnels.capacity = 6
            sweep = made.tunnelling._sweep

            async def counted() -> None:
                await sweep()
                swept.append(len(made.tunnelling._tunnels))

            monkeypatch.setattr(made.tunnelling, "_sweep", counted)
            for stream in range(1, 5):
                assert made.open(stream)
            await made.until(lambda: bool(swept))
            assert swept[0] == 4, "all of them are still open"
            for stream in (7, 8):  # have ended before they are asked about
                made.open(stream)
            await made.until(lambda: made.open(2) and made.open(9))

    asyncio.run(play())
