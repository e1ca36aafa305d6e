"""A question that ends in an error is asked once more: HAProxy itself ends some when it reloads."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ostiary.agent.answers import Answer, actions_for
from ostiary.agent.facts import Facts
from ostiary.compiler.bundle import EntryMaterial, Materials
from ostiary.spoe.connection import farewell
from ostiary.spoe.status import Status
from ostiary.supervisor.binary import EngineBinary
from tests.daemon.agent_rig import faltering
from tests.daemon.clients import Connection, context
from tests.daemon.compiled import carried
from tests.daemon.gateway import free_port
from tests.daemon.upstream import Upstream
from tests.support.pki import Kit

pytestmark = pytest.mark.daemon

DOCUMENT = """
https:
  port: {port}
  hostname: 127.0.0.1
  tls: {{default: {{key: k.pem, cert: c.pem}}}}
clientCertificateAuth: {{{auth}}}
apiEndpoints: {{api: {{paths: /api/*}}}}
serviceEndpoints: {{s: {{url: "http://127.0.0.1:{service}"}}}}
pipelines: {{p: {{apiEndpoints: [api], policies: [proxy: {{action: {{serviceEndpoint: s}}}}]}}}}
"""
AUTHS = {
    "certificate": "type: certificate, required: true",
    "header": "type: header, required: true, headerName: X-Cert, trustedProxies: [127.0.0.1]",
}
ADMITTED = actions_for(Answer(code=1, until=0))
WITH_FACTS = ADMITTED + Facts(header="A" * 64, fingerprint="F" * 64, certificate="MAA=").actions
Reply = Callable[[int], bytes | None]


@pytest.fixture(params=AUTHS)
def auth(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@contextlib.contextmanager
def asking(
    binary: EngineBinary, folder: Path, auth: str, reply: Reply | None, goodbye: bytes = b""
) -> Iterator[Callable[[], tuple[int, float]]]:
    """A client of the compiled rules and this agent: each call gives the status, and seconds."""
    kit = Kit(folder)
    root = kit.root("root")
    server = kit.server(root, "server", dns=["default.example"])
    entry = EntryMaterial(
        certificate=server.chain_file.read_bytes(), key=server.key_file.read_bytes(), anchors=()
    )
    port, tls = free_port(), context(kit.client(root, "client"))

    def ask() -> tuple[int, float]:
        started = time.monotonic()
        with Connection(port, tls, sni="default.example") as connection:
            status = connection.ask("/api/x", headers=[("X-Cert", "MAA=")]).status
        return status, time.monotonic() - started

    with contextlib.ExitStack() as stack:
        service = stack.enter_context(Upstream())
        if reply:
            stack.enter_context(faltering(folder, reply, goodbye))
        text = DOCUMENT.format(port=port, service=service.port, auth=AUTHS[auth])
        materials = Materials(entries={"default": entry})
        stack.enter_context(carried(binary, text, folder, port, materials))
        yield ask


@pytest.mark.parametrize("goodbye", [b"", farewell(Status.NORMAL, "bye")])
def test_the_second_question_s_answer_counts(
    engine_binary: EngineBinary, run_folder: Path, auth: str, goodbye: bytes
) -> None:
    asked: list[int] = []

    def reply(number: int) -> bytes | None:
        asked.append(number)
        admitted = WITH_FACTS if auth == "header" else ADMITTED
        return admitted if number % 2 == 0 else None

    with asking(engine_binary, run_folder, auth, reply, goodbye) as ask:
        assert [ask()[0] for _ in range(3)] == [200] * 3
    assert asked == [1, 2, 3, 4, 5, 6]


def test_there_is_no_third_question(
    engine_binary: EngineBinary, run_folder: Path, auth: str
) -> None:
    asked: list[int] = []
    with asking(engine_binary, run_folder, auth, asked.append) as ask:
        assert ask()[0] == 503
    assert asked == [1, 2]


def test_an_agent_that_takes_too_long_is_not_asked_again(
    engine_binary: EngineBinary, run_folder: Path, auth: str
) -> None:
    asked: list[int] = []

    def reply(number: int) -> bytes | None:
        asked.append(number)
        time.sleep(4)
        return ADMITTED

    with asking(engine_binary, run_folder, auth, reply) as ask:
        status, seconds = ask()
    assert status == 503
    assert seconds > 1.5
    assert asked == [1]


def test_without_an_agent_clients_are_refused_at_once(
    engine_binary: EngineBinary, run_folder: Path, auth: str
) -> None:
    with asking(engine_binary, run_folder, auth, None) as ask:
        # Once health checks have found nobody: an agent is waited for two seconds.
        until, seconds = time.monotonic() + 30, 2.0
        while seconds > 1.5:
            assert time.monotonic() < until
            status, seconds = ask()
            assert status == 503
