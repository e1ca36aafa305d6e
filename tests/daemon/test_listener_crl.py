"""Revocation lists at the running gateway: on new, resumed and open connections."""

import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.admin_rig import Api
from tests.daemon.clients import Connection, context
from tests.daemon.gateway import Certificates, Running, World, world
from tests.daemon.life import apply, refuse, rewrite
from tests.daemon.websockets import echoes, reset, stream_echoes, upgrade, upgrade_stream
from tests.support.lists import crl_of
from tests.support.pki import Made

pytestmark = pytest.mark.daemon

NAMES = ("a.example", "strict.example")
LIST = "root-a.crl"


@pytest.fixture
def listed(engine_binary: EngineBinary) -> Iterator[World]:
    """A's list is there and names one client; B is trusted, too, but has no list."""

    def entries(made: Certificates) -> dict[str, Any]:
        return {
            "default": made.entry(made.a, made.b),
            "a.example": made.entry(made.a, made.b),
            "strict.example": made.entry(made.a, made.b, rejectUnauthorized=True),
        }

    def with_list(document: dict[str, Any], made: Certificates) -> None:
        gone = made.kit.client(made.a, "gone")
        (made.kit.folder / LIST).write_bytes(crl_of(made.a, {gone: None}))
        document["engine"] = {"drainTimeoutMs": 10_000}
        document["https"]["options"]["crl"] = [str(made.kit.folder / LIST)]

    with world(engine_binary, entries, with_list) as running:
        yield running


def revoke(made: World, *clients: Made) -> None:
    """Replace the list as an operator's job does: another file is moved over it."""
    put(made, crl_of(made.a, dict.fromkeys(clients)))


def put(made: World, content: bytes) -> None:
    """Move other content over the list, and wait until it acts."""
    applied = _applied(made.gateway)
    fresh = made.folder / "fresh"
    fresh.write_bytes(content)
    fresh.replace(made.folder / LIST)
    until = time.monotonic() + 30
    while _applied(made.gateway) == applied:
        assert time.monotonic() < until, made.gateway.program_log()[-2000:]
        time.sleep(0.01)


def _applied(gateway: Running) -> int:
    return gateway.program_log().count("change-applied")


def client_in(folder: Path, name: str) -> Any:
    """A client of the folder by its name: what ``context`` needs of one."""

    class Files:
        chain_file = folder / f"{name}.pem"
        key_file = folder / f"{name}.key"

    return Files()


def answer(connection: Connection, sni: str) -> int:
    """The status; 0 where the connection was closed instead."""
    try:
        return connection.ask("/api/x", sni).status
    except (EOFError, ConnectionError, ssl.SSLError):
        return 0


@dataclass(frozen=True)
class Visit:
    status: int
    resumed: bool
    session: ssl.SSLSession | None


def visit(
    gateway: Running, tls: ssl.SSLContext, sni: str, session: ssl.SSLSession | None = None
) -> Visit:
    """One request on a connection of its own."""
    with gateway.connect(tls, sni, session=session) as connection:
        status = answer(connection, sni)
        return Visit(status, connection.resumed, connection.session)


def test_each_client_is_judged_by_the_list_of_its_authority(listed: World) -> None:
    gateway = listed.gateway
    gone = client_in(listed.folder, "gone")
    for sni in NAMES:
        assert gateway.status(listed.good, sni) == 200
        served = len(listed.upstream.seen)
        assert gateway.status(gone, sni) == 403
        assert gateway.status(listed.of_b, sni) == 403
        assert len(listed.upstream.seen) == served
    gateway.logged(lambda line: line.get("reason") == "revoked")
    gateway.logged(lambda line: line.get("reason") == "revocation-undetermined")
    assert "there is no revocation list of the trust anchor 'CN=root-b'" in gateway.program_log()


@pytest.mark.parametrize("sni", NAMES)
def test_a_new_list_acts_on_open_connections(listed: World, sni: str) -> None:
    gateway, client = listed.gateway, listed.good
    idle, busy = (gateway.connect(context(client), sni) for _ in range(2))
    with idle, busy:
        assert [answer(one, sni) for one in (idle, busy)] == [200, 200]
        served = len(listed.upstream.seen)
        busy.send(b"GET /api/x HTTP/1.1\r\n")
        revoke(listed, client)
        busy.send(f"Host: {sni}\r\n\r\n".encode())
        assert busy.read().status == 403
        assert answer(idle, sni) in (403, 0)
    assert len(listed.upstream.seen) == served


def test_a_new_list_acts_on_http2_and_ends_the_clients_websockets_and_no_others(
    listed: World,
) -> None:
    sni, other = "default.example", listed.kit.client(listed.a, "bystander")
    streams, others = listed.gateway.http2(listed.good, sni), listed.gateway.http2(other, sni)
    socket = listed.gateway.connect(context(listed.good), sni, timeout=30)
    kept = listed.gateway.connect(context(other), sni, timeout=30)
    with streams.connection, others.connection, socket, kept:
        assert [streams.ask("/api/x").status, others.ask("/api/x").status] == [200, 200]
        for one in (socket, kept):
            assert upgrade(one) == 101
            assert echoes(one)
        stream = upgrade_stream(streams)
        assert stream_echoes(streams, stream)
        revoke(listed, listed.good)
        assert socket.rest() == b""
        assert reset(streams, stream)
        assert [streams.ask("/api/x").status, others.ask("/api/x").status] == [403, 200]
        assert echoes(kept)


@pytest.mark.parametrize("sni", NAMES)
def test_a_new_list_acts_on_sessions_begun_before_it(listed: World, sni: str) -> None:
    tls = context(listed.good)
    before = visit(listed.gateway, tls, sni)
    again = visit(listed.gateway, tls, sni, before.session)
    assert (before.status, again.status, again.resumed) == (200, 200, True)
    revoke(listed, listed.good)
    served = len(listed.upstream.seen)
    # Whether the session survives the change is the engine's affair; the answer is not.
    assert visit(listed.gateway, tls, sni, before.session).status == 403
    refused = visit(listed.gateway, tls, sni)
    carried = visit(listed.gateway, tls, sni, refused.session)
    assert (refused.status, carried.status, carried.resumed) == (403, 403, True)
    assert len(listed.upstream.seen) == served


def test_a_list_that_can_not_be_read_changes_nothing(listed: World) -> None:
    (listed.folder / LIST).write_bytes(b"nothing of the kind")
    until = time.monotonic() + 30
    while "configuration-refused" not in listed.gateway.program_log():
        assert time.monotonic() < until
        time.sleep(0.05)
    gone = client_in(listed.folder, "gone")
    assert listed.gateway.status(listed.good, "a.example") == 200
    assert listed.gateway.status(gone, "a.example") == 403
    revoke(listed, listed.good)
    assert listed.gateway.status(listed.good, "a.example") == 403
    assert listed.gateway.status(gone, "a.example") == 200


def test_a_new_list_acts_while_the_configuration_is_being_mended(listed: World) -> None:
    gateway = listed.gateway
    text = (gateway.folder / "gateway.config.yml").read_text()
    refuse(gateway, lambda: rewrite(gateway, text.replace("apiEndpoints", "apiEndpointz")))
    revoke(listed, listed.good)
    assert gateway.status(listed.good, "a.example") == 403
    # The file is tried again, too: what was mended meanwhile must not be forgotten.
    mended = text.replace("drainTimeoutMs: 10000", "drainTimeoutMs: 9000")
    assert mended != text
    assert apply(gateway, lambda: rewrite(gateway, mended))["reloaded"]
    assert gateway.status(listed.good, "a.example") == 403


@pytest.fixture
def soft(engine_binary: EngineBinary) -> Iterator[World]:
    """A's list is there; B is trusted, too, and has none."""

    def entries(made: Certificates) -> dict[str, Any]:
        return {"default": made.entry(made.a, made.b)}

    def with_list(document: dict[str, Any], made: Certificates) -> None:
        gone = made.kit.client(made.a, "gone")
        (made.kit.folder / LIST).write_bytes(crl_of(made.a, {gone: None}, number=5))
        document["clientCertificateAuth"] = {
            "type": "certificate",
            "required": True,
            "revocation": {"mode": "soft", "crl": [str(made.kit.folder / LIST)]},
        }

    with world(engine_binary, entries, with_list) as running:
        yield running


def test_soft_refuses_who_is_known_as_revoked_and_tells_whom_it_does_not_know(soft: World) -> None:
    gateway, sni = soft.gateway, "default.example"
    assert gateway.status(soft.good, sni) == 200
    assert gateway.status(client_in(soft.folder, "gone"), sni) == 403
    # The second request has its verdict from the table, what would be refused with it.
    with gateway.connect(context(soft.of_b), sni) as connection:
        assert [connection.ask("/api/x", sni).status for _ in range(2)] == [200, 200]
    gateway.logged(lambda line: line.get("reason") == "revoked")
    until = time.monotonic() + 30
    while (
        sum(line.get("would_refuse") == "revocation-undetermined" for line in gateway.access_log())
        < 2
    ):
        assert time.monotonic() < until
        time.sleep(0.05)


def test_metrics_tell_when_each_list_ends(soft: World) -> None:
    with Api(soft.gateway.state) as api:
        metrics = api.http.get("/metrics").text
    (line,) = [
        one
        for one in metrics.splitlines()
        if one.startswith("ostiary_revocation_list_end_timestamp_seconds{")
    ]
    where = "clientCertificateAuth.revocation.crl[0]"
    assert f'{{issuer="CN=root-a",kind="whole",where="{where}"}}' in line
    assert float(line.rpartition(" ")[2]) > time.time()


def test_an_older_list_that_is_put_back_admits_nobody_again(soft: World) -> None:
    gateway, sni = soft.gateway, "default.example"
    put(soft, crl_of(soft.a, number=4))
    assert gateway.status(client_in(soft.folder, "gone"), sni) == 403
    assert "older than the one in force, which has number 5" in gateway.program_log()


def test_a_delta_list_acts_like_a_new_list(soft: World) -> None:
    gateway, sni = soft.gateway, "default.example"
    assert gateway.status(soft.good, sni) == 200
    gone = client_in(soft.folder, "gone")
    whole = (soft.folder / LIST).read_bytes()
    put(soft, whole + crl_of(soft.a, {soft.good: None}, number=6, base=5))
    assert gateway.status(soft.good, sni) == 403
    assert gateway.status(gone, sni) == 403
