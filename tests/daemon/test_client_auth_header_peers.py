"""Who may speak for clients: by address, behind the PROXY protocol, and with a certificate."""

import ssl
from collections.abc import Iterator
from typing import Any

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import Connection, Http2, context
from tests.daemon.forwarding import (
    BALANCER,
    HEADER,
    STRANGER,
    forwarding,
    in_header,
    line_of,
    peer,
)
from tests.daemon.gateway import Certificates, World

pytestmark = pytest.mark.daemon

CLIENT = "203.0.113.7"
PREFACE = f"PROXY TCP4 {CLIENT} 192.0.2.1 4711 443\r\n".encode()
POSING = f"PROXY TCP4 {BALANCER} 192.0.2.1 4711 443\r\n".encode()


@pytest.fixture(scope="module")
def proxied(engine_binary: EngineBinary) -> Iterator[World]:
    with forwarding(engine_binary, required=True, proxyProtocol=True) as made:
        yield made


@pytest.mark.parametrize("listener", ["http", "https"])
def test_a_trusted_proxy_s_connection_tells_the_client_s_address(
    proxied: World, listener: str
) -> None:
    with peer(proxied, listener, preface=PREFACE) as balancer:
        for _ in range(2):
            headers = [(HEADER, in_header(proxied.good))]
            reply = balancer.ask("/api/x", headers=headers)
            assert reply.status == 200
            assert proxied.upstream.last().one("X-Forwarded-For") == CLIENT
            assert line_of(proxied, reply)["client"] == CLIENT


@pytest.mark.parametrize("listener", ["http", "https"])
def test_a_client_that_claims_to_be_the_balancer_is_not(proxied: World, listener: str) -> None:
    """The address that counts is the connection's own, not one that a PROXY header names."""
    seen = len(proxied.upstream.seen)
    forged = [(HEADER, in_header(proxied.good))]
    assert _status(proxied, listener, forged, preface=POSING) in (0, 400)
    assert _status(proxied, listener, forged) == 401
    assert len(proxied.upstream.seen) == seen


def _status(world: World, listener: str, headers: list[tuple[str, str]], **more: Any) -> int:
    """The status for somebody else than the balancer; 0 if the connection failed."""
    try:
        with peer(world, listener, STRANGER, **more) as client:
            return client.ask("/api/x", headers=headers).status
    except (EOFError, OSError):
        return 0


def test_a_trusted_proxy_has_to_begin_with_a_proxy_header(proxied: World) -> None:
    with pytest.raises((EOFError, OSError)), peer(proxied) as balancer:
        balancer.ask("/api/x", headers=[(HEADER, in_header(proxied.good))])


def test_the_proxy_header_s_address_is_not_what_is_trusted(engine_binary: EngineBinary) -> None:
    """A balancer whose own clients have a trusted address: they speak through it, all the same."""
    with forwarding(
        engine_binary, required=True, proxyProtocol=True, trustedProxies=[STRANGER]
    ) as made:
        preface = f"PROXY TCP4 {BALANCER} 192.0.2.1 4711 443\r\n".encode()
        headers = [(HEADER, in_header(made.good))]
        with peer(made, "http", STRANGER, preface=preface) as balancer:
            assert balancer.ask("/api/x", headers=headers).status == 200
        with peer(made, "http", BALANCER) as client:
            assert client.ask("/api/x", headers=headers).status == 401


def strict(document: dict[str, Any], made: Certificates) -> None:
    """The balancer shows a certificate of B to one name, and anybody anything to the other."""
    options = {"requestCert": True, "rejectUnauthorized": True}
    document["https"]["tls"] = {
        "default": made.entry(made.b, **options),
        "open.example": made.entry(),
        "asked.example": made.entry(made.b, requestCert=True, rejectUnauthorized=False),
    }


@pytest.fixture(scope="module")
def authenticated(engine_binary: EngineBinary) -> Iterator[World]:
    with forwarding(engine_binary, strict, required=True) as made:
        yield made


def by_tls(world: World, client: Any, sni: str, source: str = BALANCER, **more: Any) -> Connection:
    return world.gateway.connect(context(client, **more), sni, source=source)


def test_the_balancer_s_certificate_and_the_client_s_are_judged_apart(
    authenticated: World,
) -> None:
    good = [(HEADER, in_header(authenticated.good))]
    of_b = [(HEADER, in_header(authenticated.of_b))]
    with by_tls(authenticated, authenticated.of_b, "default.example") as balancer:
        assert balancer.ask("/api/x").status == 401
        assert balancer.ask("/api/x", headers=good).status == 200
        told = authenticated.upstream.last().one("Client-Cert")
        assert told == f":{in_header(authenticated.good)}:"
        assert balancer.ask("/api/x", headers=of_b).status == 403
        reply = balancer.ask("/api/x", headers=good)
        assert reply.status == 200
    assert line_of(authenticated, reply)["fingerprint"] == (
        authenticated.good.certificate.fingerprint.upper()
    )


@pytest.mark.parametrize("who", ["good", "stranger", None])
def test_a_balancer_without_a_good_certificate_gets_nowhere(
    authenticated: World, who: str | None
) -> None:
    client = getattr(authenticated, who) if who else None
    with pytest.raises((EOFError, OSError)):  # noqa: SIM117 - see above
        with by_tls(authenticated, client, "default.example") as balancer:
            balancer.ask("/api/x", headers=[(HEADER, in_header(authenticated.good))])


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_of_the_open_name_opens_no_door_at_the_strict_one(
    authenticated: World, version: ssl.TLSVersion
) -> None:
    good = [(HEADER, in_header(authenticated.good))]
    tls = context(None, version=version)
    with authenticated.gateway.connect(tls, "open.example", source=BALANCER) as first:
        assert first.ask("/api/x", "open.example", headers=good).status == 200
        session = first.session
    with pytest.raises((EOFError, OSError, AssertionError)):  # noqa: SIM117 - see above
        with authenticated.gateway.connect(
            tls, "default.example", session=session, source=BALANCER
        ) as second:
            assert second.ask("/api/x", "default.example", headers=good).status == 200


def test_behind_the_sni_reader_the_peer_s_address_is_still_the_one_that_counts(
    authenticated: World,
) -> None:
    """Entries of two kinds have a bind each, behind a frontend that passes connections on."""
    good = [(HEADER, in_header(authenticated.good))]
    for sni in ("open.example", "asked.example"):
        with by_tls(authenticated, None, sni) as balancer:
            assert balancer.ask("/api/x", sni, headers=good).status == 200
        with by_tls(authenticated, None, sni, STRANGER) as client:
            assert client.ask("/api/x", sni, headers=good).status == 401


def test_a_request_for_another_name_does_not_come_by_the_balancer_s_connection(
    authenticated: World,
) -> None:
    good = [(HEADER.lower(), in_header(authenticated.good))]
    with by_tls(authenticated, authenticated.of_b, "default.example", alpn=["h2"]) as plain:
        balancer = Http2(plain)
        assert balancer.ask("/api/x", headers=good).status == 200
        assert balancer.ask("/api/x", "open.example", headers=good).status == 421


def test_two_clients_on_the_streams_of_one_connection_are_told_apart(
    authenticated: World,
) -> None:
    clients = [authenticated.kit.client(authenticated.a, f"h2-{number}") for number in range(4)]
    before = len(authenticated.upstream.seen)
    with by_tls(authenticated, authenticated.of_b, "default.example", alpn=["h2"]) as plain:
        balancer = Http2(plain)
        streams = [
            balancer.request(f"/api/{at}", headers=[(HEADER.lower(), in_header(client))])
            for at, client in enumerate(clients * 10)
        ]
        assert {balancer.read(stream).status for stream in streams} == {200}
    for seen in authenticated.upstream.seen[before:]:
        client = clients[int(seen.path.rpartition("/")[2]) % len(clients)]
        assert seen.one("Client-Cert") == f":{in_header(client)}:"


def test_a_trailer_is_no_header(authenticated: World) -> None:
    with by_tls(authenticated, authenticated.of_b, "default.example", alpn=["h2"]) as plain:
        balancer = Http2(plain)
        trailers = [(HEADER.lower(), in_header(authenticated.good))]
        stream = balancer.request("/api/x", method="POST", body=b"x", trailers=trailers)
        assert balancer.read(stream).status == 401
