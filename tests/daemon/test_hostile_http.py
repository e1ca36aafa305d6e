"""Requests made to be misunderstood, and clients made to exhaust: refused, and life goes on."""

import contextlib
import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any

import h2.exceptions
import pytest
from hyperframe.frame import ContinuationFrame, Frame, HeadersFrame, RstStreamFrame

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import Connection, context
from tests.daemon.gateway import Certificates, World, mixed, world
from tests.daemon.shapes import HEAD, MAY_BE_SERVED, SHAPES, SMUGGLED

pytestmark = pytest.mark.daemon


@pytest.fixture(scope="module")
def hostile(engine_binary: EngineBinary) -> Iterator[World]:
    def short(document: dict[str, Any], _: Certificates) -> None:
        options = document["https"]["options"]
        options.update({"headersTimeout": 1500, "handshakeTimeout": 2000, "maxHeaderSize": 8192})

    with world(engine_binary, mixed, short) as made:
        yield made


def still_serves(made: World) -> None:
    assert made.gateway.process.poll() is None
    assert made.gateway.status(made.good, "a.example") == 200
    assert not made.gateway.lines_that_are_not_json()
    assert "Traceback" not in made.gateway.program_log()


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("secure", [True, False], ids=["tls", "clear"])
def test_a_misshapen_request_is_refused_or_has_one_meaning(
    hostile: World, name: str, secure: bool
) -> None:
    before = len(hostile.upstream.seen)
    tls = context(hostile.good) if secure else None
    with hostile.gateway.connect(tls, "a.example", timeout=8) as client:
        client.send(SHAPES[name] + SMUGGLED)
        try:
            status = client.read("POST").status
        except (EOFError, TimeoutError, ValueError, OSError):
            status = 0
    allowed = {0, 400, 405, 411, 413, 421, 426, 501, 505}
    if name in MAY_BE_SERVED:
        allowed |= {200, 502}
    assert status in allowed
    arrived = hostile.upstream.seen[before:]
    for seen in arrived:
        # However it was framed, what reaches the service is framed in one way.
        lengths, codings = seen.all("Content-Length"), seen.all("Transfer-Encoding")
        assert len(lengths) + len(codings) <= 1, seen.headers
        assert len(seen.all("Host")) == 1
        assert b"smuggled" not in seen.body
    if name not in MAY_BE_SERVED:
        assert not [seen for seen in arrived if seen.path == "/open/x"]


def test_line_feeds_alone_end_lines_for_the_gateway_and_the_service_alike(hostile: World) -> None:
    with hostile.gateway.connect(context(hostile.good), "a.example") as client:
        client.send(b"GET /open/x HTTP/1.1\nHost: a.example\nX-A: b\n\n")
        with contextlib.suppress(EOFError):
            assert client.read().status in (200, 400)
    seen = hostile.upstream.last()
    assert all("\n" not in value for _, value in seen.headers)


def test_chunk_extensions_do_not_reach_the_service_as_data(hostile: World) -> None:
    with hostile.gateway.connect(context(hostile.good), "a.example") as client:
        client.send(HEAD + b'Transfer-Encoding: chunked\r\n\r\n2;a="b\nc"\r\nhi\r\n0;x\r\n\r\n')
        with contextlib.suppress(EOFError):
            if client.read("POST").status == 200:
                assert hostile.upstream.last().body == b"hi"


@pytest.mark.parametrize(
    "headers",
    [
        [("x", "a\x00b")], [("x", "a\nb")], [("x", "a\rb")], [("x\x00", "a")], [("X-Upper", "a")],
        [("transfer-encoding", "chunked")], [("connection", "close")], [("host", "b.example")],
        [("content-length", "7")], [("x y", "a")], [(":path", "/admin")], [("x:", "a")],
        [("", "a")],
        [("te", "gzip")], [("upgrade", "x")], [("x", "a\x07b")], [(":odd", "a")],
    ],
)  # fmt: skip
def test_hostile_http2_headers_are_refused_or_arrive_harmless(
    hostile: World, headers: list[tuple[str, str]]
) -> None:
    before = len(hostile.upstream.seen)
    second = hostile.gateway.http2(hostile.good, "a.example")
    with second.connection:
        try:
            status = second.ask("/open/x", "a.example", headers=headers, body=b"hi").status
        except (EOFError, h2.exceptions.ProtocolError):
            status = 400
    assert status in (200, 400, 421)
    for seen in hostile.upstream.seen[before:]:
        assert seen.path == "/open/x"
        assert seen.body == b"hi"
        assert len(seen.all("Host")) == 1
        for name, value in seen.headers:
            assert name.lower() not in (":path", ":odd", "upgrade")
            assert all(char.isprintable() for char in name + value), (name, value)


@pytest.mark.parametrize("pseudo", [
    (":method", "GET /admin HTTP/1.1\r\nx: y"), (":path", "/open/x HTTP/1.1\r\nx: y"),
    (":scheme", "http://evil/?"), (":authority", "a.example\r\nx: y"), (":method", ""),
    (":authority", "a.example/admin"), (":authority", "u@a.example"), (":path", ""),
])  # fmt: skip
def test_hostile_http2_pseudo_headers_never_split_a_request(
    hostile: World, pseudo: tuple[str, str]
) -> None:
    before = len(hostile.upstream.seen)
    second = hostile.gateway.http2(hostile.good, "a.example")
    head = {":method": "GET", ":scheme": "https", ":authority": "a.example", ":path": "/open/x"}
    head[pseudo[0]] = pseudo[1]
    with second.connection:
        stream = second.h2.get_next_available_stream_id()
        second.h2.send_headers(stream, list(head.items()), end_stream=True)
        second.flush()
        with contextlib.suppress(EOFError):
            assert second.read(stream).status in (400, 404, 421, 200)
    for seen in hostile.upstream.seen[before:]:
        assert seen.line == "GET /open/x HTTP/1.1"
        assert not seen.all("x")


@pytest.mark.parametrize("size", [9_000, 30_000, 60_000, 300_000])
def test_headers_beyond_the_limit_are_refused(hostile: World, size: int) -> None:
    before = len(hostile.upstream.seen)
    with hostile.gateway.connect(context(hostile.good), "a.example") as client:
        with contextlib.suppress(OSError):
            client.send(
                b"GET /open/x HTTP/1.1\r\nHost: a.example\r\nX: " + b"x" * size + b"\r\n\r\n"
            )
        with contextlib.suppress(EOFError, OSError):
            assert client.read().status in (400, 431)
    second = hostile.gateway.http2(hostile.good, "a.example")
    with second.connection, contextlib.suppress(EOFError, OSError):
        headers = [("x", "x" * 9000)] * (size // 9000)
        assert second.ask("/open/x", "a.example", headers=headers).status in (400, 431)
    assert len(hostile.upstream.seen) == before
    still_serves(hostile)


def test_what_is_no_http_is_logged_as_such(hostile: World) -> None:
    logged = len(hostile.gateway.access_log())
    with hostile.gateway.connect(context(hostile.good), "a.example") as client:
        client.send(b"\x00\x01\r\n\r\n")
        assert client.read().status == 400
    line = hostile.gateway.logged(lambda line: line["event"] == "request-malformed", after=logged)
    assert line["sni"] == "a.example"


def test_very_many_headers_are_refused(hostile: World) -> None:
    headers = [(f"x-{number}", "y") for number in range(200)]
    with hostile.gateway.connect(context(hostile.good), "a.example") as client:
        assert client.ask("/open/x", "a.example", headers=headers).status in (400, 431)


def test_a_client_that_sends_its_headers_slowly_is_cut_off(hostile: World) -> None:
    with hostile.gateway.connect(context(hostile.good), "a.example") as client:
        started = time.monotonic()
        client.send(b"GET /open/x HTTP/1.1\r\nHost: a.example\r\n")
        client.socket.settimeout(0.3)
        while True:
            try:
                client.send(b"X: y\r\n")
                data = client.socket.recv(1000)
                break
            except TimeoutError:
                assert time.monotonic() - started < 30
            except (ssl.SSLError, OSError):
                data = b""
                break
    assert time.monotonic() - started < 30
    assert not data or b" 408 " in data


def test_a_client_that_does_not_finish_its_handshake_is_cut_off(hostile: World) -> None:
    slow = [socket.create_connection(("127.0.0.1", hostile.gateway.https)) for _ in range(20)]
    try:
        for one in slow:
            one.sendall(b"\x16\x03\x01\x02\x00\x01\x00")
        assert hostile.gateway.status(hostile.good, "a.example") == 200
        started = time.monotonic()
        for one in slow:
            one.settimeout(60)
            with contextlib.suppress(ConnectionError):
                one.recv(100)
        assert time.monotonic() - started < 30
    finally:
        for one in slow:
            one.close()


def test_a_body_that_never_comes_does_not_hold_the_gateway(hostile: World) -> None:
    with hostile.gateway.connect(context(hostile.good), "a.example") as client:
        client.send(HEAD + b"Content-Length: 10\r\n\r\nhalf")
        still_serves(hostile)
    still_serves(hostile)


def test_two_thousand_rapid_resets_are_survived(hostile: World) -> None:
    second = hostile.gateway.http2(hostile.good, "a.example")
    with second.connection, contextlib.suppress(OSError, EOFError):
        head = [(":method", "GET"), (":scheme", "https"), (":authority", "a.example"),
                (":path", "/open/slow/1")]  # fmt: skip
        block = second.h2.encoder.encode(head)
        for number in range(2000):
            headers = HeadersFrame(1 + 2 * number, block, flags=["END_HEADERS", "END_STREAM"])
            reset = RstStreamFrame(1 + 2 * number, error_code=8)
            second.connection.send(headers.serialize() + reset.serialize())
    started = time.monotonic()
    still_serves(hostile)
    assert time.monotonic() - started < 30


def test_a_flood_of_continuations_is_ended(hostile: World) -> None:
    second = hostile.gateway.http2(hostile.good, "a.example")
    frames: list[Frame] = [HeadersFrame(1, b"\x82", flags=[])]
    frames += [ContinuationFrame(1, b"\x00\x01x\x01y" * 200, flags=[]) for _ in range(300)]
    with second.connection:
        with contextlib.suppress(OSError):
            for frame in frames:
                second.connection.send(frame.serialize())
        with pytest.raises((EOFError, OSError)):
            second.read(1, seconds=5)
    still_serves(hostile)


def test_what_is_hostile_is_logged_as_json(hostile: World) -> None:
    odd = '/open/"quo\\te"'.replace("\\", "%5c").replace('"', "%22") + "?\xe9"
    with hostile.gateway.connect(context(hostile.good), "a.example") as client:
        client.send(f"GET {odd} HTTP/1.1\r\nHost: a.example\r\n\r\n".encode("latin-1"))
        client.read()
    for path in ('/open/"x"', "/open/\xe9", "/open/<x>", "/open/'x'", "/open/{}", "/open/\x01"):
        with hostile.gateway.connect(context(hostile.good), "a.example") as client:
            client.send(f"GET {path} HTTP/1.1\r\nHost: a.example\r\n\r\n".encode("latin-1"))
            client.read()
        second = hostile.gateway.http2(hostile.good, "a.example")
        with second.connection, contextlib.suppress(EOFError):
            second.ask(path, "a.example", method='G"T')
    with Connection(hostile.gateway.http) as plain:
        plain.send(b'GET /"x HTTP/1.1\r\nHost: "a"\r\n\r\n')
        plain.read()
    still_serves(hostile)
    line = hostile.gateway.logged(lambda line: line.get("path") == '/open/"x"')
    assert line["subject"] == "CN=good"
    assert line["reason"] == "admitted"
    assert line["api"] == "open"
    assert line["fingerprint"].lower() == hostile.good.certificate.fingerprint.lower()
    assert {"request_id", "status", "ms", "time"} <= set(line)


@pytest.mark.parametrize("sni", ['quo"te.example', "back\\slash.example", "new\nline.example"])
def test_a_hostile_sni_is_logged_as_json(hostile: World, sni: str) -> None:
    with contextlib.suppress(ssl.SSLError, OSError, EOFError, ValueError):
        hostile.gateway.status(hostile.good, sni)
    still_serves(hostile)
