"""An answer from before a block, on its way while the verdict is withdrawn, is not remembered."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ostiary.agent.answers import Answer, actions_for
from ostiary.compiler.bundle import EntryMaterial, Materials
from ostiary.compiler.names import HIGHEST_CODE, VERDICTS
from ostiary.supervisor.binary import EngineBinary
from tests.daemon.agent_rig import faltering
from tests.daemon.clients import Connection, context
from tests.daemon.compiled import carried
from tests.daemon.gateway import free_port
from tests.daemon.test_agent_asked_twice import AUTHS, DOCUMENT
from tests.daemon.upstream import Upstream
from tests.support.pki import Kit

pytestmark = pytest.mark.daemon

Withdraw = Callable[[], str]


@contextlib.contextmanager
def asking(
    binary: EngineBinary, folder: Path, reply: Callable[[int, Withdraw], bytes]
) -> Iterator[tuple[Connection, Withdraw]]:
    """A client's connection, and what withdraws its verdict, as ``wiring.withdrawing`` does."""
    kit = Kit(folder)
    root = kit.root("root")
    server, client = kit.server(root, "server", dns=["default.example"]), kit.client(root, "client")
    entry = EntryMaterial(
        certificate=server.chain_file.read_bytes(), key=server.key_file.read_bytes(), anchors=()
    )
    told = folder / "told.cfg"
    told.write_text(f"global\n stats socket {folder}/told.sock level admin\n")
    numbers = iter(range(HIGHEST_CODE + 1, HIGHEST_CODE + 100))

    def say(command: str) -> str:
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(folder / "told.sock"))
            line.sendall(f"{command}\n".encode())
            said = b""
            while part := line.recv(65536):
                said += part
            return said.decode()

    def withdraw() -> str:
        rows = [word for word in say(f"show table {VERDICTS}").split() if word.startswith("key=")]
        (key,) = [row.removeprefix("key=") for row in rows]
        return say(f"set table {VERDICTS} key {key} data.gpt {next(numbers)}").strip()

    port = free_port()
    with contextlib.ExitStack() as stack:
        service = stack.enter_context(Upstream())
        stack.enter_context(faltering(folder, lambda number: reply(number, withdraw)))
        text = DOCUMENT.format(port=port, service=service.port, auth=AUTHS["certificate"])
        materials = Materials(entries={"default": entry})
        stack.enter_context(carried(binary, text, folder, port, materials, (told,)))
        tls = context(client)
        connection = stack.enter_context(Connection(port, tls, sni="default.example"))
        yield connection, withdraw


def lasting(code: int) -> bytes:
    return actions_for(Answer(code=code, until=int(time.time()) + 3600))


def test_a_withdrawn_verdict_is_asked_for_again(
    engine_binary: EngineBinary, run_folder: Path
) -> None:
    asked: list[int] = []

    def reply(number: int, _: Withdraw) -> bytes:
        asked.append(number)
        return lasting(1 if number == 1 else 7)

    with asking(engine_binary, run_folder, reply) as (connection, withdraw):
        assert [connection.ask("/api/x").status for _ in range(3)] == [200] * 3
        assert asked == [1]
        assert withdraw() == ""
        assert connection.ask("/api/x").status == 403
    assert asked == [1, 2]


def test_an_answer_that_was_overtaken_is_for_its_own_request_only(
    engine_binary: EngineBinary, run_folder: Path
) -> None:
    asked: list[int] = []

    def reply(number: int, withdraw: Withdraw) -> bytes:
        asked.append(number)
        if number == 1:
            assert withdraw() == ""  # decided already, and not yet told
        return lasting(1 if number == 1 else 7)

    with asking(engine_binary, run_folder, reply) as (connection, _):
        assert [connection.ask("/api/x").status for _ in range(2)] == [200, 403]
    assert asked == [1, 2]
