"""Connections to services are kept and shared; a service may close one at the wrong moment."""

import contextlib
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import Connection
from tests.daemon.gateway import running

pytestmark = pytest.mark.daemon


class Fickle:
    """A service that answers the first request of each connection and hangs up on the second."""

    def __init__(self) -> None:
        self.methods: list[str] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self._listener.accept()
                self.connections += 1
                with peer, contextlib.suppress(OSError):
                    peer.settimeout(5)
                    if self._read(peer):
                        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                        self._read(peer)

    def _read(self, peer: socket.socket) -> bool:
        head = b""
        while b"\r\n\r\n" not in head:
            more = peer.recv(65536)
            if not more:
                return False
            head += more
        self.methods.append(head.split(b" ", 1)[0].decode())
        return True


@pytest.fixture
def fickle() -> Iterator[Fickle]:
    service = Fickle()
    yield service
    service.close()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_only_what_is_safe_to_repeat_is_sent_again_when_a_kept_connection_ends(
    engine_binary: EngineBinary, fickle: Fickle, method: str
) -> None:
    config = {
        "http": {"hostname": "127.0.0.1"},
        "apiEndpoints": {"all": {"paths": "/*"}},
        "serviceEndpoints": {"fickle": {"url": f"http://127.0.0.1:{fickle.port}"}},
        "pipelines": {
            "all": {
                "apiEndpoints": ["all"],
                "policies": [{"proxy": [{"action": {"serviceEndpoint": "fickle"}}]}],
            }
        },
    }
    with (
        tempfile.TemporaryDirectory(prefix="ost-") as folder,
        running(engine_binary, config, Path(folder)) as gateway,
    ):
        port = gateway.config["http"]["port"]
        with Connection(port) as first:
            assert first.ask("/a", "a.example").status == 200
        with Connection(port) as second:  # another client, on the connection the first one left
            if method == "GET":
                assert second.ask("/b", "a.example").status == 200
            else:  # told 502 by HAProxy 2.6; 2.8 closes, as the service did
                with contextlib.suppress(EOFError):
                    assert second.ask("/b", "a.example", method=method).status == 502
    assert fickle.methods.count(method) == (3 if method == "GET" else 1)
