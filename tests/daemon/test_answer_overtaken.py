"""An answer from before a withdrawal, on its way meanwhile, is for its own request alone."""

import asyncio
import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ostiary.agent.answers import Answer
from ostiary.agent.questions import Question
from ostiary.compiler.bundle import EntryMaterial, Materials
from ostiary.compiler.names import VERDICTS, WITHDRAWALS_BY, WITHDRAWN
from ostiary.supervisor.binary import EngineBinary
from tests.daemon.agent_rig import agent
from tests.daemon.clients import Connection, context
from tests.daemon.compiled import carried
from tests.daemon.gateway import free_port
from tests.daemon.life import until
from tests.daemon.test_agent_asked_twice import AUTHS, DOCUMENT
from tests.daemon.upstream import Upstream
from tests.support.pki import Kit

pytestmark = pytest.mark.daemon


class Withdrawing:
    """Withdraws the verdict, as ``wiring.withdrawing`` does."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._numbers = itertools.count(WITHDRAWALS_BY, WITHDRAWALS_BY)

    def alone(self) -> None:
        shown = self._say(f"show table {VERDICTS}").split()
        (key,) = [word.removeprefix("key=") for word in shown if word.startswith("key=")]
        said = self._say(f"set table {VERDICTS} key {key} data.gpt {next(self._numbers)}")
        assert not said.strip()

    def with_all_others(self) -> None:
        self._say(f"experimental-mode on; set var {WITHDRAWN} int({next(self._numbers)})")

    def _say(self, command: str) -> str:
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(self._path))
            line.sendall(f"{command}\n".encode())
            said = b""
            while part := line.recv(65536):
                said += part
            return said.decode()


Reply = Callable[[int, Withdrawing], Answer | Awaitable[Answer]]


@dataclass(frozen=True)
class Scene:
    connect: Callable[[], Connection]
    withdrawing: Withdrawing
    asked: list[int]


@contextlib.contextmanager
def asking(binary: EngineBinary, folder: Path, reply: Reply) -> Iterator[Scene]:
    """Connections of one client; the nth question has the answer ``reply(n, …)``."""
    kit = Kit(folder)
    root = kit.root("root")
    server, client = kit.server(root, "server", dns=["default.example"]), kit.client(root, "client")
    entry = EntryMaterial(
        certificate=server.chain_file.read_bytes(), key=server.key_file.read_bytes(), anchors=()
    )
    told = folder / "told.cfg"
    told.write_text(f"global\n stats socket {folder}/told.sock level admin\n")
    withdrawing, asked = Withdrawing(folder / "told.sock"), list[int]()

    def answer(_: Question) -> Answer | Awaitable[Answer]:
        asked.append(len(asked) + 1)
        return reply(asked[-1], withdrawing)

    port = free_port()
    with contextlib.ExitStack() as stack:
        service = stack.enter_context(Upstream())
        stack.enter_context(agent(folder, answer))
        text = DOCUMENT.format(port=port, service=service.port, auth=AUTHS["certificate"])
        materials = Materials(entries={"default": entry})
        stack.enter_context(carried(binary, text, folder, port, materials, (told,)))
        tls = context(client)

        def connect() -> Connection:
            return stack.enter_context(Connection(port, tls, sni="default.example"))

        yield Scene(connect, withdrawing, asked)


def lasting(code: int) -> Answer:
    return Answer(code=code, until=int(time.time()) + 3600)


def statuses(scene: Scene, count: int) -> list[int]:
    """Of so many requests; a refused one closes its connection."""
    return [scene.connect().ask("/api/x").status for _ in range(count)]


WAYS = (Withdrawing.alone, Withdrawing.with_all_others)


def test_a_withdrawn_verdict_is_asked_for_again(
    engine_binary: EngineBinary, run_folder: Path
) -> None:
    codes = (1, 7, 1, 9, 1)
    with asking(engine_binary, run_folder, lambda number, _: lasting(codes[number - 1])) as scene:
        for code, withdraw in zip(codes, (*WAYS, *WAYS, WAYS[0]), strict=True):
            assert statuses(scene, 2) == [200 if code == 1 else 403] * 2
            withdraw(scene.withdrawing)
        assert scene.asked == [1, 2, 3, 4, 5]


def test_an_answer_that_was_overtaken_is_for_its_own_request_only(
    engine_binary: EngineBinary, run_folder: Path
) -> None:
    overtaken = dict(zip((1, 3), WAYS, strict=True))

    def reply(number: int, withdrawing: Withdrawing) -> Answer:
        if number in overtaken:
            overtaken[number](withdrawing)  # decided already, and not yet told
        return lasting(1 if number in overtaken else 7)

    with asking(engine_binary, run_folder, reply) as scene:
        assert statuses(scene, 3) == [200, 403, 403]
        assert scene.asked == [1, 2]
        scene.withdrawing.alone()
        assert statuses(scene, 3) == [200, 403, 403]
        assert scene.asked == [1, 2, 3, 4]


def test_so_it_is_where_a_newer_answer_was_what_the_row_held_before(
    any_engine: EngineBinary, run_folder: Path
) -> None:
    """Refused; let in, with all verdicts withdrawn; and refused again, by its own row alone."""
    release = threading.Event()

    async def late() -> Answer:
        answer = lasting(1)
        await asyncio.to_thread(release.wait, 30)
        return answer

    def reply(number: int, _: Withdrawing) -> Answer | Awaitable[Answer]:
        return late() if number == 2 else lasting(7)

    with asking(any_engine, run_folder, reply) as scene:
        assert statuses(scene, 1) == [403]
        first = scene.connect()
        scene.withdrawing.with_all_others()
        first.send(b"GET /api/x HTTP/1.1\r\nHost: default.example\r\n\r\n")
        until(lambda: len(scene.asked) == 2)
        scene.withdrawing.alone()
        assert statuses(scene, 1) == [403]
        release.set()
        assert first.read().status == 200
        assert statuses(scene, 2) == [403, 403]
