"""Nobody poses as somebody else by what he writes into a request."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import Connection, context
from tests.daemon.gateway import Certificates, World, mixed, world
from tests.daemon.upstream import Seen
from tests.support.pki import Made

pytestmark = pytest.mark.daemon

FORGED = (
    "X-SSL-Client-Cert", "X-SSL-Client-Verify", "X-SSL-Client-S-DN", "X-SSL-Client-DN",
    "X-SSL-Client-CN", "X-SSL-Issuer", "X-Client-Cert", "X-Client-Certificate",
    "X-Client-Cert-Dn", "X-Client-Cert-Subject-DN", "X-Client-Cert-Issuer-DN",
    "X-Client-Cert-Serial", "X-Client-Cert-SHA256", "X-Client-Cert-San", "X-Client-Verify",
    "X-Client-DN", "X-Client-S-DN", "X-Forwarded-Client-Cert", "X-Forwarded-Tls-Client-Cert",
    "X-Forwarded-Tls-Client-Cert-Info", "X-Forwarded-SSL-Client-Cert", "Client-Cert",
    "Client-Cert-Chain", "ssl-client-cert", "ssl-client-verify", "ssl-client-subject-dn",
    "SSL_CLIENT_S_DN", "X-Amzn-Mtls-Clientcert", "X-Amzn-Mtls-Clientcert-Leaf",
    "Cf-Client-Cert-Sha256", "Cf-Client-Cert-Der-Base64", "X-ARR-ClientCert",
    "X-WSO2-Client-Certificate", "eg-consumer-id", "eg-request-id", "X-Consumer-ID",
    "X-Consumer-Username", "X-Consumer-Custom-Id", "X-Credential-Identifier",
    "X-Authenticated-Userid", "X-Authenticated-Scope", "X-Anonymous-Consumer",
    "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port",
    "X-Forwarded-Server", "X-Forwarded-Prefix", "X-Forwarded-Ssl", "X-Real-IP", "Forwarded",
    "Via-Identity", "The-Fingerprint", "Proxy",
)  # fmt: skip
"""What services and frameworks take an identity or an origin from, and two configured names."""

EVIL = "evil-value"


@pytest.fixture(scope="module")
def named(engine_binary: EngineBinary) -> Iterator[World]:
    """Two identity headers under names of the operator's own."""

    def names(document: dict[str, Any], _: Certificates) -> None:
        headers = {"issuer": "Via-Identity", "fingerprint": "The-Fingerprint"}
        headers["clientCertChain"] = "Client-Cert-Chain"
        document["identity"] = {"headers": headers}

    with world(engine_binary, mixed, names) as made:
        yield made


def spellings(name: str) -> Iterator[str]:
    """Ways to write a name that some service takes for the same (RFC 3875 section 4.1.18)."""
    yield name
    yield name.upper()
    yield name.lower()
    yield name.replace("-", "_")
    yield name.replace("-", "_", 1).title()
    yield name.replace("-", ".")


def clean(seen: Seen) -> bool:
    """No header, whatever its name, brings what the client made up."""
    return not any(EVIL in value for _, value in seen.headers)


CLIENTS = ["good", "stranger", "none"]


@pytest.mark.parametrize("who", CLIENTS)
@pytest.mark.parametrize("name", FORGED)
def test_a_forged_header_never_reaches_the_service(named: World, name: str, who: str) -> None:
    forged = [(spelled, EVIL) for spelled in spellings(name)]
    forged += forged  # twice each
    tls = context(getattr(named, who, None))
    with named.gateway.connect(tls, "a.example") as client:
        assert client.ask("/open/x", "a.example", headers=forged).status == 200
    assert clean(named.upstream.last()), named.upstream.last().headers


@pytest.mark.parametrize("who", CLIENTS)
def test_forged_headers_never_reach_the_service_over_http2_or_in_clear(
    named: World, who: str
) -> None:
    second = named.gateway.http2(getattr(named, who, None), "a.example")
    for spelled in (str.lower, lambda name: name.lower().replace("-", "_")):
        forged = [(spelled(name), EVIL) for name in FORGED]
        assert second.ask("/open/x", "a.example", headers=forged).status == 200
        assert clean(named.upstream.last())
        with named.gateway.connect() as plain:
            assert plain.ask("/open/x", "a.example", headers=forged).status == 200
        assert clean(named.upstream.last()), named.upstream.last().headers
    second.connection.__exit__()


@pytest.mark.parametrize("who", CLIENTS)
def test_forged_trailers_never_arrive_as_headers(named: World, who: str) -> None:
    trailers = [(name, EVIL) for name in FORGED]
    with named.gateway.connect(context(getattr(named, who, None)), "a.example") as client:
        lines = "".join(f"{name}: {value}\r\n" for name, value in trailers)
        client.send(
            b"POST /open/x HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n"
            b"Trailer: Client-Cert, eg-consumer-id\r\n\r\n2\r\nhi\r\n0\r\n"
            + lines.encode() + b"\r\n"
        )  # fmt: skip
        assert client.read("POST").status == 200
    assert named.upstream.last().body == b"hi"
    assert clean(named.upstream.last())
    assert not named.upstream.last().all("Trailer")
    second = named.gateway.http2(getattr(named, who, None), "a.example")
    with second.connection:
        lower = [(name.lower(), EVIL) for name in FORGED]
        assert second.ask("/open/x", "a.example", body=b"hi", trailers=lower).status == 200
    assert clean(named.upstream.last())


@pytest.mark.parametrize("version", ["http1", "http2"])
def test_the_identity_can_not_be_dropped_by_listing_it_in_connection(
    named: World, version: str
) -> None:
    listed = "client-cert, x-client-cert-subject-dn, the-fingerprint, eg-request-id, close"
    if version == "http1":
        with named.gateway.connect(context(named.good), "a.example") as client:
            headers = [("Connection", listed), ("Keep-Alive", "x"), ("TE", "trailers")]
            assert client.ask("/api/x", "a.example", headers=headers).status == 200
    else:
        second = named.gateway.http2(named.good, "a.example")
        with second.connection:
            # RFC 9113 section 8.2.2: such a request is malformed, so it may be refused as well.
            try:
                reply = second.ask("/api/x", "a.example", headers=[("connection", listed)])
            except EOFError:
                return
            assert reply.status in (200, 400)
            if reply.status == 400:
                return
    seen = named.upstream.last()
    assert seen.one("X-Client-Cert-Subject-DN") == "CN=good"
    assert "client-cert" not in (seen.one("Connection") or "")


def test_an_upgrade_can_not_drop_the_identity_either(named: World) -> None:
    with named.gateway.connect(context(named.good), "a.example") as client:
        headers = [("Connection", "upgrade, client-cert"), ("Upgrade", "echo")]
        assert client.ask("/api/ws", "a.example", headers=headers).status in (101, 200)
    seen = named.upstream.last()
    assert seen.one("X-Client-Cert-Subject-DN") == "CN=good"
    assert (seen.one("Connection") or "").lower() in ("upgrade", "")


def identity(made: Made) -> dict[str, str]:
    certificate = made.native
    return {
        "X-Client-Cert-Subject-DN": f"CN={made.name}",
        "Via-Identity": "CN=" + certificate.issuer.rfc4514_string().removeprefix("CN="),
        "The-Fingerprint": made.certificate.fingerprint.lower(),
    }


def told(value: str | None) -> list[bytes]:
    """The byte sequences of an RFC 9440 list (RFC 8941 section 3.1 and 3.3.5)."""
    assert value is not None
    items = [item.strip() for item in value.split(",")]
    assert all(item[0] == item[-1] == ":" for item in items), items
    return [base64.b64decode(item[1:-1], validate=True) for item in items]


@pytest.mark.parametrize("sni", ["a.example", "strict.example"])
def test_the_service_learns_who_the_admitted_client_is(named: World, sni: str) -> None:
    for connection in range(2):
        with named.gateway.connect(context(named.good), sni) as client:
            for _ in range(2):
                reply = client.ask("/api/x", sni)
                assert reply.status == 200, connection
                seen = named.upstream.last()
                for name, value in identity(named.good).items():
                    assert (seen.one(name) or "").lower() == value.lower(), name
                serial = seen.one("X-Client-Cert-Serial") or ""
                assert int(serial, 16) == named.good.native.serial_number
                assert told(seen.one("Client-Cert")) == [named.good.der]
                assert seen.one("eg-request-id") == reply.headers["eg-request-id"]


def test_two_clients_of_one_address_are_told_apart(named: World) -> None:
    other = named.kit.client(named.a, "other")
    with (
        named.gateway.connect(context(named.good), "a.example") as first,
        named.gateway.connect(context(other), "a.example") as second,
    ):
        for client, made in ((first, named.good), (second, other), (first, named.good)):
            assert client.ask("/api/x", "a.example").status == 200
            assert told(named.upstream.last().one("Client-Cert")) == [made.der]


@pytest.mark.parametrize("who", ["stranger", "none", "of_b"])
def test_who_is_not_admitted_gets_no_identity(named: World, who: str) -> None:
    with named.gateway.connect(context(getattr(named, who, None)), "a.example") as client:
        assert client.ask("/open/x", "a.example").status == 200
    seen = named.upstream.last()
    for name in ("Client-Cert", "Client-Cert-Chain", "X-Client-Cert-Serial", *identity(named.good)):
        assert not seen.all(name)
    assert seen.one("eg-request-id")


def test_the_service_learns_where_the_request_came_from(named: World) -> None:
    with named.gateway.connect(context(named.good), "a.example") as client:
        client.ask("/api/x", "a.example:8443")
    seen = named.upstream.last()
    assert seen.one("X-Forwarded-For") == "127.0.0.1"
    assert seen.one("X-Forwarded-Proto") == "https"
    assert seen.one("X-Forwarded-Host") == "a.example:8443"
    with Connection(named.gateway.http) as plain:
        plain.ask("/open/x", "a.example")
    seen = named.upstream.last()
    assert seen.one("X-Forwarded-For") == "127.0.0.1"
    assert seen.one("X-Forwarded-Proto") == "http"
    assert seen.one("X-Forwarded-Host") == "a.example"


def test_each_request_has_an_id_of_its_own(named: World) -> None:
    with named.gateway.connect(context(named.good), "a.example") as client:
        ids = {client.ask("/api/x", "a.example").headers["eg-request-id"] for _ in range(5)}
        refused = client.ask("/none", "a.example")
    assert len(ids) == 5
    assert refused.json["requestId"] == refused.headers["eg-request-id"]
    line = named.gateway.logged(lambda line: line.get("path") == "/none")
    assert line["request_id"] == refused.json["requestId"]
