"""Express Gateway's admin API, its codes and bodies, as scripts use them without its command."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI

from ostiary.admin.peer import Peer
from ostiary.store.database.records import Role
from tests.doors.admin_client import application, ask, token
from tests.support.desk import DeskRig, make_desk

OWNER = Peer(uid=os.geteuid(), secure=True)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskRig]:
    """One for all: each test has users of its own."""
    folder: Path = tmp_path_factory.mktemp("desk")
    rig = make_desk(folder)
    yield rig
    rig.database.close()


@pytest.fixture(scope="module")
def app(desk: DeskRig) -> FastAPI:
    return application(desk)


class Asked:
    """The API as the gateway's own user asks it."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def __call__(self, method: str, path: str, body: object = None) -> httpx.Response:
        more = {} if body is None else {"json": body}
        return ask(self._app, method, path, peer=OWNER, **more)

    def good(self, method: str, path: str, body: object = None) -> Any:
        answer = self(method, path, body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else answer.status_code

    def user(self, name: str) -> Any:
        return self.good(
            "POST", "/users", {"username": name, "firstname": "Jane", "lastname": "Doe"}
        )


@pytest.fixture
def api(app: FastAPI) -> Asked:
    return Asked(app)


def test_users_have_the_bodies_and_codes_that_scripts_know(api: Asked) -> None:
    made = api.user("jdoe")
    assert set(made) == {
        *("isActive", "username", "id", "firstname", "lastname", "createdAt", "updatedAt")
    }
    date = r"[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d{4} \d\d:\d\d:\d\d GMT\+0000 \(.+\)"
    assert re.fullmatch(date, made["createdAt"])
    assert api.good("GET", "/users/jdoe") == api.good("GET", f"/users/{made['id']}") == made
    again = api("POST", "/users/", {"username": "jdoe", "firstname": "J", "lastname": "D"})
    assert (again.status_code, "already" in again.text) == (409, True)
    assert again.headers["content-type"].startswith("text/plain")
    put = api.good("PUT", "/users/jdoe", {"username": "x", "email": "j@example.com"})
    assert (put["username"], put["email"], put["firstname"]) == ("jdoe", "j@example.com", "Jane")
    status = [
        api.good("PUT", "/users/jdoe/status", {"status": wanted})["status"]
        for wanted in (True, False, False, True)
    ]
    assert status == ["Active", "Deactivated", "Inactive", "Activated"]
    assert api("DELETE", "/users/jdoe").status_code == 204
    assert [api(verb, "/users/jdoe").status_code for verb in ("GET", "DELETE")] == [404, 404]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/users", {"username": "x"}, 422),
        ("POST", "/users", {"username": "a:b", "firstname": "x", "lastname": "y"}, 422),
        ("POST", "/users", {"username": "x", "firstname": "x", "lastname": "y", "z": 1}, 422),
        ("POST", "/users", ["x"], 422),
        ("PUT", "/users/fixed", {"z": 1}, 422),
        ("PUT", "/users/fixed/status", {}, 422),
        ("PUT", "/users/nobody/status", {"status": True}, 404),
        ("GET", "/users?start=-1", None, 422),
        ("POST", "/apps", {"userId": "nobody", "name": "x"}, 409),
        ("POST", "/apps", {"userId": "fixed"}, 422),
        ("GET", "/apps/nobody", None, 404),
        ("POST", "/credentials", {"consumerId": "nobody", "type": "key-auth"}, 422),
        ("POST", "/credentials", {"consumerId": "fixed", "type": "mtls"}, 422),
        ("POST", "/credentials", {"consumerId": "fixed", "type": "oauth2"}, 422),
        ("GET", "/credentials/nobody", None, 404),
        ("PUT", "/credentials/key-auth/nobody/status", {"status": False}, 404),
        ("PUT", "/credentials/key-auth/nobody/scopes/read", None, 404),
        ("DELETE", "/credentials/key-auth/nobody", None, 405),
        ("GET", "/scopes/nothing", None, 404),
        ("DELETE", "/scopes/nothing", None, 404),
        ("DELETE", "/tokens/id%7Csecret", None, 404),
        ("POST", "/users?dryRun=true", {"username": "x"}, 422),
        ("GET", "/pipelines/nothing", None, 404),
    ],
)
def test_what_is_wrong_is_said_and_never_our_fault(
    api: Asked, method: str, path: str, body: object, status: int
) -> None:
    if api("GET", "/users/fixed").status_code == 404:
        api.user("fixed")
    answer = api(method, path, body)
    assert answer.status_code == status, answer.text
    assert len(answer.text) > 8


def test_a_body_that_is_no_json_is_told_as_such(app: FastAPI) -> None:
    assert ask(app, "POST", "/users", peer=OWNER, content=b"{").status_code == 400


def test_a_list_goes_on_where_it_says(api: Asked) -> None:
    names = [f"many{number}" for number in range(5)]
    for name in names:
        api.user(name)
    found, start = [], 0
    while True:
        page = api.good("GET", f"/users?start={start}&count=2")
        found += [one["username"] for one in page["users"]]
        start = page["nextKey"]
        if start == 0:
            break
    assert [name for name in found if name.startswith("many")] == names


def test_an_app_may_be_called_by_its_name(api: Asked) -> None:
    user = api.user("owner")
    made = api.good("POST", "/apps", {"userId": "owner", "name": "mobile", "redirectUri": "a:b"})
    assert (made["userId"], made["redirectUri"]) == (user["id"], "a:b")
    assert api("POST", "/apps", {"userId": user["id"], "name": "mobile"}).status_code == 409
    assert api.good("PUT", "/apps/mobile", {"name": "web"})["name"] == "web"
    assert api.good("PUT", "/apps/web/status", {"status": False}) == {"status": "Deactivated"}
    assert api.good("GET", f"/apps/{made['id']}")["isActive"] is False
    assert "web" in [one["name"] for one in api.good("GET", "/apps")["apps"]]
    assert api("DELETE", "/apps/web").status_code == 204


def test_a_key_is_told_with_its_secret_once(api: Asked) -> None:
    user = api.user("keyed")
    api.good("POST", "/scopes", {"scopes": ["read"]})
    wanted = {"keyId": "k1", "keySecret": "s1", "scopes": "read"}
    body = {"consumerId": "keyed", "type": "key-auth", "credential": wanted}
    made = api.good("POST", "/credentials", body)
    assert (made["keyId"], made["keySecret"], made["scopes"]) == ("k1", "s1", ["read"])
    (listed,) = api.good("GET", f"/credentials/{user['id']}")["credentials"]
    assert listed == {name: value for name, value in made.items() if name != "keySecret"}
    assert api.good("GET", "/credentials/key-auth/k1") == listed
    assert api.good("GET", "/credentials/key-auth/nothing") is None
    assert listed in api.good("GET", "/credentials")["credentials"]
    assert api("POST", "/credentials", body).status_code == 409
    assert api.good("DELETE", "/credentials/key-auth/k1/scopes/read") == 204
    assert api.good("PUT", "/credentials/key-auth/k1/scopes/read") == 204
    assert api.good("PUT", "/credentials/key-auth/k1/scopes/", {"scopes": []}) == 204
    status = api.good("PUT", "/credentials/key-auth/k1/status", {"status": False})
    assert status == {"status": "Deactivated"}


def test_basic_auth_is_called_by_its_consumer_s_id(api: Asked) -> None:
    user = api.user("basic")
    body = {"consumerId": user["id"], "type": "basic-auth", "credential": {}}
    made = api.good("POST", "/credentials", body)
    assert (made["id"], len(made["password"])) == (user["id"], 22)
    assert api("POST", "/credentials", body).status_code == 409
    path = f"/credentials/basic-auth/{user['id']}/status"
    assert api.good("PUT", path, {"status": False}) == {"status": "Deactivated"}
    given = {**body, "credential": {"password": "swordfish"}}
    assert "password" not in api.good("POST", "/credentials", given)
    for wrong in ({"keySecret": "x"}, {"autoGeneratePassword": False}, {"keyId": "x"}):
        assert api("POST", "/credentials", {**body, "credential": wrong}).status_code == 422


def test_a_certificate_is_one_more_type_of_credential(api: Asked) -> None:
    api.user("certified")
    rules = [{"distinguishedName": "CN=device-*,O=Example"}]
    wanted = {"rules": rules, "validUntil": "2031-01-01T00:00:00Z"}
    made = api.good(
        "POST",
        "/credentials",
        {"consumerId": "certified", "type": "certificate", "credential": wanted},
    )
    assert (made["rules"], made["validUntil"]) == (rules, "2031-01-01T00:00:00+00:00")
    assert api.good("GET", f"/credentials/certificate/{made['id']}")["rules"] == rules


def test_ids_and_scopes_may_be_odd(api: Asked) -> None:
    api.user("odd one@example.com")
    odd = quote("odd one@example.com", safe="")
    assert api.good("GET", f"/users/{odd}")["username"] == "odd one@example.com"
    wanted = {"keyId": "auth0|x/y"}
    body = {"consumerId": "odd one@example.com", "type": "jwt", "credential": wanted}
    api.good("POST", "/credentials", body)
    path = "/credentials/jwt/" + quote("auth0|x/y", safe="")
    scope = quote("https://example.com/auth", safe="")
    assert api.good("PUT", f"/scopes/{scope}") == 201
    assert api.good("PUT", f"{path}/scopes/{scope}") == 204
    assert api.good("GET", path)["scopes"] == ["https://example.com/auth"]
    assert api.good("GET", f"/scopes/{scope}") == {"scope": "https://example.com/auth"}
    assert api.good("DELETE", f"/scopes/{scope}") == 204
    assert api.good("PUT", f"{path}/status", {"status": False}) == {"status": "Deactivated"}


def test_the_configuration_in_force_can_be_read(api: Asked) -> None:
    assert api.good("GET", "/policies") == ["proxy"]
    assert api.good("GET", "/api-endpoints")["orders"]["paths"] == "/orders/*"
    assert api.good("GET", "/service-endpoints/service") == {"url": "http://127.0.0.1:8081"}
    assert api.good("GET", "/pipelines/all") == {
        "apiEndpoints": ["orders", "open"],
        "policies": [{"proxy": [{"action": {"serviceEndpoint": "service"}}]}],
    }
    (users, *_) = api.good("GET", "/schemas/model")
    assert users["schema"]["required"] == ["username", "firstname", "lastname"]
    one = quote("http://express-gateway.io/schemas/policies/proxy.json", safe="")
    assert "serviceEndpoint" in api.good("GET", f"/schemas/{one}")["schema"]["properties"]
    kinds = {one["type"] for one in api.good("GET", "/schemas/")}
    assert kinds == {"model", "config", "policy", "condition"}


def test_nobody_gets_in_without_a_credential_and_a_viewer_changes_nothing(
    app: FastAPI, desk: DeskRig
) -> None:
    paths = ("/users", "/apps/x", "/credentials/", "/scopes", "/pipelines", "/schemas", "/policies")
    assert {ask(app, "GET", path).status_code for path in paths} == {401}
    viewer = token(desk, Role.VIEWER, "viewer")
    assert ask(app, "GET", "/users", headers=viewer).status_code == 200
    body = {"scopes": ["viewed"]}
    assert ask(app, "POST", "/scopes", headers=viewer, json=body).status_code == 403
    assert ask(app, "GET", "/pipelines", headers=viewer).status_code == 403
    other = {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}
    forged = ask(app, "POST", "/scopes", peer=OWNER, headers=other, json=body)
    assert forged.status_code == 403
