"""``ostiary run`` as a subprocess, with certificates, a configuration and recording services.

    with running(engine_binary, document, folder) as gateway:
        with gateway.connect(context(kit_client), sni="a.example") as client:
            client.ask("/x", "a.example")

The configuration is a dict; ports, names of files and the engine are filled in.
"""

import contextlib
import json
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import Connection, Http2, context
from tests.daemon.upstream import Upstream
from tests.support import nursery
from tests.support.pki import Kit, Made
from tests.support.ports import free_port

__all__ = ["Running", "World", "document", "free_port", "running", "world"]

_START_SECONDS = 60


@dataclass(kw_only=True)
class Running:
    """A gateway that serves, or did."""

    folder: Path
    config: dict[str, Any]
    process: nursery.Child = field(init=False)

    @property
    def https(self) -> int:
        port: int = self.config["https"]["port"]
        return port

    @property
    def http(self) -> int:
        port: int = self.config["http"]["port"]
        return port

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def start(self) -> None:
        """Start and wait for ``ready``."""
        before = self._ready()
        self.launch()
        until = time.monotonic() + _START_SECONDS
        while self._ready() == before:
            assert self.process.poll() is None, self.program_log()[-3000:]
            assert time.monotonic() < until, self.program_log()[-3000:]
            time.sleep(0.02)

    def launch(self) -> None:
        """Start, and wait for nothing."""
        file = self.folder / "gateway.config.yml"
        file.write_text(yaml.safe_dump(self.config, sort_keys=False))
        words = ("run", "-c", file, "--state", self.state)
        with (
            (self.folder / "out.log").open("ab") as out,
            (self.folder / "err.log").open("ab") as err,
        ):
            self.process = nursery.start(*words, stdout=out, stderr=err)

    def stop(self) -> int:
        """End by SIGTERM; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        return self.process.returncode

    def _ready(self) -> int:
        out = self.folder / "out.log"
        return out.read_bytes().split(b"\n").count(b"ready") if out.exists() else 0

    def program_log(self) -> str:
        """The program's own log so far."""
        return (self.folder / "err.log").read_text(errors="replace")

    def access_log(self) -> list[dict[str, Any]]:
        """Every line of the access log so far; fails where one is not JSON."""
        lines = (self.folder / "out.log").read_bytes().split(b"\n")
        return [json.loads(line) for line in lines[:-1] if line.startswith(b"{")]

    def lines_that_are_not_json(self) -> list[bytes]:
        """Lines of the standard output that are neither JSON nor ``ready``."""
        lines = (self.folder / "out.log").read_bytes().split(b"\n")
        return [line for line in lines if line not in (b"", b"ready") and not _is_json(line)]

    def logged(
        self, wanted: Callable[[dict[str, Any]], bool], *, after: int = 0, seconds: float = 30
    ) -> dict[str, Any]:
        """The newest line after the first ``after`` that fits; waits for it."""
        until = time.monotonic() + seconds
        while True:
            found = [line for line in self.access_log()[after:] if wanted(line)]
            if found:
                return found[-1]
            if time.monotonic() > until:
                raise AssertionError(f"no such line; the last are {self.access_log()[-5:]}")
            time.sleep(0.05)

    def connect(
        self, tls: ssl.SSLContext | None = None, sni: str | None = None, **more: Any
    ) -> Connection:
        """A connection to the HTTPS listener (to the plain one without ``tls``)."""
        port = self.https if tls else self.http
        return Connection(port, tls, sni=sni, **more)

    def http2(self, client: Made | None = None, sni: str = "default.example") -> Http2:
        """An HTTP/2 connection to the HTTPS listener."""
        return Http2(self.connect(context(client, alpn=["h2"]), sni))

    def status(self, client: Made | None, sni: str, path: str = "/api/x", **more: Any) -> int:
        """The status of one request on a new connection."""
        with self.connect(context(client, **more), sni) as connection:
            return connection.ask(path, sni).status


def _is_json(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


@contextlib.contextmanager
def running(binary: EngineBinary, config: dict[str, Any], folder: Path) -> Iterator[Running]:
    """Run a gateway until the block ends; ports that are 0 are chosen."""
    for listener in ("http", "https"):
        if listener in config and not config[listener].get("port"):
            config[listener]["port"] = free_port()
    engine = {"binary": str(_program(binary, folder)), "threads": 1}
    config["engine"] = {"drainTimeoutMs": 1000, **config.get("engine", {}), **engine}
    gateway = Running(folder=folder, config=config)
    gateway.start()
    try:
        yield gateway
    finally:
        gateway.stop()


def _program(binary: EngineBinary, folder: Path) -> Path:
    """The engine; where it needs an environment of its own, a script that gives it that alone."""
    if not binary.environment:
        return binary.path
    script = folder / "engine.sh"
    settings = " ".join(f"{name}='{value}'" for name, value in binary.environment.items())
    script.write_text(f"#!/bin/sh\nexec env {settings} '{binary.path}' \"$@\"\n")
    script.chmod(0o700)
    return script


@dataclass(frozen=True)
class World:
    """A gateway, its certificates and the service behind it."""

    gateway: Running
    kit: Kit
    a: Made
    b: Made
    """Roots."""
    good: Made
    """A client of A."""
    of_b: Made
    stranger: Made
    """A client of nobody's."""
    upstream: Upstream
    folder: Path


SERVER_NAMES = ("default.example", "a.example", "*.example", "*.wild.example", "localhost")


def document(kit: Kit, upstream: Upstream, tls: dict[str, Any], **more: Any) -> dict[str, Any]:
    """``/api/*`` and ``/open/*`` go to the service, the first only for admitted clients."""
    return {
        "http": {"port": 0, "hostname": "127.0.0.1"},
        "admin": {"enabled": False},
        "https": {
            "port": 0,
            "hostname": "127.0.0.1",
            "tls": tls,
            "options": {"requestCert": True, "rejectUnauthorized": False},
        },
        "apiEndpoints": {"open": {"paths": "/open/*"}, "api": {"paths": "/api/*"}},
        "serviceEndpoints": {"service": {"url": f"http://127.0.0.1:{upstream.port}"}},
        "policies": ["terminate", "proxy"],
        "pipelines": {
            "open": {
                "apiEndpoints": ["open"],
                "policies": [{"proxy": [{"action": {"serviceEndpoint": "service"}}]}],
            },
            "api": {
                "apiEndpoints": ["api"],
                "policies": [
                    {
                        "terminate": [
                            {
                                "condition": {
                                    "name": "not",
                                    "condition": {"name": "tlsClientAuthenticated"},
                                },
                                "action": {"statusCode": 403},
                            }
                        ]
                    },
                    {"proxy": [{"action": {"serviceEndpoint": "service"}}]},
                ],
            },
        },
        **more,
    }


@contextlib.contextmanager
def world(
    binary: EngineBinary,
    tls: Callable[["Certificates"], dict[str, Any]],
    change: Callable[[dict[str, Any], "Certificates"], None] = lambda _document, _made: None,
) -> Iterator[World]:
    """Two roots A and B, a client of each and of a stranger, a service, and the gateway.

    ``tls`` gives the ``tls`` map; ``change`` may alter the document before the start.
    """
    folder = Path(tempfile.mkdtemp(prefix="ost-"))
    try:
        made = Certificates(folder)
        with Upstream() as upstream:
            config = document(made.kit, upstream, tls(made))
            change(config, made)
            with running(binary, config, folder) as gateway:
                yield World(
                    gateway, made.kit, made.a, made.b, made.good, made.of_b, made.stranger,
                    upstream, folder,
                )  # fmt: skip
    finally:
        shutil.rmtree(folder)


class Certificates:
    """The certificates of a world."""

    def __init__(self, folder: Path) -> None:
        self.kit = Kit(folder)
        self.a, self.b = self.kit.root("root-a"), self.kit.root("root-b")
        self.server = self.kit.server(self.a, "server", dns=SERVER_NAMES, ips=["127.0.0.1"])
        self.good = self.kit.client(self.a, "good")
        self.of_b = self.kit.client(self.b, "of-b")
        self.stranger = self.kit.client(self.kit.root("root-x"), "stranger")

    def entry(self, *anchors: Made, **more: Any) -> dict[str, Any]:
        """A ``tls`` entry with the server's certificate and these anchors."""
        trusted = {"ca": [str(one.certificate_file) for one in anchors]} if anchors else {}
        files = {"key": str(self.server.key_file), "cert": str(self.server.chain_file)}
        return {**files, **trusted, **more}


def mixed(made: Certificates) -> dict[str, Any]:
    """Every kind of entry on one port: open, lenient, strict, trusting A, B or nobody."""
    return {
        "default": made.entry(made.a),
        "open.example": made.entry(requestCert=False),
        "a.example": made.entry(made.a),
        "b.example": made.entry(made.b),
        "strict.example": made.entry(made.a, rejectUnauthorized=True),
        "strict-b.example": made.entry(made.b, rejectUnauthorized=True),
        "*.wild.example": made.entry(made.a, rejectUnauthorized=True),
        "exact.wild.example": made.entry(made.b, rejectUnauthorized=True),
        "nobody.example": made.entry(),
        "strict-nobody.example": made.entry(rejectUnauthorized=True),
    }


@contextlib.contextmanager
def nobody_to_ask(world: World) -> Iterator[None]:
    """The agent is part of the process that is stopped."""
    world.gateway.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        world.gateway.process.send_signal(signal.SIGCONT)
