"""Credentials that are kept in the database of a gateway that was started by its command."""

import asyncio
import shutil
import signal
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from ostiary.consumers.model import CredentialType
from ostiary.consumers.secrets import kept_generated, kept_supplied
from ostiary.store.database.consumer_records import NewConsumer, NewCredential
from ostiary.store.database.database import Database
from ostiary.store.database.engines import sqlite_url
from ostiary.supervisor.binary import EngineBinary
from ostiary.supervisor.child import MASTER_SOCKET
from ostiary.supervisor.runtime import MasterSocket
from tests.daemon.consumers_rig import basic, key
from tests.daemon.gateway import Running, running
from tests.daemon.life import until
from tests.daemon.upstream import Upstream

pytestmark = pytest.mark.daemon

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GOOD = key("one:s1")


@pytest.fixture
def gateway(any_engine: EngineBinary) -> Iterator[Running]:
    folder = Path(tempfile.mkdtemp(prefix="ost-"))
    (folder / "state").mkdir(mode=0o700)
    database = Database.open(sqlite_url(folder / "state" / "ostiary.db"), now=NOW)
    with database.begin() as work:
        work.consumers.add(NewConsumer(uuid=UUID(int=5), name="ada"), at=NOW)
        for kind, name, secret in (
            (CredentialType.KEY_AUTH, "one", kept_generated("s1")),
            (CredentialType.KEY_AUTH, "two", kept_generated("s2")),
            (CredentialType.BASIC_AUTH, "ada", kept_supplied("word", b"1" * 16)),
        ):
            new = NewCredential(consumer=UUID(int=5), type=kind, name=name, secret=secret)
            work.credentials.add(new, at=NOW)
    database.close()
    service = {"proxy": {"action": {"serviceEndpoint": "service"}}}
    try:
        with Upstream() as upstream:
            config = {
                "http": {"port": 0, "hostname": "127.0.0.1"},
                "admin": {"enabled": False},
                "apiEndpoints": {"key": {"paths": "/key"}, "basic": {"paths": "/basic"}},
                "serviceEndpoints": {"service": {"url": f"http://127.0.0.1:{upstream.port}"}},
                "pipelines": {
                    "key": {"apiEndpoints": ["key"], "policies": [{"key-auth": None}, service]},
                    "basic": {
                        "apiEndpoints": ["basic"],
                        "policies": [{"basic-auth": None}, service],
                    },
                },
            }
            with running(any_engine, config, folder) as gateway:
                yield gateway
    finally:
        shutil.rmtree(folder)


def table(gateway: Running) -> str:
    master = MasterSocket(gateway.state / "run" / MASTER_SOCKET)
    return "".join(asyncio.run(master.on_every_worker("show table ost_credentials")).values())


def test_who_is_kept_is_let_in_and_stays_so_while_nobody_decides(gateway: Running) -> None:
    with gateway.connect() as client:
        until(lambda: client.ask("/key", headers=[GOOD]).status == 200)
        reply = client.ask("/basic", headers=[basic("ada", "word")])
        assert (reply.status, dict(reply.json["headers"])["eg-consumer-id"]) == (
            200, str(UUID(int=5)),
        )  # fmt: skip
        assert client.ask("/key", headers=[key("one:s2")]).status == 401
        until(lambda: table(gateway).count("key=") >= 2)
        gateway.process.send_signal(signal.SIGSTOP)
        try:
            assert client.ask("/key", headers=[GOOD]).status == 200
            assert client.ask("/key", headers=[key("two:s2")]).status == 503
        finally:
            gateway.process.send_signal(signal.SIGCONT)
        until(lambda: client.ask("/key", headers=[key("two:s2")]).status == 200)
