"""An HTTP server that takes webhooks, as a program of the operator's would; it answers as told."""

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.pki import Made

Answer = Callable[[BaseHTTPRequestHandler, int], None]
"""Answers the so-manieth request, from 1."""
PATIENCE = 30.0


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> Any:
        return json.loads(self.body)


def status(*codes: int, **headers: str) -> Answer:
    """One after another; the last for all that follow."""

    def answer(handler: BaseHTTPRequestHandler, number: int) -> None:
        handler.send_response(codes[min(number, len(codes)) - 1])
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


class Receiver:
    def __init__(self, server: ThreadingHTTPServer, scheme: str) -> None:
        self.url = f"{scheme}://localhost:{server.server_port}/hook?key=in-the-url"
        self.received: list[Received] = []
        self._news = threading.Condition()

    def take(self, one: Received) -> int:
        with self._news:
            self.received.append(one)
            self._news.notify_all()
            return len(self.received)

    def wait(self, count: int = 1, seconds: float = PATIENCE) -> list[Received]:
        """The first so many."""
        with self._news:
            came = self._news.wait_for(lambda: len(self.received) >= count, seconds)
            assert came, f"only {len(self.received)} of {count} came"
            return self.received[:count]

    def wait_for(self, topic: str, seconds: float = PATIENCE) -> Received:
        """The first about this."""

        def found() -> Received | None:
            return next((one for one in self.received if one.event["type"] == topic), None)

        with self._news:
            came = self._news.wait_for(lambda: found() is not None, seconds)
            assert came, [one.event["type"] for one in self.received]
            one = found()
            assert one is not None
            return one


@contextmanager
def receiving(
    answer: Answer | None = None, *, tls: Made | None = None, port: int = 0
) -> Iterator[Receiver]:
    """A receiver on 127.0.0.1 that answers 204, or as told."""
    answering = answer or status(204)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answering(self, receiver.take(Received(self.path, headers, body)))

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls.chain_file, tls.key_file)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver = Receiver(server, "https" if tls else "http")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def byte_by_byte(handler: BaseHTTPRequestHandler, _number: int) -> None:
    """Promises a long answer, and never comes to its end."""
    handler.send_response(500)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    for _ in range(200):
        try:
            handler.wfile.write(b"x")
            handler.wfile.flush()
        except OSError:
            return
        time.sleep(0.05)
