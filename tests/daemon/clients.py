"""Clients that say exactly what a test wants: raw HTTP/1.1, HTTP/2, and TLS sessions kept."""

import contextlib
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, Protocol, Self

import h2.config
import h2.connection
import h2.events
import h2.exceptions


class Presented(Protocol):
    """What a client presents: ``tests.support.pki.Made`` is one."""

    @property
    def chain_file(self) -> Path: ...
    @property
    def key_file(self) -> Path: ...


@dataclass(slots=True)
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False, default=b"")

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def context(
    client: Presented | None = None,
    *,
    version: ssl.TLSVersion | None = None,
    alpn: Sequence[str] = (),
    tickets: bool = True,
) -> ssl.SSLContext:
    """A client that trusts any server: who serves is not what these tests ask."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    # Weak certificates must be refused by the gateway, not by the client's own library.
    made.set_ciphers("DEFAULT:@SECLEVEL=0")
    if version:
        made.minimum_version = made.maximum_version = version
    if client:
        made.load_cert_chain(client.chain_file, client.key_file)
    if alpn:
        made.set_alpn_protocols(list(alpn))
    if not tickets:
        made.options |= ssl.OP_NO_TICKET
    return made


class Connection:
    """One connection, plain or TLS; a context manager."""

    def __init__(
        self,
        port: int,
        tls: ssl.SSLContext | None = None,
        *,
        sni: str | None = None,
        session: ssl.SSLSession | None = None,
        address: str = "127.0.0.1",
        source: str = "",
        preface: bytes = b"",
        timeout: float = 60,
    ) -> None:
        """``source``: the address to come from; ``preface``: said before TLS, as a PROXY header."""
        # Wrapped before it is connected: ``wrap_socket`` loses the socket, unclosed, when the peer
        # resets the connection between the two.
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        raw = socket.socket(family, socket.SOCK_STREAM)
        raw.settimeout(timeout)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if source:
            raw.bind((source, 0))
        if preface:
            raw.connect((address, port))
            raw.sendall(preface)
        self.socket = tls.wrap_socket(raw, server_hostname=sni, session=session) if tls else raw
        try:
            if not preface:
                self.socket.connect((address, port))
        except (OSError, ssl.SSLError):
            self.socket.close()
            raise
        self._file = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self.socket.close()

    @property
    def session(self) -> ssl.SSLSession | None:
        """The session to resume; with TLS 1.3 there is one only after something was read."""
        assert isinstance(self.socket, ssl.SSLSocket)
        return self.socket.session

    @property
    def resumed(self) -> bool:
        assert isinstance(self.socket, ssl.SSLSocket)
        return bool(self.socket.session_reused)

    @property
    def protocol(self) -> str | None:
        """What ALPN agreed on."""
        assert isinstance(self.socket, ssl.SSLSocket)
        return self.socket.selected_alpn_protocol()

    def send(self, raw: bytes) -> None:
        self.socket.sendall(raw)

    def read(self, method: str = "GET") -> Reply:
        """One answer. Raises EOFError if the connection ended instead."""
        response = HTTPResponse(_Kept(self._file), method=method)  # type: ignore[arg-type]  # only makefile is used
        try:
            response.begin()
            body = response.read() if response.status != 101 else b""
        except (ConnectionError, ssl.SSLError) as error:
            raise EOFError(str(error)) from error
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, headers, body)

    def ask(
        self,
        path: str = "/",
        host: str = "default.example",
        *,
        method: str = "GET",
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> Reply:
        """One request and its answer."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
        lines += [f"{name}: {value}" for name, value in headers]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        return self.read(method)

    def rest(self) -> bytes:
        """Everything until the other side closes; what was cut off hard counts as the end."""
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            return self._file.read()
        return b""


class _Kept:
    """Gives HTTPResponse the one buffered reader of a connection, which it must not close."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def makefile(self, _: str) -> Any:
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def close(self) -> None:
        pass


class Http2:
    """One HTTP/2 connection over TLS (or in clear, with prior knowledge)."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        # What a test sends is what goes out: no checks, no corrections.
        configuration = h2.config.H2Configuration(
            client_side=True,
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
            validate_inbound_headers=False,
        )
        self.h2 = h2.connection.H2Connection(config=configuration)
        self._replies: dict[int, Reply] = {}
        self._ended: dict[int, str] = {}
        self.h2.initiate_connection()
        self.flush()

    def flush(self) -> None:
        self.connection.send(self.h2.data_to_send())

    def request(
        self,
        path: str = "/",
        authority: str = "default.example",
        *,
        method: str = "GET",
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        trailers: Sequence[tuple[str, str]] = (),
    ) -> int:
        """Send a request; returns its stream."""
        stream = self.h2.get_next_available_stream_id()
        head = [
            (":method", method),
            (":scheme", "https"),
            (":authority", authority),
            (":path", path),
            *headers,
        ]
        self.h2.send_headers(stream, head, end_stream=not body and not trailers)
        if body:
            self.h2.send_data(stream, body, end_stream=not trailers)
        if trailers:
            self.h2.send_headers(stream, list(trailers), end_stream=True)
        self.flush()
        return stream

    def read(self, stream: int, seconds: float = 60) -> Reply:
        """The answer on that stream. Raises EOFError if there is none to be had."""
        self._receive(lambda: stream in self._ended, seconds)
        if self._ended[stream]:
            raise EOFError(self._ended[stream])
        return self._replies[stream]

    def head(self, stream: int, seconds: float = 60) -> Reply:
        """The answer's head, once it is there."""
        self._receive(lambda: stream in self._replies or stream in self._ended, seconds)
        return self._replies[stream]

    def body(self, stream: int, size: int, seconds: float = 60) -> bytes:
        """At least ``size`` bytes of the answer's body."""
        self._receive(
            lambda: len(self._replies[stream].body) >= size or stream in self._ended, seconds
        )
        return self._replies[stream].body

    def _receive(self, enough: Callable[[], bool], seconds: float) -> None:
        until = time.monotonic() + seconds
        while not enough():
            if time.monotonic() > until:
                raise TimeoutError
            try:
                data = self.connection.socket.recv(65536)
            except (ConnectionError, ssl.SSLError) as error:
                raise EOFError(str(error)) from error
            if not data:
                raise EOFError("closed")
            for event in self.h2.receive_data(data):
                self._take(event)
            self.flush()

    def _take(self, event: Any) -> None:
        match event:
            case h2.events.ConnectionTerminated(error_code=code):
                raise EOFError(f"GOAWAY {code}")
            case h2.events.ResponseReceived(headers=headers, stream_id=stream):
                pairs = {_text(name): _text(value) for name, value in headers or []}
                self._replies[stream] = Reply(int(pairs[":status"]), pairs)
            case h2.events.DataReceived(data=data, flow_controlled_length=size, stream_id=stream):
                self._replies[stream].body += data
                self.h2.acknowledge_received_data(size, stream)
            case h2.events.StreamReset(error_code=code, stream_id=stream):
                self._ended.setdefault(stream, f"RST_STREAM {code}")
            case h2.events.StreamEnded(stream_id=stream):
                self._ended.setdefault(stream, "")
            case _:
                pass

    def ask(self, path: str = "/", authority: str = "default.example", **more: Any) -> Reply:
        """One request and its answer."""
        return self.read(self.request(path, authority, **more))


def _text(value: bytes | str) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
