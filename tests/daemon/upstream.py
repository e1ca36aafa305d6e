"""A service that tells exactly what reached it, byte for byte, and misbehaves when asked to.

By the first segment of the path: ``/slow/<seconds>`` waits before it answers, ``/close`` closes
without an answer, ``/garbage`` answers with something that is not HTTP, ``/ws`` upgrades and then
echoes every byte. Everything else gets the request back as JSON.
"""

import hashlib
import json
import socket
import ssl
import threading
from base64 import b64encode
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Self

_numbers = count(1)


@dataclass(slots=True)
class Seen:
    """One request as it came in."""

    line: str
    headers: list[tuple[str, str]]
    trailers: list[tuple[str, str]]
    body: bytes
    connection: int
    """Number of the TCP connection it came by."""
    server: str
    client: str | None
    """Subject of the certificate the gateway presented, as OpenSSL prints it; None without."""

    @property
    def path(self) -> str:
        return self.line.split(" ")[1]

    def all(self, name: str) -> list[str]:
        """The values of every header of that name; dash or underscore, any case."""
        folded = name.lower().replace("_", "-")
        return [value for key, value in self.headers if key.lower().replace("_", "-") == folded]

    def one(self, name: str) -> str | None:
        found = self.all(name)
        assert len(found) < 2, found
        return found[0] if found else None

    def as_json(self) -> bytes:
        said: dict[str, Any] = {
            "line": self.line,
            "path": self.path,
            "headers": self.headers,
            "trailers": self.trailers,
            "size": len(self.body),
            "sha256": hashlib.sha256(self.body).hexdigest(),
            "connection": self.connection,
            "server": self.server,
        }
        return json.dumps(said).encode()


@dataclass
class Upstream:
    """A listening service; ``seen`` grows with every request."""

    name: str = "one"
    tls: ssl.SSLContext | None = None
    port: int = 0
    seen: list[Seen] = field(default_factory=list)
    handshakes_failed: int = 0

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=256)
        self._listener.settimeout(0.05)
        self.port = self._listener.getsockname()[1]
        self._ending = threading.Event()
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._acceptor.join(5)
        self._listener.close()
        for one in list(self._open):
            one.close()
        for thread in self._threads:
            thread.join(5)

    def last(self) -> Seen:
        return self.seen[-1]

    def _accept(self) -> None:
        while not self._ending.is_set():
            try:
                peer, _ = self._listener.accept()
            except OSError:
                continue
            thread = threading.Thread(target=self._serve, args=(peer,), daemon=True)
            self._threads = [one for one in self._threads if one.is_alive()] + [thread]
            thread.start()

    def _serve(self, raw: socket.socket) -> None:
        raw.settimeout(60)
        peer = raw
        try:
            if self.tls:
                peer = self.tls.wrap_socket(raw, server_side=True)
            self._open.add(peer)
            number = next(_numbers)
            with _Reader(peer) as reader:
                while not self._ending.is_set() and self._one(peer, reader, number):
                    pass
        except (ssl.SSLError, OSError, ValueError) as error:
            self.handshakes_failed += isinstance(error, ssl.SSLError)
        finally:
            self._open.discard(peer)
            peer.close()

    def _one(self, peer: socket.socket, reader: "_Reader", number: int) -> bool:
        head = reader.until(b"\r\n\r\n")
        if not head:
            return False
        first, *rest = head.decode("latin-1").split("\r\n")
        headers = [_pair(line) for line in rest if line]
        by_name = {name.lower(): value for name, value in headers}
        if by_name.get("expect", "").lower() == "100-continue":
            peer.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body, trailers = _body(reader, by_name)
        seen = Seen(first, headers, trailers, body, number, self.name, _subject(peer))
        self.seen.append(seen)
        return self._answer(peer, reader, seen, by_name)

    def _answer(
        self, peer: socket.socket, reader: "_Reader", seen: Seen, headers: dict[str, str]
    ) -> bool:
        word = seen.path.split("?")[0].strip("/").split("/")
        if "close" in word:
            return False
        if "garbage" in word:
            peer.sendall(b"\x00\x01 this is no HTTP\r\n\r\n")
            return False
        if "slow" in word:
            self._ending.wait(float(word[word.index("slow") + 1]))
        if "ws" in word and "upgrade" in headers:
            return _echo(peer, reader, headers)
        body = seen.as_json()
        peer.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\nX-Server: %s\r\n\r\n"
            % (len(body), self.name.encode())
            + (b"" if seen.line.startswith("HEAD ") else body)
        )
        return True


class _Reader:
    """Reads one connection, request by request; what was read too much is the next one's."""

    def __init__(self, peer: socket.socket) -> None:
        self._file = peer.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def some(self) -> bytes:
        """What comes next, however much; nothing at the end."""
        return self._file.read1(65536)

    def until(self, end: bytes) -> bytes:
        """All up to this end, which is one of a line."""
        found = b""
        while not found.endswith(end):
            part = self._file.readline()
            if not part:
                return b""
            found += part
        return found

    def exactly(self, size: int) -> bytes:
        found = bytearray()
        while len(found) < size:
            part = self._file.read(min(65536, size - len(found)))
            if not part:
                raise ValueError("cut short")
            found += part
        return bytes(found)


def _pair(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.strip(" \t")


def _body(reader: _Reader, headers: dict[str, str]) -> tuple[bytes, list[tuple[str, str]]]:
    if "chunked" in headers.get("transfer-encoding", ""):
        body = bytearray()
        while size := int(reader.until(b"\r\n").split(b";")[0], 16):
            body += reader.exactly(size)
            reader.exactly(2)
        trailers = []
        while (line := reader.until(b"\r\n")) != b"\r\n":
            trailers.append(_pair(line.decode("latin-1").rstrip("\r\n")))
        return bytes(body), trailers
    return reader.exactly(int(headers.get("content-length", 0))), []


def _subject(peer: socket.socket) -> str | None:
    if not isinstance(peer, ssl.SSLSocket):
        return None
    certificate = peer.getpeercert()
    return repr(certificate["subject"]) if certificate else None


def _echo(peer: socket.socket, reader: _Reader, headers: dict[str, str]) -> bool:
    answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
    answer += f"Upgrade: {headers['upgrade']}\r\n"
    if "sec-websocket-key" in headers:
        # RFC 6455 section 4.2.2: the key with this very text behind it, hashed.
        key = headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = b64encode(hashlib.sha1(key.encode()).digest()).decode()
        answer += f"Sec-WebSocket-Accept: {accept}\r\n"
    peer.sendall(answer.encode() + b"\r\n")
    while part := reader.some():
        peer.sendall(part)
    return False
