"""Consumers and credentials by the REST API and the command line."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from ostiary.admin.peer import Peer
from tests.doors.admin_client import application, ask, token
from tests.doors.cli_rig import call, file_with
from tests.doors.rig import Done
from tests.doors.served import served
from tests.support.desk import DeskRig, forget_consumers, make_desk

OWNER = Peer(uid=os.geteuid(), secure=True)
BASE = "/api/v1/consumers"
ANY = {"If-Match": "*"}


class Shell:
    """Commands to a gateway that serves."""

    def __init__(self, url: str, token: str, authorities: Path) -> None:
        # Reading all authorities of this host for each command takes longer than the command.
        self._env = {
            "OSTIARY_ADMIN_URL": url,
            "OSTIARY_ADMIN_TOKEN": token,
            "OSTIARY_ADMIN_CA": str(authorities),
        }

    def good(self, *words: object) -> Done:
        """One that must succeed."""
        done = call(*words, **self._env)
        assert done.code == 0, done.said
        return done

    def told(self, *words: object) -> Any:
        """The JSON of one that must succeed."""
        return self.good(*words, "--json").json

    def refused(self, *words: object) -> str:
        """What one says that is wrong use."""
        done = call(*words, **self._env)
        assert done.code == 2, done.said
        return done.said


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskRig]:
    rig = make_desk(tmp_path_factory.mktemp("desk"))
    yield rig
    rig.database.close()


@pytest.fixture
def desk(shared: DeskRig) -> DeskRig:
    """Without consumers, as after the first start."""
    forget_consumers(shared)
    return shared


@pytest.fixture(scope="module")
def app(shared: DeskRig) -> FastAPI:
    return application(shared)


@pytest.fixture(scope="module")
def gateway(shared: DeskRig) -> Iterator[Shell]:
    with served(shared) as url:
        secret = token(shared)["Authorization"].removeprefix("Bearer ")
        yield Shell(url, secret, shared.kit.root("any").certificate_file)


@pytest.fixture
def shell(desk: DeskRig, gateway: Shell) -> Shell:
    return gateway


# -- the API ------------------------------------------------------------------------------------


def test_users_and_apps_are_made_found_changed_and_removed(desk: DeskRig, app: FastAPI) -> None:
    def api(method: str, path: str, body: Any = None, **headers: str) -> Any:
        return ask(app, method, BASE + path, peer=OWNER, json=body, headers=headers)

    made = api("POST", "/users", {"username": "ada", "email": "ada@example.com"})
    assert made.status_code == 201, made.text
    uuid = made.json()["object"]
    assert made.headers["Location"] == f"{BASE}/users/{uuid}"
    shown = api("GET", "/users/ada")
    assert (shown.json()["id"], shown.headers["ETag"]) == (uuid, made.headers["ETag"])
    assert api("PATCH", "/users/ada", {"active": False}).status_code == 428
    assert api("PATCH", "/users/ada", {"active": False}, **{"If-Match": '"7"'}).status_code == 412
    assert api("PATCH", "/users/ada", {"firstname": "Ada"}, **ANY).status_code == 200
    assert api("PATCH", "/users/ada", {"username": "eve"}, **ANY).status_code == 422
    made = api("POST", "/apps", {"user": "ada", "name": "mobile"})
    assert made.status_code == 201
    assert api("GET", "/apps?user=ada").json()["items"][0]["userName"] == "ada"
    assert api("PATCH", "/apps/mobile", {"name": "web", "active": False}, **ANY).status_code == 200
    assert api("GET", "/apps/web").json()["active"] is False
    assert api("POST", "/apps", {"user": "nobody", "name": "x"}).status_code == 404
    looked = ask(app, "DELETE", f"{BASE}/users/ada?dryRun=true", peer=OWNER)
    assert (looked.status_code, looked.json()["applied"]) == (200, False)
    assert api("DELETE", "/users/ada", **ANY).status_code == 200
    assert api("GET", f"/apps/{made.json()['object']}").status_code == 404


def test_a_credential_tells_its_secret_once(desk: DeskRig, app: FastAPI) -> None:
    def api(method: str, path: str, body: Any = None) -> Any:
        answer = ask(app, method, BASE + path, peer=OWNER, json=body, headers=ANY)
        assert answer.is_success, answer.text
        return answer.json()

    api("POST", "/users", {"username": "ada"})
    api("POST", "/scopes", {"scopes": ["read", "write"]})
    assert api("GET", "/scopes") == ["read", "write"]
    wanted = {"consumer": "ada", "type": "key-auth", "scopes": ["read"]}
    assert api("POST", "/credentials?dryRun=true", wanted)["secret"] is None
    made = api("POST", "/credentials", wanted)
    assert len(made["secret"]) == 22
    number = made["id"]
    shown = api("GET", f"/credentials/{number}")
    assert shown == {**made, "secret": None}
    listed = api("GET", f"/credentials?consumer=ada&type=key-auth&name={made['name']}")
    assert (listed["items"], listed["total"]) == ([shown], 1)
    assert api("GET", "/credentials?type=jwt")["items"] == []
    api("PATCH", f"/credentials/{number}", {"active": False, "addScopes": ["write"]})
    changed = api("GET", f"/credentials/{number}")
    assert (changed["active"], changed["scopes"]) == (False, ["read", "write"])
    api("DELETE", "/scopes/write")
    assert api("GET", f"/credentials/{number}")["scopes"] == ["read"]
    rules = [{"issuer": "CN=ca", "serial": "A"}, {"dns": "*.example.com"}]
    dates = {"validFrom": "2030-01-01T00:00:00Z", "validUntil": "2031-01-01T00:00:00Z"}
    wanted = {"consumer": "ada", "type": "certificate", "rules": rules, **dates}
    made = api("POST", "/credentials", wanted)
    assert (made["rules"], made["secret"]) == (rules, None)
    api("PATCH", f"/credentials/{made['id']}", {"validUntil": None})
    changed = api("GET", f"/credentials/{made['id']}")
    assert (changed["validFrom"], changed["validUntil"]) == (dates["validFrom"], None)
    api("DELETE", f"/credentials/{number}")


def test_the_log_of_changes_has_no_secret(app: FastAPI, desk: DeskRig) -> None:
    def api(path: str, body: Any) -> Any:
        return ask(app, "POST", BASE + path, peer=OWNER, json=body).json()

    api("/users", {"username": "ada"})
    made = api("/credentials", {"consumer": "ada", "type": "key-auth"})
    api("/credentials", {"consumer": "ada", "type": "basic-auth", "secret": "swordfish"})
    log = ask(app, "GET", "/api/v1/audit", peer=OWNER).text
    assert log.count("credential.create") >= 2
    assert made["secret"] not in log
    assert "swordfish" not in log


# -- the command line ---------------------------------------------------------------------------


def test_a_user_s_way_from_first_to_last(shell: Shell) -> None:
    uuid = shell.good("users", "create", "ada", "--email", "ada@example.com").out.strip()
    app = shell.good("apps", "create", "mobile", "--user", "ada").out.strip()
    shell.good("users", "change", "ada", "--firstname", "Ada", "--lastname", "L")
    (row,) = shell.told("users", "list")
    assert (row["id"], row["firstname"], row["active"]) == (uuid, "Ada", True)
    assert "Ada L" in shell.good("users", "list").out
    assert "ada@example.com" in shell.good("users", "show", uuid).out
    assert "deactivated" in shell.good("users", "deactivate", "ada").err
    assert shell.told("apps", "show", "mobile")["active"] is False
    assert "activate the user first" in shell.refused("apps", "activate", "mobile")
    (done,) = shell.told("users", "activate", "ada")
    assert done["applied"]
    shell.good("apps", "activate", app)
    shell.good("apps", "change", "mobile", "--name", "web")
    assert "ada" in shell.good("apps", "list", "--user", "ada").out
    assert "would be removed" in shell.good("users", "remove", "ada", "--dry-run").err
    shell.good("apps", "deactivate", "web")
    shell.good("apps", "remove", "web")
    shell.good("users", "remove", "ada")
    assert "there are no users" in shell.good("users", "list").err
    actions = [line["action"] for line in shell.told("audit")]
    assert actions[:2] == ["user.remove", "app.remove"]


def test_credentials_are_made_and_changed(shell: Shell, tmp_path: Path) -> None:
    shell.good("users", "create", "ada")
    shell.good("scopes", "create", "read", "write")
    assert shell.good("scopes", "list").out.split() == ["scope", "read", "write"]
    made = shell.good("credentials", "create", "ada", "--type", "key-auth", "--scope", "read")
    name, _, secret = made.out.strip().partition(":")
    assert (len(name), len(secret)) == (22, 22)
    assert "shown this once" in made.err
    listing = shell.good("credentials", "list", "--consumer", "ada").out
    assert name in listing
    assert secret not in listing + shell.good("credentials", "show", name).out
    shell.good("credentials", "scopes", "add", name, "write")
    shell.good("credentials", "scopes", "remove", name, "read")
    one = shell.told("credentials", "show", name)
    number = one["id"]
    assert one["scopes"] == ["write"]
    shell.good("credentials", "scopes", "set", number, "read", "write")
    shell.good("scopes", "remove", "write")
    shell.good("credentials", "deactivate", name)
    one = shell.told("credentials", "show", name)
    assert (one["scopes"], one["active"]) == (["read"], False)
    password = file_with(tmp_path, "password", b"swordfish\n")
    basic = ("credentials", "create", "ada", "--type", "basic-auth", "--secret-file", password)
    assert shell.good(*basic).out == "ada:swordfish\n"
    assert "deactivate it first" in shell.refused(*basic)
    shell.good("credentials", "activate", name)
    shell.good("credentials", "remove", name)
    assert [one["name"] for one in shell.told("credentials", "list")] == ["ada"]


def test_a_certificate_is_tied_to_a_user(desk: DeskRig, shell: Shell) -> None:
    shell.good("users", "create", "ada")
    made = desk.kit.client(None, "laptop")
    name = shell.good(
        *("credentials", "create", "ada", "--type", "certificate", "--name", "laptop"),
        *("--cert", made.certificate_file, "--issuer", "CN=root", "--serial", "0A"),
        *("--dn", "CN=ada,**", "--san", "uri:spiffe://example/ada", "--until", "90d"),
    ).out.strip()
    one = shell.told("credentials", "show", name)
    assert one["rules"] == [
        {"fingerprint": made.certificate.fingerprint},
        {"issuer": "CN=root", "serial": "A"},
        {"distinguishedName": "CN=ada,**"},
        {"uri": "spiffe://example/ada"},
    ]
    assert one["validUntil"]
    shell.good("credentials", "change", name, "--san", "dns:ada.example", "--until", "7d")
    assert shell.told("credentials", "show", name)["rules"] == [{"dns": "ada.example"}]
    assert "dns=ada.example" in shell.good("credentials", "show", "laptop").out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("users", "create", "a:b"), "a colon can't be in it"),
        (("apps", "create", "x", "--user", "nobody"), "there is no user 'nobody'"),
        (("credentials", "show", "nothing"), "no credential"),
        (("credentials", "create", "ada", "--type", "certificate"), "which certificates?"),
        (
            ("credentials", "create", "ada", "-t", "certificate", "--cert", "x"),
            "fingerprint",
        ),
        (("credentials", "create", "ada", "-t", "certificate", "--san", "x"), "has no kind"),
        (("credentials", "create", "ada", "-t", "key-auth", "--dn", "CN=x"), "has no such thing"),
        (("credentials", "create", "ada", "-t", "jwt", "--scope", "x"), "there is no scope 'x'"),
    ],
)
def test_wrong_use_is_told_with_the_way_out(
    shell: Shell, words: tuple[str, ...], says: str
) -> None:
    if "ada" in words and words[0] == "credentials":
        shell.good("users", "create", "ada")
    assert says in shell.refused(*words)
