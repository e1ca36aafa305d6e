"""The sample service behind the demo's gateway: tells who it thinks the client is."""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_USERS = [{"id": 1, "name": "Ada"}, {"id": 2, "name": "Grace"}]
_IDENTITY = (
    "x-client-cert-subject-dn",
    "x-client-cert-issuer-dn",
    "x-client-cert-serial",
    "x-client-cert-sha256",
    "x-forwarded-for",
    "eg-request-id",
)


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        you = {name: self.headers[name] for name in _IDENTITY if name in self.headers}
        body = json.dumps({"users": _USERS, "path": self.path, "you": you}, indent=2).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body) + 1))
        self.end_headers()
        self.wfile.write(body + b"\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        """Say nothing: the gateway has the log."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of connections that the gateway closed: that is how it ends them."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # passed on


@contextmanager
def sample_service(port: int) -> Iterator[int]:
    """Serve on 127.0.0.1 until the end of the block; 0 takes a free port. Gives the port."""
    server = _Server(("127.0.0.1", port), _Answering)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
