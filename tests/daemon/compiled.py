"""A document compiled and carried by a real HAProxy on loopback, and a client that asks it."""

import asyncio
import http.client
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from ostiary.compiler.bundle import Bundle, Materials, Place
from ostiary.compiler.compile import compile_document
from ostiary.config.effective import effective
from ostiary.config.load import load
from ostiary.config.model.document import Document
from ostiary.supervisor.binary import EngineBinary
from ostiary.supervisor.check import CheckPassed, CheckResult, check
from tests.support.express import Request


def compiled(document: Document | str, folder: Path, materials: Materials | None = None) -> Bundle:
    """The bundle of a document (or its text), for this folder."""
    if isinstance(document, str):
        document = load(document, "gateway.config.yml", {}).document
    place = Place(folder=str(folder), run_folder=str(folder), revision=1)
    return compile_document(document, materials or Materials(), place, effective(document))


def written(bundle: Bundle, folder: Path) -> Path:
    """Write the bundle's files; the path of haproxy.cfg."""
    for name, content in bundle.files.items():
        (folder / name).write_bytes(content)
    return folder / "haproxy.cfg"


def checked(
    binary: EngineBinary,
    document: Document | str,
    folder: Path,
    materials: Materials | None = None,
) -> CheckResult:
    """What ``haproxy -c -dW`` says of a document."""
    bundle = compiled(document, folder, materials)
    return asyncio.run(check(binary, written(bundle, folder), timeout=60))


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def told(self) -> dict[str, str]:
        """What the recording service saw."""
        seen: dict[str, str] = json.loads(self.body)
        return seen


@dataclass(frozen=True)
class Gateway:
    port: int

    def ask(self, requests: Iterable[Request]) -> list[Answer]:
        """The answers, over one kept connection."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with closing(client):
            return [_ask(client, request) for request in requests]

    def get(self, url: str, host: str = "localhost") -> Answer:
        return self.ask([Request("GET", host, url)])[0]


def _ask(client: http.client.HTTPConnection, request: Request) -> Answer:
    client.putrequest(request.method, request.url, skip_host=True, skip_accept_encoding=True)
    client.putheader("Host", request.host)
    client.putheader("Content-Length", "0")
    client.endheaders()
    reply = client.getresponse()
    return Answer(reply.status, reply.read(), {k.lower(): v for k, v in reply.getheaders()})


@contextmanager
def carried(
    binary: EngineBinary,
    document: Document | str,
    folder: Path,
    port: int,
    materials: Materials | None = None,
    more: tuple[Path, ...] = (),
) -> Iterator[Gateway]:
    """The document, checked and running. The port of its one listener must be ``port``.

    ``more``: further configuration files for HAProxy."""
    verdict = checked(binary, document, folder, materials)
    assert verdict == CheckPassed(), verdict
    with started(binary, folder / "haproxy.cfg", folder, port, more) as gateway:
        yield gateway


@contextmanager
def started(
    binary: EngineBinary, file: Path, folder: Path, port: int, more: tuple[Path, ...] = ()
) -> Iterator[Gateway]:
    """HAProxy with this configuration file, and ``more`` of them; it must listen at ``port``."""
    files = (file, *more)
    with (folder / "out.log").open("wb") as log:
        process = subprocess.Popen(
            [str(binary.path), "-db", *(word for one in files for word in ("-f", str(one)))],
            stdout=log,
            stderr=log,
            env={**os.environ, **binary.environment},
        )
    try:
        _wait(process, port)
        yield Gateway(port)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(3000):
        assert process.poll() is None, "HAProxy ended at once"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise AssertionError("HAProxy does not listen")


class _Recorder(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet

    def _answer(self) -> None:
        seen = {"method": self.command, "url": self.path}
        seen |= {name.lower(): value for name, value in self.headers.items()}
        body = json.dumps(seen).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Url", self.path)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def __getattr__(self, name: str) -> object:
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: health checks hang up, as they may."""


@contextmanager
def recorder() -> Iterator[int]:
    """A service that answers what it saw, as JSON; its port."""
    server = _Server(("127.0.0.1", 0), _Recorder)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
