"""Ways past the gateway that a review looked for: what was found stays closed."""

import os
import time
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import Reply, context
from tests.daemon.gateway import Certificates, World, free_port, world
from tests.doors.rig import Done, ostiary

pytestmark = pytest.mark.daemon

QUERY = r"^/search/secret(?:\?(?:[^&=]+=[^&]*&?)*)?$"
"""An ordinary way to say: this path, with whatever query."""


@pytest.fixture(scope="module")
def reviewed(engine_binary: EngineBinary) -> Iterator[World]:
    """Paths that are stripped, regular expressions that repeat, and the usual two endpoints."""

    def routes(config: dict[str, Any], _: Certificates) -> None:
        service = config["serviceEndpoints"]["service"]["url"]
        config["serviceEndpoints"]["based"] = {"url": f"{service}/base"}
        config["apiEndpoints"] |= {
            "stripped": {"paths": ["/star*", "/v:id/x", "/whole"]},
            "search": {"paths": "/search/*"},
            "several": {"paths": "/several/*"},
            "walked": {"pathRegex": "^/walked/(?:[a-z]|[0-9])*$"},
            "rest": {"paths": "/walked/*"},
        }
        stripping = {"serviceEndpoint": "based", "stripPath": True}
        ahead = {"serviceEndpoint": "based"}
        closed = {"condition": {"name": "pathMatch", "pattern": QUERY}}
        chosen = {"condition": {"name": "pathMatch", "pattern": QUERY.replace("search", "several")}}
        proxy = {"proxy": [{"action": {"serviceEndpoint": "service"}}]}
        config["pipelines"] |= {
            "stripped": {
                "apiEndpoints": ["stripped"],
                "policies": [{"proxy": [{"action": stripping}]}],
            },
            "search": {
                "apiEndpoints": ["search"],
                "policies": [{"terminate": [{**closed, "action": {"statusCode": 403}}]}, proxy],
            },
            "several": {
                "apiEndpoints": ["several"],
                "policies": [{"proxy": [{**chosen, "action": ahead}]}, proxy],
            },
            "walked": {
                "apiEndpoints": ["walked"],
                "policies": [{"terminate": [{"action": {"statusCode": 403}}]}],
            },
            "rest": {"apiEndpoints": ["rest"], "policies": [proxy]},
        }

    def tls(made: Certificates) -> dict[str, Any]:
        return {
            "default": made.entry(made.a),
            "strict.example": made.entry(made.a, rejectUnauthorized=True),
        }

    with world(engine_binary, tls, routes) as made:
        yield made


def ask(world: World, path: str, **more: Any) -> Reply:
    with world.gateway.connect(context(world.good), "default.example") as client:
        return client.ask(path, **more)


@pytest.mark.parametrize(
    "path",
    ["/star../admin", "/star..", "/star./admin", "/star.", "/STAR../admin", "/star%2e./admin",
     "/v../x", "/star..?x=1"],
)  # fmt: skip
def test_a_path_that_is_stripped_can_not_climb_out_of_the_services_own_path(
    reviewed: World, path: str
) -> None:
    before = len(reviewed.upstream.seen)
    assert ask(reviewed, path).status == 400
    assert len(reviewed.upstream.seen) == before


@pytest.mark.parametrize(
    ("path", "forwarded"),
    [("/star.x/y", "/base/.x/y"), ("/star..x", "/base/..x"), ("/star", "/base/"),
     ("/starfish.", "/base/fish."), ("/whole", "/base/"), ("/v1/x", "/base/1/x")],
)  # fmt: skip
def test_dots_that_are_part_of_a_name_survive_stripping(
    reviewed: World, path: str, forwarded: str
) -> None:
    assert ask(reviewed, path).json["path"] == forwarded


@pytest.mark.parametrize("pairs", [0, 1, 100])
def test_a_condition_holds_for_an_ordinary_query(reviewed: World, pairs: int) -> None:
    assert ask(reviewed, "/search/secret?" + "a=1&" * pairs).status == 403


@pytest.mark.parametrize("pairs", [1000, 2000, 3000, 5000])
def test_a_condition_can_not_be_turned_off_by_a_long_query(reviewed: World, pairs: int) -> None:
    before = len(reviewed.upstream.seen)
    assert ask(reviewed, "/search/secret?" + "a=1&" * pairs).status in (400, 403)
    assert ask(reviewed, "/search/public?" + "a=1&" * pairs).status == 200
    assert len(reviewed.upstream.seen) == before + 1


@pytest.mark.parametrize("pairs", [1, 1000, 5000])
def test_no_other_service_is_chosen_by_a_long_query(reviewed: World, pairs: int) -> None:
    reply = ask(reviewed, "/several/secret?" + "a=1&" * pairs)
    assert reply.status == 400 or reply.json["path"].startswith("/base/")
    assert ask(reviewed, "/open/x?" + "a=1&" * pairs).status == 200  # not asked about: not refused


@pytest.mark.parametrize("letters", [1, 1000, 20_000])
def test_no_other_endpoint_is_chosen_by_a_long_path(reviewed: World, letters: int) -> None:
    assert ask(reviewed, "/walked/" + "a" * letters).status in (400, 403)
    assert ask(reviewed, "/walked/-").status == 200


@pytest.mark.parametrize(
    "protocol",
    ["h2c", "H2C", "websocket, h2c", "h2c, websocket", "HTTP/2.0", "TLS/1.2", "echo", ""],
)
def test_no_upgrade_but_to_websocket_reaches_the_service(reviewed: World, protocol: str) -> None:
    """Behind an upgrade to HTTP/2 the client would speak to the service past every rule."""
    headers = [
        ("Connection", "Upgrade, HTTP2-Settings"),
        ("Upgrade", protocol),
        ("HTTP2-Settings", "AAMAAABkAAQCAAAAAAIAAAAA"),
    ]
    before = len(reviewed.upstream.seen)
    # HAProxy itself may refuse a WebSocket without its key.
    assert ask(reviewed, "/open/ws", headers=headers).status in (200, 400)
    assert all(one.all("Upgrade") == [] for one in reviewed.upstream.seen[before:])


def test_two_upgrade_headers_reach_no_service(reviewed: World) -> None:
    headers = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Upgrade", "h2c")]
    before = len(reviewed.upstream.seen)
    # HAProxy itself may refuse a WebSocket without its key.
    assert ask(reviewed, "/open/ws", headers=headers).status in (200, 400)
    assert all(one.all("Upgrade") == [] for one in reviewed.upstream.seen[before:])


@pytest.mark.parametrize("protocol", ["h2c", "echo"])
def test_over_http2_no_connect_but_for_a_websocket_reaches_the_service(
    reviewed: World, protocol: str
) -> None:
    second = reviewed.gateway.http2(reviewed.good)
    with second.connection:
        stream = second.request(
            "/open/ws", method="CONNECT", headers=[(":protocol", protocol)], body=b"PRI"
        )
        try:
            status = second.head(stream).status
        except (EOFError, KeyError):
            status = 0
    assert all(one.all("Upgrade") == [] for one in reviewed.upstream.seen), status


@pytest.mark.parametrize("size", [23_500, 24_200, 28_000, 32_000])
@pytest.mark.parametrize("sni", ["default.example", "strict.example"])
def test_no_admitted_client_is_told_of_with_nothing_for_a_certificate(
    reviewed: World, size: int, sni: str
) -> None:
    client = reviewed.kit.client(reviewed.a, f"huge-{size}", padding=size)
    before = len(reviewed.upstream.seen)
    assert reviewed.gateway.status(client, sni, "/open/x") in (200, 500)
    for seen in reviewed.upstream.seen[before:]:
        assert b64decode((seen.one("Client-Cert") or "").strip(":")) == client.der


@pytest.mark.parametrize("sign", ["a", '"', "%22", "\\"])
@pytest.mark.parametrize("length", [900, 1500, 6000])
def test_a_long_path_does_not_hide_what_came_of_the_request(
    reviewed: World, sign: str, length: int
) -> None:
    mark = f"/open/{time.monotonic_ns()}/"
    status = ask(reviewed, mark + sign * (length // len(sign))).status
    after = ask(reviewed, "/open/after").headers["eg-request-id"]
    reviewed.gateway.logged(lambda line: line.get("request_id") == after)
    assert reviewed.gateway.lines_that_are_not_json() == []
    if status == 200:
        line = reviewed.gateway.logged(lambda line: line.get("path", "").startswith(mark))
        assert line["status"] == 200
        assert line["reason"] == "admitted"


def _run(folder: Path, text: str, *command: str) -> Done:
    file = folder / "gateway.config.yml"
    file.write_text(text)
    return ostiary(*command, "-c", file)


def test_a_name_that_is_no_text_is_a_problem_and_no_traceback(run_folder: Path) -> None:
    text = 'http: {port: 8080}\napiEndpoints: {"a\\ud800b": {paths: "/x"}}\n'
    for more in ([], ["--json"]):
        done = _run(run_folder, text, "check", *more)
        assert done.code == 2
        assert "U+D800" in done.out + done.err
        assert "Traceback" not in done.err


def test_an_access_log_that_is_a_pipe_without_a_reader_is_refused(run_folder: Path) -> None:
    os.mkfifo(run_folder / "log")
    text = (
        "http: {port: 0, hostname: 127.0.0.1}\nlogs: {access: log}\n"
        "apiEndpoints: {all: {paths: '*'}}\npipelines: {p: {apiEndpoints: [all], "
        "policies: [{terminate: [{action: {statusCode: 404}}]}]}}\npolicies: [terminate]\n"
    ).replace("port: 0", f"port: {free_port()}")
    done = _run(run_folder, text, "run", "--state", str(run_folder / "state"))
    assert done.code == 2
    assert "can't be written" in done.err
