"""The path that is matched is the path that is forwarded, however it is written."""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import context
from tests.daemon.gateway import Certificates, World, world

pytestmark = pytest.mark.daemon

HOSTILE = (
    "/admin", "/admin/", "/admin/x", "/ADMIN", "/Admin/X", "//admin", "///admin//x", "/./admin",
    "/././admin", "/x/../admin", "/x/y/../../admin", "/x/./../admin", "/../admin", "/../../admin",
    "/admin/.", "/admin/..", "/admin/x/..", "/admin/../admin", "/x/../admin/..;/admin",
    "/%61dmin", "/%61%64%6d%69%6e", "/%41DMIN", "/%2e/admin", "/%2E/admin", "/x/%2e%2e/admin",
    "/x/%2E%2e/admin", "/x/.%2e/admin", "/x/%2e./admin", "/%2e%2e/admin", "/%2fadmin",
    "/%2Fadmin", "/x%2f..%2fadmin", "/x/..%2fadmin", "/x%2f../admin", "/admin%2fx", "/admin%2F",
    "/%5cadmin", "/x%5c..%5cadmin", "/x/..%5cadmin", "\\admin", "/\\admin", "/x\\..\\admin",
    "/x/..\\admin", "/admin\\x", "/admin%00", "/admin%00.html", "/%00/admin", "/admin%0a",
    "/admin%0d%0a", "/admin%09", "/admin%7f", "/%252e%252e/admin", "/x/%252e%252e/admin",
    "/x/%252e./admin", "/%252fadmin", "/%2561dmin", "/%25%36%31dmin", "/admin%255cx",
    "/x/%25252e%25252e/admin", "/admin;", "/admin;a=b", "/admin;a=b/x", "/;/admin", "/;a/admin",
    "/x/..;/admin", "/x/..;a=b/admin", "/x/.;/../admin", "/admin%3b", "/admin%3Bx", "/x;/../admin",
    "/admin?", "/admin?x=/../y", "/admin#", "/admin#x", "/x/#/../../admin", "/admin%c0%af",
    "/%c0%afadmin", "/x/%c0%ae%c0%ae/admin", "/x/..%c0%afadmin", "/x/..%e0%80%afadmin",
    "/x/%e0%80%ae%e0%80%ae/admin", "/x/..%f0%80%80%afadmin", "/x/..%c1%9cadmin", "/%u0061dmin",
    "/x/%u002e%u002e/admin", "/admin%", "/admin%2", "/%zzadmin", "/x/../../../../admin",
    "/x//../admin", "/x/%2e%2e//admin", "//x/../admin", "/x/..//admin", "/.//admin", "/..//admin",
    "/admin\t", "/admin\x01", "/\x7fadmin", "/ad\xffmin", "/\xc0\xafadmin", "/x/\xc0\xae./admin",
    "*", "admin", "//a.example/admin", "http://a.example/admin", "http://a.example//admin",
    "HTTP://A.EXAMPLE/x/../admin", "https://a.example/%61dmin", "http://a.example",
    "http://a.example/x/..%2fadmin", "http://a.example\\admin", "http:/admin", "http:///admin",
    "http://b@a.example/admin", "a.example/admin", "?/admin", "/x?/../admin", "#/admin", "",
)  # fmt: skip


@pytest.fixture(scope="module")
def guarded(engine_binary: EngineBinary) -> Iterator[World]:
    """``/admin`` is closed; everything else goes to the service."""

    def routes(config: dict[str, Any], _: Certificates) -> None:
        config["apiEndpoints"] = {
            "admin": {"paths": ["/admin", "/admin/*"]},
            "rest": {"paths": "*"},
        }
        config["pipelines"] = {
            "closed": {
                "apiEndpoints": ["admin"],
                "policies": [{"terminate": [{"action": {"statusCode": 403}}]}],
            },
            "rest": {
                "apiEndpoints": ["rest"],
                "policies": [{"proxy": [{"action": {"serviceEndpoint": "service"}}]}],
            },
        }

    with world(engine_binary, lambda made: {"default": made.entry(made.a)}, routes) as made:
        yield made


_OVERLONG = (
    (rb"\xc0([\x80-\xbf])", 0x00),
    (rb"\xc1([\x80-\xbf])", 0x40),
    (rb"\xe0\x80([\x80-\xbf])", 0x00),
    (rb"\xf0\x80\x80([\x80-\xbf])", 0x00),
)


def _shortened(base: int, found: re.Match[bytes]) -> bytes:
    return bytes([base + found[1][0] - 0x80])


def leniently(target: str) -> str:
    """What the most forgiving of servers would take a request target for."""
    raw = target.encode("latin-1")
    raw = re.sub(rb"^[a-zA-Z]+:/*[^/\\]*", b"", raw)
    for _ in range(4):
        raw = re.sub(rb"%u00([0-9a-fA-F]{2})", rb"%\1", raw)
        raw = unquote_to_bytes(raw)
        for pattern, base in _OVERLONG:
            raw = re.sub(pattern, partial(_shortened, base), raw)
    raw = re.split(rb"[?#]", raw, maxsplit=1)[0].replace(b"\\", b"/")
    raw = re.sub(rb";[^/]*", b"", raw)
    raw = re.sub(rb"[\x00-\x20\x7f].*", b"", raw, flags=re.DOTALL)
    found: list[bytes] = []
    for segment in raw.split(b"/"):
        if segment == b"..":
            found = found[:-1]
        elif segment not in (b"", b"."):
            found.append(segment)
    return "/" + b"/".join(found).decode("latin-1").lower()


def closed(target: str) -> bool:
    path = leniently(target)
    return path == "/admin" or path.startswith("/admin/")


def reached(made: World, before: int) -> list[str]:
    return [seen.path for seen in made.upstream.seen[before:]]


def test_the_lenient_server_is_lenient_indeed() -> None:
    assert closed("/x/..;a/%2561dmin")
    assert closed("/x/..%c0%afadmin")
    assert closed("HTTP://a.example/x\\..\\ADMIN%00y")
    assert not closed("/adminx")
    assert not closed("/x/admin")


@pytest.mark.parametrize("target", HOSTILE)
def test_no_way_of_writing_it_gets_past_the_closed_path(guarded: World, target: str) -> None:
    before = len(guarded.upstream.seen)
    for port, tls in ((guarded.gateway.http, None), (guarded.gateway.https, context(guarded.good))):
        assert port
        with guarded.gateway.connect(tls, "a.example") as client:
            client.send(
                b"GET " + target.encode("latin-1") + b" HTTP/1.1\r\nHost: a.example\r\n\r\n"
            )
            assert client.read().status in (200, 400, 403, 404)
    for path in reached(guarded, before):
        assert not closed(path), path
        assert path.startswith(("/", "*"))


@pytest.mark.parametrize("target", [t for t in HOSTILE if t])
def test_no_way_of_writing_it_gets_past_over_http2(guarded: World, target: str) -> None:
    before = len(guarded.upstream.seen)
    second = guarded.gateway.http2(guarded.good, "a.example")
    with second.connection:
        try:
            status = second.read(second.request(target, "a.example")).status
        except EOFError:
            status = 400  # a stream or connection error is a refusal, too (RFC 9113 section 8.1.1)
    assert status in (200, 400, 403, 404)
    for path in reached(guarded, before):
        assert not closed(path), path


@pytest.mark.parametrize(
    ("written", "forwarded"),
    [
        ("/", "/"), ("/x", "/x"), ("/X/Y", "/X/Y"), ("//x///y", "/x/y"), ("/./x", "/x"),
        ("/x/.", "/x/"), ("/x/../y", "/y"), ("/x/..", "/"), ("/a%41%7e", "/aA~"),
        ("/%e2%82%ac", "/%E2%82%AC"), ("/a%20b", "/a%20b"), ("/x?y=//../%2F", "/x?y=//../%2F"),
        ("/x?", "/x?"), ("/admin/../x", "/x"), ("/x:y@z,!$&'()*+=", "/x:y@z,!$&'()*+="),
        ("/100%25", "/100%25"), ("/C%23", "/C%23"), ("/what%3f", "/what%3F"),
    ],
)  # fmt: skip
def test_ordinary_paths_arrive_in_one_form(guarded: World, written: str, forwarded: str) -> None:
    with guarded.gateway.connect(context(guarded.good), "a.example") as client:
        assert client.ask(written, "a.example").status == 200
    assert guarded.upstream.last().path == forwarded
    second = guarded.gateway.http2(guarded.good, "a.example")
    with second.connection:
        assert second.ask(written, "a.example").status == 200
    assert guarded.upstream.last().path == forwarded


def test_an_absolute_target_is_forwarded_as_it_was_matched(guarded: World) -> None:
    with guarded.gateway.connect(context(guarded.good), "a.example") as client:
        client.send(b"GET http://a.example/x/../y?z HTTP/1.1\r\nHost: a.example\r\n\r\n")
        assert client.read().status == 200
    assert guarded.upstream.last().path.removeprefix("http://a.example") == "/y?z"


def test_an_absolute_target_can_not_name_another_host_than_host(guarded: World) -> None:
    before = len(guarded.upstream.seen)
    for target, host in (("http://b.example/x", "a.example"), ("http://a.example/x", "b.example")):
        with guarded.gateway.connect(context(guarded.good), "a.example") as client:
            client.send(f"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert client.read().status in (400, 421)
    assert len(guarded.upstream.seen) == before
