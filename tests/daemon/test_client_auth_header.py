"""Header mode: a trusted balancer's header is the client's certificate, everybody else's is air."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import Http2, context
from tests.daemon.forwarding import (
    HEADER,
    STRANGER,
    escaped,
    forwarding,
    in_header,
    line_of,
    peer,
)
from tests.daemon.gateway import Certificates, World

pytestmark = pytest.mark.daemon

ABSENT = "Certificate authorization required to access the resource."
REFUSED = "Certificate validation failed. You are not allowed to access the resource."
LISTENERS = ("http", "https")


def overrides(document: dict[str, Any], _: Certificates) -> None:
    """``/open`` asks for nothing, ``/named`` only admits a certain name."""
    document["apiEndpoints"] |= {
        "open": {"paths": "/open/*", "clientCertificateAuth": {"required": False}},
        "named": {
            "paths": "/named/*",
            "clientCertificateAuth": {"trustedDistinguishedNames": ["CN=chosen,**"]},
        },
        "watched": {
            "paths": "/watched/*",
            "clientCertificateAuth": {
                "reportOnly": True,
                "trustedDistinguishedNames": ["CN=chosen,**"],
            },
        },
    }
    document["pipelines"]["open"]["apiEndpoints"] += ["named", "watched"]


@pytest.fixture(scope="module")
def required(engine_binary: EngineBinary) -> Iterator[World]:
    with forwarding(engine_binary, overrides, required=True) as made:
        yield made


@pytest.mark.parametrize("listener", LISTENERS)
def test_the_certificate_in_the_header_is_the_client_s(required: World, listener: str) -> None:
    client = required.kit.client(required.a, f"client-{listener}")
    for value in (in_header(client), escaped(client)):
        with peer(required, listener) as balancer:
            for _ in range(2):
                reply = balancer.ask("/api/x", headers=[(HEADER, value)])
                assert reply.status == 200
                seen = required.upstream.last()
                assert seen.all(HEADER) == []
                assert seen.one("Client-Cert") == f":{in_header(client)}:"
                assert seen.one("X-Client-Cert-SHA256") == client.certificate.fingerprint
        line = line_of(required, reply)
        assert line["fingerprint"] == client.certificate.fingerprint.upper()
        assert line["subject"] == seen.one("X-Client-Cert-Subject-DN")
        assert (line["reason"], line["policy"]) == ("admitted", "gateway")


def test_what_is_told_is_what_would_be_told_of_a_certificate_in_the_handshake(
    required: World, engine_binary: EngineBinary
) -> None:
    name = 'x, "y"+=\\#;<>é'
    odd = required.kit.client(required.a, "odd", common_name=name)

    def by_handshake(document: dict[str, Any], made: Certificates) -> None:
        document["clientCertificateAuth"] = {
            "type": "certificate",
            "trustedCertificates": [str(required.a.certificate_file)],
        }

    told = []
    with peer(required) as balancer:
        assert balancer.ask("/api/x", headers=[(HEADER, in_header(odd))]).status == 200
        told.append(_identity(required))
    with (
        forwarding(engine_binary, by_handshake) as other,
        other.gateway.connect(context(odd), "default.example") as connection,
    ):
        assert connection.ask("/api/x").status == 200
        told.append(_identity(other))
    assert told[0] == told[1]


def _identity(world: World) -> list[tuple[str, str]]:
    headers = world.upstream.last().headers
    return sorted(
        (name.lower(), value)
        for name, value in headers
        if name.lower().startswith(("client-cert", "x-client-cert"))
    )


@pytest.mark.parametrize("listener", LISTENERS)
@pytest.mark.parametrize("path", ["/api/x", "/nowhere"])
def test_without_a_certificate_nobody_passes_where_one_is_required(
    required: World, listener: str, path: str
) -> None:
    with peer(required, listener) as balancer:
        for headers in ([], [(HEADER, "")], [(HEADER, "  ")]):
            reply = balancer.ask(path, headers=headers)
            assert (reply.status, reply.json["detail"]) == (401, ABSENT)
            assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("listener", LISTENERS)
def test_an_api_may_ask_for_less_and_for_more_on_the_same_connection(
    required: World, listener: str
) -> None:
    chosen = required.kit.client(required.a, f"chosen-{listener}", common_name="chosen")
    good = [(HEADER, in_header(required.good))]
    with peer(required, listener) as balancer:
        assert balancer.ask("/api/x").status == 401
        assert balancer.ask("/open/x").status == 200
        assert balancer.ask("/named/x").status == 401
        assert balancer.ask("/named/x", headers=good).json["detail"] == REFUSED
        assert balancer.ask("/named/x", headers=[(HEADER, in_header(chosen))]).status == 200
        assert balancer.ask("/api/x", headers=good).status == 200
        stranger = [(HEADER, in_header(required.stranger))]
        assert balancer.ask("/open/x", headers=stranger).status == 403


def test_a_report_only_api_refuses_nobody_and_says_whom_it_would_have(required: World) -> None:
    cases = [
        ([(HEADER, in_header(required.good))], "name-not-trusted", "admitted"),
        ([(HEADER, in_header(required.stranger))], "issuer-missing", "issuer-missing"),
        ([], "no-certificate", "no-certificate"),
        ([(HEADER, "x")], "header-malformed", "header-malformed"),
    ]
    with peer(required) as balancer:
        for headers, would, reason in cases * 2:
            reply = balancer.ask("/watched/x", headers=headers)
            assert reply.status == 200
            line = line_of(required, reply)
            assert line["would_refuse"] == would
            assert (line["reason"], line["policy"]) == (reason, "api")


@pytest.mark.parametrize("listener", LISTENERS)
def test_the_header_of_anybody_but_a_trusted_proxy_is_removed_unread(
    required: World, listener: str
) -> None:
    forged = [(HEADER, in_header(required.good))]
    with peer(required, listener, STRANGER) as client:
        assert client.ask("/api/x", headers=forged).status == 401
        reply = client.ask("/open/x", headers=forged)
        assert reply.status == 200
        seen = required.upstream.last()
        assert seen.all(HEADER) == []
        assert seen.all("Client-Cert") == []
    assert line_of(required, reply)["subject"] == ""


@pytest.mark.parametrize("listener", LISTENERS)
@pytest.mark.parametrize("spelling", ["x_client_cert", "X.Client.Cert", "X_CLIENT-cert"])
def test_look_alikes_are_neither_read_nor_passed_on(
    required: World, listener: str, spelling: str
) -> None:
    alike = (spelling, in_header(required.good))
    with peer(required, listener) as balancer:
        assert balancer.ask("/api/x", headers=[alike]).status == 401
        both = [alike, (HEADER, in_header(required.stranger))]
        assert balancer.ask("/api/x", headers=both).status == 403
        good = [alike, ("x-CLIENT-cert", in_header(required.good)), ("Connection", HEADER)]
        assert balancer.ask("/api/x", headers=good).status == 200
        assert required.upstream.last().all(HEADER) == []
        assert required.upstream.last().one("Client-Cert")


@pytest.mark.parametrize(
    ("reason", "headers"),
    [
        ("header-repeated", ["good", "good"]),
        ("header-repeated", ["good", ""]),
        ("header-repeated", ["good, good"]),
        ("header-malformed", ["good%00"]),
        ("header-malformed", ["%2D%2D%2D%2D%2DBEGIN"]),
        ("header-malformed", ["\xff\xfe"]),
        ("header-too-large", ["A" * 16_385]),
        ("header-too-large", ["A" * 24_000]),
    ],
)
@pytest.mark.parametrize("listener", LISTENERS)
def test_what_can_be_read_in_two_ways_is_refused_and_the_log_says_why(
    required: World, listener: str, reason: str, headers: list[str]
) -> None:
    good = in_header(required.good)
    values = [(HEADER, one.replace("good", escaped(required.good))) for one in headers]
    with peer(required, listener) as balancer:
        assert balancer.ask("/api/x", headers=[(HEADER, good)]).status == 200
        reply = balancer.ask("/api/x", headers=values)
        assert (reply.status, reply.json["detail"]) == (403, REFUSED)
        line = line_of(required, reply)
        assert (line["reason"], line["subject"]) == (reason, "")
        assert balancer.ask("/api/x", headers=[(HEADER, good)]).status == 200


@pytest.mark.parametrize("listener", LISTENERS)
def test_clients_that_alternate_on_a_connection_are_told_apart(
    required: World, listener: str
) -> None:
    clients = [required.kit.client(required.a, f"{listener}-alternating{n}") for n in range(3)]
    replies = []
    with peer(required, listener) as balancer:
        for client in clients * 3:
            replies.append(balancer.ask("/api/x", headers=[(HEADER, in_header(client))]))
            assert replies[-1].status == 200
            assert required.upstream.last().one("Client-Cert") == f":{in_header(client)}:"
    lines = [line_of(required, reply) for reply in replies]
    expected = [client.certificate.fingerprint.upper() for client in clients] * 3
    assert [line["fingerprint"] for line in lines] == expected


@pytest.mark.parametrize("changed", [lambda good: good[:-4], lambda good: good + "QQ=="])
def test_a_header_that_only_begins_like_the_last_one_is_another(
    required: World, changed: Callable[[str], str]
) -> None:
    good = in_header(required.good)
    with peer(required) as balancer:
        for value, status in ((good, 200), (changed(good), 403), (good, 200), (good, 200)):
            assert balancer.ask("/api/x", headers=[(HEADER, value)]).status == status


def test_streams_of_a_connection_are_told_apart(required: World) -> None:
    clients = [required.kit.client(required.a, f"stream{number}") for number in range(4)]
    with peer(required, "https") as plain:
        assert plain.protocol is None
    connection = Http2(
        required.gateway.connect(context(alpn=["h2"]), "default.example", source="127.0.0.1")
    )
    streams = [
        (client, connection.request("/slow/0.1", headers=[(HEADER.lower(), in_header(client))]))
        for client in clients * 5
    ]
    streams.append((None, connection.request("/api/x")))
    with connection.connection:
        for client, stream in streams:
            reply = connection.read(stream)
            assert reply.status == (404 if client else 401)
            if client:
                line = line_of(required, reply)
                assert line["fingerprint"] == client.certificate.fingerprint.upper()


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/plain", "text/plain"),
        ("text/html, text/plain;q=0.5, */*;q=0.1", "text/plain"),
        ("text/plain, application/json", "application/problem+json"),
        ("text/plain, application/problem+json;q=0.1", "application/problem+json"),
        ("text/plain;q=0", "application/problem+json"),
        ("*/*", "application/problem+json"),
        ("text/html", "application/problem+json"),
    ],
)
def test_a_client_that_prefers_plain_text_gets_the_same_sentence(
    required: World, accept: str, kind: str
) -> None:
    with peer(required) as balancer:
        for headers, sentence in (([], ABSENT), ([(HEADER, "x")], REFUSED)):
            reply = balancer.ask("/api/x", headers=[("Accept", accept), *headers])
            assert reply.headers["content-type"].split(";")[0] == kind
            if kind == "text/plain":
                assert reply.body.decode() == sentence
            else:
                assert json.loads(reply.body)["detail"] == sentence
