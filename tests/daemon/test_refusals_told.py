"""What is refused is told to the gateway as it happens; what a service does is not."""

import contextlib
import socket
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ostiary.compiler.bundle import EntryMaterial, Materials
from ostiary.supervisor.binary import EngineBinary
from ostiary.telemetry.events import Kind, RefusalSeen, read_event
from tests.daemon.clients import Connection, Http2, context
from tests.daemon.compiled import carried
from tests.daemon.gateway import free_port
from tests.daemon.upstream import Upstream
from tests.support.pki import Kit

pytestmark = pytest.mark.daemon

DOCUMENT = """
http: {{port: {plain}, hostname: 127.0.0.1}}
https:
  port: {port}
  hostname: 127.0.0.1
  options: {{maxHeaderSize: 8192}}
  tls:
    a.example: {{key: k.pem, cert: c.pem}}
    b.example: {{key: k.pem, cert: c.pem, rejectUnauthorized: true}}
clientCertificateAuth: {{type: certificate}}
apiEndpoints: {{api: {{paths: /api/*}}, away: {{paths: /away/*}}, odd: {{paths: /garbage}}}}
serviceEndpoints:
  s: {{url: "http://127.0.0.1:{service}"}}
  away: {{url: "http://127.0.0.1:{nobody}"}}
pipelines:
  p: {{apiEndpoints: [api, odd], policies: [proxy: {{action: {{serviceEndpoint: s}}}}]}}
  q: {{apiEndpoints: [away], policies: [proxy: {{action: {{serviceEndpoint: away}}}}]}}
"""


class Rig:
    """The compiled rules, with this test in the gateway's place at ``events.sock``."""

    def __init__(self, plain: int, port: int, kit: Kit, told: socket.socket) -> None:
        self.plain, self.port, self.kit = plain, port, kit
        self._told = told

    def tls(self, sni: str = "a.example") -> Connection:
        return Connection(self.port, context(), sni=sni)

    def heard(self, seconds: float = 30) -> RefusalSeen | None:
        """The one thing that was told since the last call; None if nothing comes."""
        self._told.settimeout(seconds)
        with contextlib.suppress(TimeoutError):
            event = read_event(self._told.recv(65_536))
            assert isinstance(event, RefusalSeen)
            self._told.settimeout(0.3)
            with pytest.raises(TimeoutError):
                self._told.recv(65_536)
            return event
        return None


@pytest.fixture(scope="module")
def rig(engine_binary: EngineBinary) -> Iterator[Rig]:
    # Its path is short enough for a unix socket.
    with tempfile.TemporaryDirectory(prefix="ostiary-") as folder:
        yield from _rig(engine_binary, Path(folder))


def _rig(engine_binary: EngineBinary, run_folder: Path) -> Iterator[Rig]:
    kit = Kit(run_folder)
    root = kit.root("root")
    server = kit.server(root, "server", dns=["a.example", "b.example"])
    entry = EntryMaterial(
        certificate=server.chain_file.read_bytes(),
        key=server.key_file.read_bytes(),
        anchors=(root.certificate,),
    )
    plain, port = free_port(), free_port()
    with Upstream() as service, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(run_folder / "events.sock"))
        told.settimeout(0.5)
        text = DOCUMENT.format(plain=plain, port=port, service=service.port, nobody=free_port())
        materials = Materials(entries={"a.example": entry, "b.example": entry})
        with carried(engine_binary, text, run_folder, plain, materials):
            for _ in range(2):  # HAProxy tells in prose that it started
                with contextlib.suppress(TimeoutError):
                    told.recv(65_536)
            yield Rig(plain, port, kit, told)


@pytest.mark.parametrize(
    ("path", "more", "status"),
    [
        ("/api/%2e%2e%2fx", [], 400),
        ("/api/x;y", [], 400),
        ("/api/x", [("X-Large", "x" * 9_000)], 431),
    ],
)
def test_a_request_that_could_be_read_in_two_ways_is_told(
    rig: Rig, path: str, more: list[tuple[str, str]], status: int
) -> None:
    with rig.tls() as client:
        assert client.ask(path, "a.example", headers=more).status == status
    event = rig.heard()
    assert event
    assert (event.kind, event.status, event.client) == (Kind.REQUEST, status, "127.0.0.1")


def test_a_host_of_another_entry_is_told(rig: Rig) -> None:
    with rig.tls() as client:
        assert client.ask("/api/x", "b.example").status == 421
    event = rig.heard()
    assert event
    assert (event.kind, event.status, event.host) == (Kind.REQUEST, 421, "b.example")
    assert event.path == "/api/x"


@pytest.mark.parametrize("listener", ["http", "https"])
def test_what_is_no_http_is_told(rig: Rig, listener: str) -> None:
    with rig.tls() if listener == "https" else Connection(rig.plain) as client:
        client.send(b"NONSENSE\x01\r\n\r\n")
        assert client.read().status == 400
    event = rig.heard()
    assert event
    assert (event.kind, event.status) == (Kind.REQUEST_MALFORMED, 0)


def test_a_certificate_that_is_refused_in_the_handshake_is_told(rig: Rig) -> None:
    stranger = rig.kit.client(rig.kit.root("other"), "stranger")
    with (
        contextlib.suppress(ssl.SSLError, ConnectionError, EOFError),
        Connection(rig.port, context(stranger), sni="b.example") as client,
    ):
        client.ask("/api/x", "b.example")
    event = rig.heard()
    assert event
    assert event.kind is Kind.HANDSHAKE_FAILED
    assert event.client == "127.0.0.1"
    assert event.reason


@pytest.mark.parametrize(
    ("path", "status"), [("/api/x", 200), ("/no", 404), ("/away/x", 503), ("/garbage", 502)]
)
def test_what_is_passed_on_is_not_told_whatever_comes_of_it(
    rig: Rig, path: str, status: int
) -> None:
    with rig.tls() as client:
        assert client.ask(path, "a.example").status == status
    with Connection(rig.port, context(alpn=["h2"]), sni="a.example") as connection:
        assert Http2(connection).ask(path, "a.example").status == status
    assert rig.heard(0.5) is None
