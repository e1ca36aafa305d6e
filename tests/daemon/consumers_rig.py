"""A gateway within the test's own process, and consumers who are kept in a dictionary."""

import asyncio
import contextlib
import json
import os
import shutil
import tempfile
import threading
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from ostiary.consumers.certificates import CertificateCredential, CertificateRule
from ostiary.consumers.changes import Changed
from ostiary.consumers.model import Consumer, ConsumerKind, Credential, CredentialType, Known
from ostiary.consumers.secrets import kept_generated, kept_supplied
from ostiary.supervisor.binary import EngineBinary
from ostiary.wiring.folders import Folders
from ostiary.wiring.gateway import Gateway
from ostiary.wiring.ground import prepare_file
from tests.daemon.clients import Connection
from tests.support.ports import free_port

_T = TypeVar("_T")
KEY, BASIC = CredentialType.KEY_AUTH, CredentialType.BASIC_AUTH


@dataclass
class Memory:
    """A directory in memory; ``broken`` makes it unreachable, ``asked`` says how often it was."""

    known: dict[tuple[CredentialType, str], Known] = field(default_factory=dict)
    tied: dict[str, CertificateCredential] = field(default_factory=dict)
    broken: bool = False
    asked: int = 0

    def find(self, kind: CredentialType, name: str) -> Known | None:
        self.asked += 1
        if self.broken:
            raise OSError("the disk is gone")
        return self.known.get((kind, name))

    def add(self, kind: CredentialType, name: str, secret: str, uuid: int, *scopes: str) -> None:
        """A user's; of a password the hash is dear."""
        kept = kept_supplied(secret, b"0" * 16) if kind is BASIC else kept_generated(secret)
        self.known[kind, name] = Known(
            consumer=Consumer(
                id=UUID(int=uuid), kind=ConsumerKind.USER, name=f"user{uuid}", active=True
            ),
            credential=Credential(
                type=kind, id=name, secret=kept, scopes=frozenset(scopes), active=True
            ),
        )

    def certificate(self, name: str) -> CertificateCredential | None:
        """As the port has it."""
        return self.tied.get(name)

    def rules(self) -> Iterable[tuple[str, tuple[CertificateRule, ...]]]:
        """As the port has it."""
        return [(name, one.rules) for name, one in self.tied.items()]

    def switch(self, kind: CredentialType, name: str, *, active: bool) -> None:
        known = self.known[kind, name]
        self.known[kind, name] = replace(known, credential=replace(known.credential, active=active))


@dataclass
class Rig:
    """A gateway that serves."""

    port: int
    gateway: Gateway
    loop: asyncio.AbstractEventLoop
    folder: Path
    directory: Memory = field(default_factory=Memory)

    def do(self, work: Awaitable[_T]) -> _T:
        async def done() -> _T:
            return await work

        return asyncio.run_coroutine_threadsafe(done(), self.loop).result(60)

    def changed(self, *named: tuple[CredentialType, str], consumers: tuple[int, ...] = ()) -> None:
        """Tell the gateway; returns when that acts."""
        changed = Changed(
            credentials=frozenset(named), consumers=frozenset(UUID(int=one) for one in consumers)
        )
        assert self.do(self.gateway.reconsider_credentials(changed))

    def connect(self, source: str = "") -> Connection:
        return Connection(self.port, source=source)

    def log(self) -> list[dict[str, Any]]:
        lines = (self.folder / "out.log").read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


def basic(name: str, password: str) -> tuple[str, str]:
    return "Authorization", "Basic " + b64encode(f"{name}:{password}".encode()).decode()


def key(value: str, scheme: str = "apiKey ") -> tuple[str, str]:
    return "Authorization", scheme + value


@contextlib.contextmanager
def serving(
    binary: EngineBinary, document: dict[str, Any], files: Mapping[str, bytes] | None = None
) -> Iterator[Rig]:
    """Serve ``document``, on a port of its own; ``files`` stand beside it."""
    folder = Path(tempfile.mkdtemp(prefix="ost-"))
    for name, content in (files or {}).items():
        (folder / name).write_bytes(content)
    document["http"] = {"port": free_port(), "hostname": "127.0.0.1"}
    document["engine"] = {"threads": 1, "drainTimeoutMs": 1000}
    (folder / "gateway.config.yml").write_text(json.dumps(document))
    log = os.open(folder / "out.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def do(work: Callable[[], Awaitable[_T]]) -> _T:
        async def done() -> _T:
            return await work()

        return asyncio.run_coroutine_threadsafe(done(), loop).result(60)

    async def made() -> Gateway:
        return Gateway(Folders(state=folder / "state"), binary, log)

    try:
        gateway = do(made)
        try:
            do(lambda: gateway.start(prepare_file(folder / "gateway.config.yml")))
            rig = Rig(document["http"]["port"], gateway, loop, folder)
            gateway.credentials.consult(rig.directory)
            yield rig
        finally:
            do(gateway.stop)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        os.close(log)
        shutil.rmtree(folder)
