"""A balancer's connection carries many clients: the engine is told what it can't read itself."""

import asyncio
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle, islice

import pytest

from ostiary.agent.facts import rfc2253
from ostiary.compiler.facts import FACTS_FILE
from ostiary.supervisor.binary import EngineBinary
from ostiary.supervisor.runtime import MasterSocket
from tests.daemon.clients import Connection
from tests.daemon.forwarding import HEADER, escaped, forwarding, in_header, line_of, peer
from tests.daemon.gateway import World, nobody_to_ask
from tests.daemon.life import Log, processes, rewrite, until
from tests.support.pki import Made

pytestmark = pytest.mark.daemon


@pytest.fixture(scope="module")
def balanced(engine_binary: EngineBinary) -> Iterator[World]:
    with forwarding(engine_binary, required=True) as made:
        yield made


def told(world: World) -> list[str]:
    """The hashes of headers that the current worker was told about."""
    socket = MasterSocket(world.gateway.state / "run" / "master.sock")
    current = next(one for one in processes(world.gateway).workers if not one.draining)

    async def shown() -> str:
        number = await socket.variable(current.pid, "OSTIARY_REVISION")
        path = world.gateway.state / "revisions" / f"r{number}" / FACTS_FILE
        return await socket.on_worker(current.pid, f"show map {path}")

    return [line.split()[1] for line in asyncio.run(shown()).splitlines() if line.strip()]


def ask(world: World, connection: Connection, header: str, status: int = 200) -> list[str | None]:
    """What the service was told of the client; nothing where it was refused."""
    before = len(world.upstream.seen)
    reply = connection.ask("/api/x", "default.example", headers=[(HEADER, header)])
    assert reply.status == status
    names = ("Client-Cert", "X-Client-Cert-Subject-DN", "X-Client-Cert-Issuer-DN",
             "X-Client-Cert-Serial", "X-Client-Cert-SHA256")  # fmt: skip
    return [seen.one(name) for seen in world.upstream.seen[before:] for name in names]


def about(client: Made) -> list[str | None]:
    one = client.certificate
    serial = f"{one.serial:X}"
    serial = serial.zfill(len(serial) + len(serial) % 2)
    subject, issuer = rfc2253(one.names.subject), rfc2253(one.names.issuer)
    return [f":{in_header(client)}:", subject, issuer, serial, one.fingerprint]


def test_clients_who_alternate_on_a_connection_are_asked_about_once(balanced: World) -> None:
    clients = [balanced.kit.client(balanced.a, name) for name in ("one", "two; «three», four")]
    written = [(clients[0], in_header), (clients[0], escaped), (clients[1], in_header)]
    end = balanced.kit.now - timedelta(days=1)
    expired = in_header(balanced.kit.client(balanced.a, "old", not_after=end))
    with peer(balanced) as connection:
        before = len(told(balanced))
        for client, form in written:
            assert ask(balanced, connection, form(client)) == about(client)
        ask(balanced, connection, expired, 403)
        until(lambda: len(told(balanced)) == before + 4)
        with nobody_to_ask(balanced), peer(balanced) as another:
            for client, form in islice(cycle(written), 7):
                assert ask(balanced, connection, form(client)) == about(client)
                assert ask(balanced, another, form(client)) == about(client)
                ask(balanced, another, expired, 403)
            reply = another.ask("/api/x", "default.example", headers=[(HEADER, expired)])
        line = line_of(balanced, reply)
        assert (line["subject"], line["reason"]) == ("CN=old", "certificate-expired")
        assert len(told(balanced)) == before + 4


def test_a_client_nobody_was_told_of_is_refused_while_there_is_nobody_to_ask(
    balanced: World,
) -> None:
    fresh = in_header(balanced.kit.client(balanced.a, "fresh"))
    with peer(balanced) as connection:
        with nobody_to_ask(balanced):
            ask(balanced, connection, fresh, 503)
        until(lambda: ask_status(connection, fresh) == 200)


def ask_status(connection: Connection, header: str) -> int:
    return connection.ask("/api/x", "default.example", headers=[(HEADER, header)]).status


def test_what_holds_no_certificate_is_not_kept(balanced: World) -> None:
    later = in_header(balanced.kit.client(balanced.a, "later"))
    with peer(balanced) as connection:
        for _ in range(2):
            ask(balanced, connection, "no certificate", 403)
        ask(balanced, connection, later)
        until(lambda: hashed(later) in told(balanced))
        assert hashed("no certificate") not in told(balanced)


def hashed(header: str) -> str:
    return hashlib.sha256(header.encode()).hexdigest().upper()


def test_after_a_reload_the_new_worker_is_told_anew(balanced: World) -> None:
    client = balanced.kit.client(balanced.a, "again")
    with peer(balanced) as connection:
        assert ask(balanced, connection, in_header(client)) == about(client)
    balanced.gateway.config["apiEndpoints"]["more"] = {"host": "more.example", "paths": "/more"}
    log = Log(balanced.gateway)
    rewrite(balanced.gateway)
    log.wait("serving")
    assert told(balanced) == []
    with peer(balanced) as connection:
        assert ask(balanced, connection, in_header(client)) == about(client)
        until(lambda: len(told(balanced)) == 1)
        with nobody_to_ask(balanced):
            assert ask(balanced, connection, in_header(client)) == about(client)
