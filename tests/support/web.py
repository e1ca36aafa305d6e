"""A web site on loopback that answers as it is told: properly, slowly, without end, or nonsense.

with Site() as site:
    site.put("/ca.crl", content)               200, with an ETag; 304 to whoever has it
    site.answers["/slow"] = drip(...)          any callable that gets the handler
    site.url("/ca.crl")
    site.asked                                 what was asked for, in order
"""

import contextlib
import hashlib
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Answer = Callable[[BaseHTTPRequestHandler], None]


class Site:
    """Listens on 127.0.0.1, on a port of its own."""

    def __init__(self, context: Any = None) -> None:
        """With TLS by ``context`` (an SSLContext), else without."""
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site.asked.append(self.path)
                site.headers.append({name.lower(): value for name, value in self.headers.items()})
                self.close_connection = True
                with contextlib.suppress(OSError):
                    site.answers.get(self.path, status(404))(self)

            def do_POST(self) -> None:
                site.bodies.append(self.rfile.read(int(self.headers["content-length"])))
                self.do_GET()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as it is called
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._scheme = "https" if context is not None else "http"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{self._scheme}://{host}:{self.port}{path}"

    def put(self, path: str, content: bytes, **headers: str) -> None:
        """Publish something; from now on, in place of what was there."""
        self.answers[path] = serve(content, **headers)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def serve(content: bytes, **headers: str) -> Answer:
    """The content with an ETag, and 304 to whoever has it; ``Content_Type="…"`` adds a header."""
    tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'

    def answer(handler: BaseHTTPRequestHandler) -> None:
        known = handler.headers.get("if-none-match") == tag
        handler.send_response(304 if known else 200)
        handler.send_header("ETag", tag)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        if not known:
            handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        if not known:
            handler.wfile.write(content)

    return answer


def status(code: int, **headers: str) -> Answer:
    """No content."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def raw(*parts: bytes, pause: float = 0.0) -> Answer:
    """These bytes and no others, one after the other."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        for part in parts:
            handler.wfile.write(part)
            handler.wfile.flush()
            time.sleep(pause)

    return answer


def endless(piece: bytes, *, pause: float = 0.0, most: int = 1 << 40, said: str = "") -> Answer:
    """200 and ``piece`` again and again, until the other end has enough; ``said``: more headers."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(f"HTTP/1.1 200 OK\r\n{said}Connection: close\r\n\r\n".encode())
        sent = 0
        while sent < most:
            handler.wfile.write(piece)
            handler.wfile.flush()
            sent += len(piece)
            time.sleep(pause)

    return answer
