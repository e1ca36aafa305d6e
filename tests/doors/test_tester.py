"""Described requests by the REST API and the command line: judged, and nothing kept of them."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from ostiary.admin.peer import Peer
from ostiary.store.database.records import Role
from tests.doors.admin_client import application, ask, token
from tests.doors.cli_rig import Shell, file_with
from tests.doors.console.guests import KEY, SECRET, Guests
from tests.doors.rig import House
from tests.support.desk import DeskRig

OWNER = Peer(uid=os.geteuid(), secure=True)
URL = "https://api.example.com/orders/7"


@pytest.fixture(scope="module")
def desk() -> Iterator[DeskRig]:
    rig = Guests().rig
    yield rig
    rig.database.close()


@pytest.fixture(scope="module")
def app(desk: DeskRig) -> FastAPI:
    return application(desk)


def explained(app: FastAPI, status: int = 200, **body: Any) -> Any:
    answer = ask(app, "POST", "/api/v1/explain", peer=OWNER, json={"url": URL, **body})
    assert answer.status_code == status, answer.text
    return answer.json()[0] if status == 200 else answer.json()


def test_a_key_is_judged_and_what_goes_on_is_told(app: FastAPI) -> None:
    told = explained(app, key=f"{KEY}:{SECRET}", headers=["X-Tenant: acme"], client="192.0.2.7")
    assert (told["served"], told["api"]) == (True, "orders")
    sent = {line["name"]: line["value"] for line in told["forwarded"]["headers"]}
    assert (sent["X-Tenant"], sent["X-Forwarded-For"]) == ("acme", "192.0.2.7")
    assert sent["X-Consumer"] == sent["eg-consumer-id"]
    assert told["forwarded"]["path"] == "/api/7"
    assert [one["skipped"] for one in told["steps"] if one["step"] == 2] == [True]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 401),
        ({"key": f"{KEY}:wrong"}, 401),
        ({"headers": [f"X-Api-Key: {KEY}:{SECRET}"]}, None),
        ({"url": f"{URL}?apiKey={KEY}:wrong"}, 401),
        ({"consumer": "ada"}, None),
        ({"consumer": "grace"}, 401),
        ({"consumer": "ada", "url": "https://api.example.com/orders/admin/x"}, 403),
    ],
)
def test_each_way_to_show_a_credential_is_walked(
    app: FastAPI, body: dict[str, Any], status: int | None
) -> None:
    assert explained(app, **body)["status"] == status


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"headers": ["no colon"]}, "/headers/0"),
        ({"headers": ["X-A: 1", "X B: 2"]}, "/headers/1"),
        ({"headers": ["X-A: 1\r\nX-B: 2"]}, "/headers/0"),
        ({"headers": ["Host: else.example"]}, "/headers/0"),
        ({"client": "everywhere"}, "/client"),
        ({"key": "secret-without-colon"}, "/key"),
        ({"user": "ada"}, "/user"),
    ],
)
def test_what_can_not_be_read_is_refused_at_its_place_without_repeating_it(
    app: FastAPI, body: dict[str, Any], where: str
) -> None:
    told = explained(app, 422, **body)
    assert [one["pointer"] for one in told["errors"]] == [where]
    assert "secret-without-colon" not in str(told)


def test_an_unknown_consumer_is_not_there(app: FastAPI) -> None:
    explained(app, 404, consumer="nobody")


def test_a_viewer_may_walk_and_may_not_try_secrets(app: FastAPI, desk: DeskRig) -> None:
    viewer = token(desk, Role.VIEWER, "looker")

    def walk(**body: Any) -> int:
        sent = {"url": URL, **body}
        return ask(app, "POST", "/api/v1/explain", headers=viewer, json=sent).status_code

    assert walk() == 200
    assert walk(consumer="ada") == 200
    assert walk(headers=["X-Tenant: acme"]) == 200
    assert walk(key=f"{KEY}:{SECRET}") == 403
    assert walk(headers=[f"X-Api-Key: {KEY}:{SECRET}"]) == 403
    assert walk(url=f"{URL}?apiKey={KEY}:guess") == 403


def test_nothing_is_kept_of_what_was_tried(
    app: FastAPI, desk: DeskRig, capfd: pytest.CaptureFixture[str]
) -> None:
    before = desk.management.settings.revision()
    tried = "a-secret-that-was-tried"
    explained(app, key=f"{KEY}:{tried}")
    explained(app, headers=[f"X-Api-Key: {KEY}:{tried}"])
    assert desk.management.settings.revision() == before
    assert tried not in ask(app, "GET", "/api/v1/audit", peer=OWNER).text
    assert tried not in "".join(capfd.readouterr())
    kept = b"".join(one.read_bytes() for one in Path(desk.state).rglob("*") if one.is_file())
    assert tried.encode() not in kept


CONFIG = """
http: {port: 8080}
apiEndpoints: {api: {paths: /api}, own: {paths: /own}}
serviceEndpoints: {s: {url: "http://127.0.0.1:1"}}
pipelines:
  api: {apiEndpoints: [api], policies: [{key-auth: }, {proxy: {action: {serviceEndpoint: s}}}]}
  own: {apiEndpoints: [own], policies: [{basic-auth: }, {proxy: {action: {serviceEndpoint: s}}}]}
"""


def test_the_command_line_asks_the_same_of_a_stopped_gateway(house: House) -> None:
    house.write(CONFIG)
    shell = Shell(house)
    shell.good("users", "create", "ada")
    key = shell.good("credentials", "create", "ada", "--type", "key-auth").out.strip()
    words = ("explain", "--no-cert", "--url", "http://a.example/api")
    told: Any = shell.told(*words, "--key", key)
    assert (told["admitted"], told["status"], told["api"]) == (True, None, "api")
    assert told["forwarded"]["service"] == "s"
    path = file_with(house.folder, "key.txt", key.encode() + b"\nmore\n")
    assert shell(*words, "--key", f"@{path}").code == 0
    done = shell(*words, "--key", f"{key}x")
    assert (done.code, key in done.said) == (1, False)
    assert "401" in done.out
    assert shell(*words, "--consumer", "ada").code == 0
    assert shell(*words, "--header", f"Authorization: apiKey {key}").code == 0
    assert shell("explain", "--no-cert", "--url", f"http://a.example/api?apiKey={key}").code == 0
    own = ("explain", "--no-cert", "--api", "own")
    assert shell(*own, "--consumer", "ada").code == 1, "she has no password"
    assert shell(*own, "--user", "ada:guess").code == 1
    assert "the service 's' gets: GET /api" in shell.good(*words, "--consumer", "ada").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--key", "@/nowhere"), "can't be read"),
        (("--url", "http://a/api", "--key", "nocolon"), "no colon"),
        (("--url", "http://a/api", "--header", "nocolon"), "no header"),
        (("--url", "http://a/api", "--client", "here"), "no address"),
        (("--url", "http://a/api", "--consumer", "nobody"), "nobody"),
        (("--key", "a:b"), "--url or --api"),
    ],
)
def test_what_is_wrongly_asked_is_told(house: House, words: tuple[str, ...], said: str) -> None:
    house.write(CONFIG)
    done = Shell(house)("explain", "--no-cert", *words)
    assert (done.code, said in done.said) == (2, True), done.said
