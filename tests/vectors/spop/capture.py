"""Record what a real HAProxy says in SPOP, and what it was answered.

    python tests/vectors/spop/capture.py haproxy-2.6 /usr/sbin/haproxy
    python tests/vectors/spop/capture.py haproxy-2.8 path/to/the/wheel's/haproxy

writes one file per scene into a folder of that name beside this program. A line is one frame:
the number of the connection, ``haproxy`` or ``agent``, and the frame in hex, length first. All
runs on unix sockets in a folder that is removed. Engine identifiers differ from run to run.
"""

import contextlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ostiary.spoe.actions import Scope, set_var
from ostiary.spoe.connection import AgentConnection, farewell
from ostiary.spoe.events import Greeted, Notify
from ostiary.spoe.status import Status
from ostiary.spoe.values import Kind, encode_integer

HERE = Path(__file__).parent
KEPT = 4
"""Connections of one scene that are played and written down; more are closed at once."""

CONFIG = """
global
    {tune}
    log stderr local0
defaults
    mode http
    timeout connect 1s
    timeout client 2s
    timeout server 2s
frontend front
    bind unix@{folder}/front.sock
    filter spoe engine gate config {folder}/spoe.cfg
    http-request send-spoe-group gate ask
    http-request set-var(txn.code) var(txn.ostiary.code)
    http-request return status 200 hdr x-code %[var(txn.code)] hdr x-error %[var(txn.ostiary.error)]
backend agents
    mode tcp
    {check}
    timeout server 60s
    server agent unix@{folder}/agent.sock {server}
"""

SPOE = """
[gate]
spoe-agent gate
    groups ask
    option var-prefix ostiary
    option set-on-error error
    timeout hello 500ms
    timeout idle {idle}
    timeout processing 500ms
    {maxconnrate}
    use-backend agents
    log global
spoe-group ask
    messages {messages}
spoe-message judge
    args entry=str(api) cert=req.hdr(x-blob),b64dec chain=var(txn.absent)
spoe-message typed
    args {typed}
"""

TYPED = (
    "yes=bool(true) no=bool(false) small=int(5) more=int(300) less=int(5),neg"
    " v4=ipv4(192.0.2.1) v6=ipv6(2001:db8::1) text=str(word) raw=bin(00ff10)"
    " nothing=var(txn.absent) str(unnamed)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One configuration, some requests, and how the agent behaves."""

    name: str
    messages: str = "judge"
    blob: int = 0
    requests: int = 1
    bufsize: int = 0
    check: bool = False
    idle: str = "30s"
    maxconnrate: int = 0
    linger: float = 0.3
    reply: Callable[[AgentConnection, object], bytes] | None = None


def usual(connection: AgentConnection, event: object) -> bytes:
    """Answer as a good agent does."""
    if isinstance(event, Notify):
        code = set_var(Scope.TRANSACTION, "code", encode_integer(Kind.UINT32, 1))
        return connection.acknowledge(event, code)
    return event.reply if hasattr(event, "reply") else b""


def old_version(connection: AgentConnection, event: object) -> bytes:
    """Greet with a version that HAProxy doesn't know, to be told goodbye."""
    reply = usual(connection, event)
    return reply.replace(b"2.0", b"1.0") if isinstance(event, Greeted) else reply


def sulky(connection: AgentConnection, event: object) -> bytes:
    """Leave as soon as something is asked."""
    if isinstance(event, Notify):
        return farewell(Status.UNKNOWN, "not today")
    return usual(connection, event)


SCENES = (
    Scene(name="typed", messages="typed judge", blob=30, requests=2),
    Scene(name="certificate", blob=4000, requests=3),
    Scene(name="wide-buffer", blob=20_000, bufsize=65_536),
    Scene(name="health-check", check=True, requests=0, linger=1.0),
    Scene(name="old-version", maxconnrate=3, reply=old_version),
    Scene(name="agent-leaves", reply=sulky),
    Scene(name="idle", idle="200ms", linger=1.5),
)


class Recorder:
    """An agent on a unix socket that writes down every frame of both sides."""

    def __init__(self, path: Path, scene: Scene) -> None:
        self.lines: list[str] = []
        self._scene = scene
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        number = 0
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self._listener.accept()
                number += 1
                # HAProxy repeats a failed handshake thousands of times a second; on 2.6
                # maxconnrate doesn't stop it.
                if number > KEPT:
                    peer.close()
                    continue
                threading.Thread(target=self._talk, args=(peer, number), daemon=True).start()

    def _talk(self, peer: socket.socket, number: int) -> None:
        connection = AgentConnection()
        reply = self._scene.reply or usual
        with peer, contextlib.suppress(OSError):
            while frame := read_one(peer):
                self.lines.append(f"{number} haproxy {frame.hex()}")
                for event in connection.receive_data(frame):
                    answer = reply(connection, event)
                    if answer:
                        self.lines.append(f"{number} agent {answer.hex()}")
                        peer.sendall(answer)

    def close(self) -> None:
        self._listener.close()


def read_one(peer: socket.socket) -> bytes:
    """Read one frame with its length; empty at the end of the stream."""
    head = peer.recv(4, socket.MSG_WAITALL)
    if len(head) < 4:
        return b""
    return head + peer.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL)


@contextlib.contextmanager
def engine(binary: str, folder: Path, scene: Scene) -> Iterator[None]:
    """Run HAProxy with the scene's configuration until the block ends."""
    config = CONFIG.format(
        folder=folder,
        tune=f"tune.bufsize {scene.bufsize}" if scene.bufsize else "",
        check="option spop-check" if scene.check else "",
        server="check inter 300ms" if scene.check else "",
    )
    (folder / "haproxy.cfg").write_text(config)
    rate = f"maxconnrate {scene.maxconnrate}" if scene.maxconnrate else ""
    spoe = SPOE.format(messages=scene.messages, idle=scene.idle, maxconnrate=rate, typed=TYPED)
    (folder / "spoe.cfg").write_text(spoe)
    process = subprocess.Popen([binary, "-db", "-f", str(folder / "haproxy.cfg")])
    try:
        until = time.monotonic() + 5
        while not (folder / "front.sock").exists() and time.monotonic() < until:
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(5)


def ask(folder: Path, blob: int) -> str:
    """Send one request and give the answer's head."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(folder / "front.sock"))
        client.settimeout(5)
        value = b64encode(bytes(index % 251 for index in range(blob))).decode()
        client.sendall(f"GET / HTTP/1.1\r\nHost: a\r\nX-Blob: {value}\r\n\r\n".encode())
        return client.recv(4096).decode("latin-1")


def record(binary: str, scene: Scene, target: Path) -> None:
    """Play one scene and write its frames."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recorder = Recorder(folder / "agent.sock", scene)
        with engine(binary, folder, scene):
            for _ in range(scene.requests):
                print(scene.name, ask(folder, scene.blob).split("\r\n")[:4])
            time.sleep(scene.linger)
        recorder.close()
        (target / f"{scene.name}.txt").write_text("\n".join(recorder.lines) + "\n")


def main(label: str, binary: str) -> None:
    target = HERE / label
    target.mkdir(exist_ok=True)
    for scene in SCENES:
        record(binary, scene, target)


if __name__ == "__main__":
    main(*sys.argv[1:])
