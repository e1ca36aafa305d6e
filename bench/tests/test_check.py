"""A gateway is measured only if it admits and refuses the right clients: the check can say no."""

import contextlib
import http.server
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.certificates import Pki, make
from bench.check import Unfit, check
from bench.contestants.nginx import NGINX


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return make(tmp_path_factory.mktemp("bench") / "pki")


@contextlib.contextmanager
def gateway(pki: Pki, *, trusted: Path | None) -> Iterator[int]:
    """A TLS server that answers everybody 200 whom its handshake lets in."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki.server.cert, pki.server.key)
    if trusted is not None:
        context.load_verify_locations(trusted)
        context.verify_mode = ssl.CERT_OPTIONAL
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # refusals are expected
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def test_a_gateway_that_asks_for_no_certificate_is_unfit(pki: Pki) -> None:
    open_door = gateway(pki, trusted=None)
    with open_door as port, pytest.raises(Unfit, match="answers no certificate with 200"):
        check(NGINX, port, pki, patience=1)


def test_a_gateway_that_refuses_its_own_client_is_unfit(pki: Pki) -> None:
    stranger = pki.stranger.cert
    wrong_anchor = gateway(pki, trusted=stranger)
    with wrong_anchor as port, pytest.raises(Unfit, match="answers a trusted client with"):
        check(NGINX, port, pki, patience=1)
