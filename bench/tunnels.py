"""WebSockets through the gateway, and a service that takes them: how soon does one end?"""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from bench.children import DidNotStart

_ASK = b"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" + (
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
_ANSWER = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" + (
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
_SECONDS = 30.0


@contextlib.contextmanager
def service() -> Iterator[int]:
    """Switches protocols for whoever asks, and holds the line; the port it listens on."""
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        threading.Thread(target=_take, args=(listener, held), daemon=True).start()
        yield listener.getsockname()[1]
        # A thread that waits in accept() isn't woken by close().
        listener.shutdown(socket.SHUT_RDWR)
    for one in held:
        one.close()


def _take(listener: socket.socket, held: list[socket.socket]) -> None:
    with contextlib.suppress(OSError):
        while True:
            one, _ = listener.accept()
            one.settimeout(_SECONDS)
            if one.recv(65_536):
                one.sendall(_ANSWER)
                held.append(one)


class Tunnel:
    """An open WebSocket of a client; ``ended`` is when it did, by the monotonic clock."""

    def __init__(self, port: int, key: Path, cert: Path) -> None:
        """Open it. Raises DidNotStart."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.load_cert_chain(cert, key)
        raw = socket.create_connection(("127.0.0.1", port), timeout=_SECONDS)
        self._socket = context.wrap_socket(raw, server_hostname="localhost")
        self._socket.sendall(_ASK)
        answer = self._socket.recv(65_536)
        if not answer.startswith(b"HTTP/1.1 101"):
            raise DidNotStart(f"no WebSocket: {answer[:40]!r}")
        self._socket.settimeout(None)
        self._ended: float | None = None
        self._thread = threading.Thread(target=self._wait, daemon=True)
        self._thread.start()

    def _wait(self) -> None:
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            if self._socket.recv(1):
                return
        self._ended = time.monotonic()

    def end(self) -> float:
        """When it was ended by the gateway. Raises DidNotStart if it wasn't."""
        self._thread.join(_SECONDS)
        self._socket.close()
        if self._ended is None:
            raise DidNotStart("a WebSocket of a blocked client goes on")
        return self._ended
