"""HTTP/1.1, HTTP/2, WebSocket, large bodies, IPv6: what clients speak goes through whole."""

import hashlib
import subprocess
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import Connection, context
from tests.daemon.gateway import Certificates, World, mixed, world

pytestmark = pytest.mark.daemon

BODY = bytes(range(256)) * 40 * 1024
"""10 MiB."""


@pytest.fixture(scope="module")
def made(engine_binary: EngineBinary) -> Iterator[World]:
    with world(engine_binary, mixed) as one:
        yield one


@pytest.fixture(scope="module")
def everywhere(engine_binary: EngineBinary) -> Iterator[World]:
    """A listener without ``hostname``: every address of both families."""

    def open_to_all(document: dict[str, Any], _: Certificates) -> None:
        del document["https"]["hostname"]
        document["http"]["hostname"] = "::1"
        document["https"]["options"]["ALPNProtocols"] = ["http/1.1"]

    with world(engine_binary, lambda made: {"default": made.entry(made.a)}, open_to_all) as one:
        yield one


@pytest.mark.parametrize("sni", ["a.example", "strict.example"])
def test_alpn_chooses_the_protocol(made: World, everywhere: World, sni: str) -> None:
    for offered, chosen in ((["h2", "http/1.1"], "h2"), (["http/1.1"], "http/1.1"), ([], None)):
        with made.gateway.connect(context(made.good, alpn=offered), sni) as client:
            assert client.protocol == chosen
    both = context(everywhere.good, alpn=["h2", "http/1.1"])
    with everywhere.gateway.connect(both, sni) as client:
        assert client.protocol == "http/1.1"


def test_a_large_body_arrives_whole(made: World) -> None:
    with made.gateway.connect(context(made.good), "a.example") as client:
        reply = client.ask("/api/x", "a.example", method="POST", body=BODY)
    assert reply.status == 200
    assert reply.json["size"] == len(BODY)
    assert reply.json["sha256"] == hashlib.sha256(BODY).hexdigest()


def test_a_chunked_body_arrives_whole(made: World) -> None:
    with made.gateway.connect(context(made.good), "a.example") as client:
        client.send(b"PUT /api/x HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n")
        for at in range(0, 1 << 20, 50_000):
            part = BODY[at : at + 50_000]
            client.send(b"%x\r\n%s\r\n" % (len(part), part))
        client.send(b"0\r\n\r\n")
        reply = client.read("PUT")
    assert reply.status == 200
    assert reply.json["size"] == 1_050_000


def test_a_body_over_http2_arrives_whole(made: World) -> None:
    second = made.gateway.http2(made.good, "a.example")
    with second.connection:
        reply = second.ask("/api/x", "a.example", method="POST", body=b"x" * 16_000)
        assert reply.status == 200
        assert reply.json["size"] == 16_000


def test_curl_sends_a_large_body_over_http2(made: World) -> None:
    file = made.folder / "body"
    file.write_bytes(BODY)
    url = f"https://a.example:{made.gateway.https}/api/x"
    done = subprocess.run(
        ["curl", "-sS", "--http2", "--resolve", f"a.example:{made.gateway.https}:127.0.0.1",
         "--cacert", str(made.a.certificate_file), "--cert", str(made.good.chain_file),
         "--key", str(made.good.key_file), "--data-binary", f"@{file}", "-w", "%{http_version}",
         url],
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert hashlib.sha256(BODY).hexdigest().encode() in done.stdout
    assert done.stdout.endswith(b"2")


def test_expect_100_continue_is_answered_by_the_service(made: World) -> None:
    with made.gateway.connect(context(made.good), "a.example") as client:
        client.send(
            b"POST /api/x HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\n"
            b"Content-Length: 5\r\n\r\n"
        )
        assert client.socket.recv(25).startswith(b"HTTP/1.1 100")
        client.send(b"hello")
        reply = client.read("POST")
        assert reply.status == 200
        assert reply.json["size"] == 5


def test_a_refused_client_is_not_told_to_continue(made: World) -> None:
    with made.gateway.connect(context(None), "a.example") as client:
        client.send(
            b"POST /api/x HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\n"
            b"Content-Length: 5\r\n\r\n"
        )
        assert client.read("POST").status == 403


@pytest.mark.parametrize("secure", [True, False], ids=["tls", "clear"])
def test_an_upgraded_connection_passes_bytes_both_ways(made: World, secure: bool) -> None:
    tls = context(made.good) if secure else None
    with made.gateway.connect(tls, "a.example") as client:
        headers = [("Connection", "Upgrade"), ("Upgrade", "websocket"),
                   ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
                   ("Sec-WebSocket-Version", "13")]  # fmt: skip
        reply = client.ask("/open/ws", "a.example", headers=headers)
        assert reply.status == 101
        for message in (b"\x81\x02hi", bytes(range(256)) * 100):
            client.send(message)
            got = b""
            while len(got) < len(message):
                part = client.socket.recv(65536)
                assert part
                got += part
            assert got == message


@pytest.mark.parametrize("path", ["/open/ws", "/api/ws"])
def test_a_websocket_over_http2_passes_bytes_both_ways(made: World, path: str) -> None:
    # RFC 8441, as browsers do when a server offers it.
    second = made.gateway.http2(made.good, "a.example")
    with second.connection:
        stream = second.h2.get_next_available_stream_id()
        head = [
            (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"),
            (":authority", "a.example"), (":path", path), ("sec-websocket-version", "13"),
        ]  # fmt: skip
        second.h2.send_headers(stream, head)
        second.flush()
        assert second.head(stream).status == 200
        second.h2.send_data(stream, b"\x81\x02hi")
        second.flush()
        assert second.body(stream, 4) == b"\x81\x02hi"
    seen = made.upstream.last()
    assert seen.line == f"GET {path} HTTP/1.1"
    assert seen.one("X-Client-Cert-Subject-DN") == "CN=good"


def test_a_websocket_over_http2_needs_the_certificate_as_any_request_does(made: World) -> None:
    second = made.gateway.http2(None, "a.example")
    with second.connection:
        stream = second.h2.get_next_available_stream_id()
        head = [
            (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"),
            (":authority", "a.example"), (":path", "/api/ws"), ("sec-websocket-version", "13"),
        ]  # fmt: skip
        second.h2.send_headers(stream, head)
        second.flush()
        assert second.head(stream).status == 403


@pytest.mark.parametrize("size", [4_000, 9_000, 14_000, 18_000])
def test_a_large_certificate_is_told_to_the_service_whole(made: World, size: int) -> None:
    client = made.kit.client(made.a, f"large-{size}", padding=size)
    for sni in ("a.example", "strict.example"):
        assert made.gateway.status(client, sni) == 200
        told = made.upstream.last().one("Client-Cert") or ""
        assert b64decode(told.strip(":")) == client.der


def test_an_upgrade_needs_the_certificate_as_any_request_does(made: World) -> None:
    with made.gateway.connect(context(None), "a.example") as client:
        headers = [("Connection", "Upgrade"), ("Upgrade", "websocket"),
                   ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
                   ("Sec-WebSocket-Version", "13")]  # fmt: skip
        assert client.ask("/api/ws", "a.example", headers=headers).status == 403


def test_requests_in_a_row_on_one_connection_are_each_judged(made: World) -> None:
    with made.gateway.connect(context(None), "a.example") as client:
        statuses = [
            client.ask(path, "a.example").status
            for path in ("/open/x", "/api/x", "/open/x", "/none", "/api/x")
        ]
    assert statuses == [200, 403, 200, 404, 403]


def test_pipelined_requests_are_each_judged(made: World) -> None:
    with made.gateway.connect(context(None), "a.example") as client:
        client.send(
            b"".join(
                b"GET %s HTTP/1.1\r\nHost: a.example\r\n\r\n" % path
                for path in (b"/open/x", b"/api/x", b"/open/x")
            )
        )
        assert [client.read().status for _ in range(3)] == [200, 403, 200]


def test_head_and_options_and_http_1_0_are_served(made: World) -> None:
    with made.gateway.connect(context(made.good), "a.example") as client:
        assert client.ask("/api/x", "a.example", method="HEAD").status == 200
        assert client.ask("/api/x", "a.example", method="OPTIONS").status == 200
        client.send(b"GET /api/x HTTP/1.0\r\nHost: a.example\r\n\r\n")
        assert client.read().status == 200


def test_both_families_reach_a_listener_without_a_hostname(everywhere: World) -> None:
    for address in ("127.0.0.1", "::1"):
        with everywhere.gateway.connect(
            context(everywhere.good), "x.example", address=address
        ) as client:
            assert client.ask("/api/x", "[::1]:8443").status == 200
        assert everywhere.upstream.last().one("X-Forwarded-For") in (address, f"::ffff:{address}")


def test_an_ipv6_hostname_is_listened_on(everywhere: World) -> None:
    with Connection(everywhere.gateway.http, address="::1") as client:
        assert client.ask("/open/x", "x.example").status == 200
    assert everywhere.upstream.last().one("X-Forwarded-For") == "::1"
    with pytest.raises(ConnectionRefusedError):
        Connection(everywhere.gateway.http)


def test_the_client_address_is_told_through_both_kinds_of_entries(made: World) -> None:
    for sni in ("a.example", "strict.example"):
        with made.gateway.connect(context(made.good), sni) as client:
            assert client.ask("/api/x", sni).status == 200
        assert made.upstream.last().one("X-Forwarded-For") == "127.0.0.1"
        assert made.gateway.logged(lambda line: bool(line.get("sni")))["client"] == "127.0.0.1"
