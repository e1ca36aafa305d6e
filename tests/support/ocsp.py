"""OCSP responders: the answers are openssl's own (``openssl ocsp -index``), sent by HTTP.

with responder(kit.folder, root) as one:            # the authority itself signs
    one.good(client); one.revoke(other)
    one.url                                         # http://127.0.0.1:...
    one.delay = 3; one.instead = b"garbage"         # and what responders do wrong

openssl_answer(...) is the same without HTTP.
"""

import base64
import contextlib
import subprocess
import threading
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.support.pki import Made

OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"
TRY_LATER = bytes.fromhex("30030a0103")
"""OCSPResponse with the status tryLater, and nothing else (RFC 6960 section 4.2.1)."""


@dataclass
class Index:
    """The list of certificates that ``openssl ca`` would keep, and openssl answers by it."""

    folder: Path
    authority: Made
    signer: Made | None = None
    """None: the authority itself."""
    options: tuple[str, ...] = ("-nmin", "30")
    _lines: dict[int, str] = field(default_factory=dict)
    _count: int = 0

    def good(self, *made: Made) -> None:
        for one in made:
            self._lines[one.native.serial_number] = f"V\t{_END}\t"

    def revoke(self, made: Made, reason: str = "keyCompromise") -> None:
        self._lines[made.native.serial_number] = f"R\t{_END}\t260101000000Z,{reason}"

    def forget(self, made: Made) -> None:
        self._lines.pop(made.native.serial_number, None)

    def answer(self, question: bytes, *options: str) -> bytes:
        """What openssl answers to an OCSPRequest."""
        signer = self.signer or self.authority
        self._count += 1
        beside = self.folder / f"ocsp-{id(self)}-{self._count}"
        index, asked, told = (beside.with_suffix(one) for one in (".txt", ".req", ".resp"))
        index.write_text(
            "".join(
                f"{state}\t{_hex(serial)}\tunknown\t/CN={serial}\n"
                for serial, state in self._lines.items()
            )
        )
        asked.write_bytes(question)
        words: list[object] = ["-index", index, "-CA", self.authority.certificate_file]
        words += ["-rsigner", signer.certificate_file, "-rkey", signer.key_file]
        words += ["-reqin", asked, "-respout", told, *self.options, *options]
        openssl_ocsp(*words)
        return told.read_bytes()


def openssl_ocsp(*words: object) -> None:
    """``openssl ocsp`` with these arguments."""
    command = ["openssl", "ocsp", *map(str, words)]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


_END = "401231235959Z"


def _hex(serial: int) -> str:
    text = f"{serial:X}"
    return text if len(text) % 2 == 0 else f"0{text}"


@dataclass
class Served:
    """A responder that listens."""

    index: Index
    port: int
    delay: float = 0
    instead: bytes | None = None
    status: int = 200
    asked: list[tuple[str, bytes]] = field(default_factory=list)
    """Method, and the OCSPRequest."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def answer(self, question: bytes) -> bytes:
        if self.delay:
            time.sleep(self.delay)
        return self.index.answer(question) if self.instead is None else self.instead


@contextlib.contextmanager
def responder(
    folder: Path, authority: Made, signer: Made | None = None, **more: Any
) -> Iterator[Served]:
    """Listens on a free port of this host until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = urllib.parse.unquote(self.path.lstrip("/"))
            self._reply(base64.b64decode(text, validate=True))

        def do_POST(self) -> None:
            self._reply(self.rfile.read(int(self.headers["Content-Length"])))

        def _reply(self, question: bytes) -> None:
            served.asked.append((self.command, question))
            content = served.answer(question)
            with contextlib.suppress(OSError):
                self.send_response(served.status)
                self.send_header("Content-Type", "application/ocsp-response")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Served(Index(folder, authority, signer, **more), server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
