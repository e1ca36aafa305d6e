"""WebSockets through a gateway, over HTTP/1.1 and HTTP/2, to the service's echo."""

import contextlib
from collections.abc import Iterable

from tests.daemon.clients import Connection, Http2

HEADERS = (
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-WebSocket-Version", "13"),
)
"""RFC 6455 section 1.3."""


def upgrade(
    connection: Connection,
    path: str = "/api/ws",
    host: str = "default.example",
    headers: Iterable[tuple[str, str]] = (),
) -> int:
    """Ask for a WebSocket; the status."""
    return connection.ask(path, host, headers=(*headers, *HEADERS)).status


def echoes(connection: Connection) -> bool:
    """Whether the WebSocket is open: something sent comes back."""
    with contextlib.suppress(OSError):
        connection.send(b"\x81\x02hi")
        got = b""
        while len(got) < 4 and (part := connection.socket.recv(4 - len(got))):
            got += part
        return got == b"\x81\x02hi"
    return False


def upgrade_stream(
    http2: Http2, path: str = "/api/ws", headers: Iterable[tuple[str, str]] = ()
) -> int:
    """The same on a stream (RFC 8441); its number, once the service has agreed."""
    stream = http2.h2.get_next_available_stream_id()
    head = [
        (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"),
        (":authority", "default.example"), (":path", path), ("sec-websocket-version", "13"),
        *headers,
    ]  # fmt: skip
    http2.h2.send_headers(stream, head)
    http2.flush()
    assert http2.head(stream).status == 200
    return stream


def stream_echoes(http2: Http2, stream: int) -> bool:
    """Whether the WebSocket on this stream is open."""
    before = len(http2.body(stream, 0))
    http2.h2.send_data(stream, b"\x81\x02hi")
    http2.flush()
    return http2.body(stream, before + 4)[before:] == b"\x81\x02hi"


def reset(http2: Http2, stream: int) -> bool:
    """Whether the stream was ended, and not the connection; waits for the end."""
    try:
        http2.read(stream, seconds=30)
    except EOFError as error:
        return str(error).startswith("RST_STREAM")
    return True
