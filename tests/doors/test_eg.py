"""Express Gateway's own command works against our admin listener, word for word."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ostiary.consumers.model import CredentialType
from ostiary.consumers.secrets import verify
from ostiary.store.database.consumer_directory import StoredDirectory
from tests.doors.admin_client import token
from tests.doors.served import served
from tests.support.desk import DeskRig, make_desk
from tests.support.eg import Eg, need_eg


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskRig]:
    rig = make_desk(tmp_path)
    yield rig
    rig.database.close()


@pytest.fixture
def eg(desk: DeskRig) -> Iterator[Eg]:
    need_eg()
    with served(desk) as url:
        yield Eg(url, token(desk)["Authorization"].removeprefix("Bearer "))


def shown(text: str) -> Any:
    """The JSON in what a command prints."""
    return json.JSONDecoder().raw_decode(text, text.index("{"))[0]


def test_eg_manages_consumers_here(desk: DeskRig, eg: Eg) -> None:
    name = ("-p", "username=jdoe", "-p", "firstname=Jane", "-p", "lastname=Doe")
    made = eg.once("users", "create", *name, "-p", "email=jdoe@example.com")
    assert "Created" in made
    user = shown(made)
    assert (user["username"], user["isActive"]) == ("jdoe", True)

    said = eg.session(
        ["users", "create", *name],
        ["users", "info", "jdoe"],
        ["users", "update", "jdoe", *name, "-p", "firstname=Joan"],
        ["users", "list", "-a", "-q"],
        ["apps", "create", "-u", "jdoe", "-p", "name=mobile"],
        ["apps", "info", "mobile"],
        ["apps", "update", "mobile", "-p", "name=web"],
        ["scopes", "create", "read", "write"],
        ["scopes", "list"],
        ["scopes", "info", "read"],
        ["credentials", "create", "-c", "jdoe", "-t", "key-auth", "-p", "scopes=read"],
        ["credentials", "create", "-c", "web", "-t", "basic-auth", "-p", "password=swordfish"],
        ["credentials", "create", "-c", "jdoe", "-t", "oauth2"],
    )
    assert "already" in said[0]
    assert shown(said[1]) == user
    assert "Updated jdoe" in said[2]
    assert said[3] == "jdoe\n"
    app = shown(said[4])
    assert app["userId"] == user["id"]
    assert shown(said[5]) == app
    assert "Updated mobile" in said[6]
    assert "Created read,write" in said[7]
    assert said[8:10] == ["read\nwrite\n", "read\n"]
    key = shown(said[10])
    assert key["scopes"] == ["read"]
    assert shown(said[11])["id"] == app["id"]
    assert "issues no OAuth 2.0 tokens" in said[12]
    assert desk.management.consumers.users.one("jdoe").firstname == "Joan"

    find = StoredDirectory(lambda: desk.database).find
    known = find(CredentialType.KEY_AUTH, key["keyId"])
    assert known is not None
    assert verify(known.credential.secret, key["keySecret"])
    basic = find(CredentialType.BASIC_AUTH, app["id"])
    assert basic is not None
    assert verify(basic.credential.secret, "swordfish")

    of_key = ("-t", "key-auth", "--id", key["keyId"])
    said = eg.session(
        ["credentials", "list", "-c", "jdoe"],
        ["credentials", "info", key["keyId"], "-t", "key-auth"],
        ["credential:scopes", "add", *of_key, "write"],
        ["credential:scopes", "remove", *of_key, "read"],
        ["credential:scopes", "set", *of_key, "read", "write"],
        ["credential:scopes", "add", *of_key, "unknown"],
        ["scopes", "remove", "write"],
        ["credentials", "deactivate", "-t", "key-auth", key["keyId"]],
        ["credentials", "list", "-c", "jdoe", "-f", "archived"],
        ["users", "deactivate", "jdoe"],
        ["users", "activate", "jdoe", "nobody"],
        ["apps", "activate", "web"],
        ["apps", "list"],
        ["tokens", "revoke", "a|b"],
        ["apps", "remove", "web"],
        ["users", "remove", "jdoe"],
        ["users", "list"],
        ["users", "list", "-H", "Authorization: Bearer ost_wrong"],
    )
    listed = shown(said[0])
    assert (listed["keyId"], listed["type"]) == (key["keyId"], "key-auth")
    assert key["keySecret"] not in said[0] + said[1]
    assert shown(said[1]) == listed
    assert "added" in said[2]
    assert "removed" in said[3]
    assert "set for" in said[4]
    assert "there is no scope 'unknown'" in said[5]
    assert "Removed write" in said[6]
    assert "Deactivated" in said[7]
    assert shown(said[8])["scopes"] == ["read"]
    assert "Deactivated jdoe" in said[9]
    assert "Activated jdoe" in said[10]
    assert "Not Found" in said[10]
    assert "Activated web" in said[11]
    assert shown(said[12])["name"] == "web"
    assert "Not Found" in said[13]
    assert "Removed web" in said[14]
    assert "Removed jdoe" in said[15]
    assert said[16] == "You have no users\n"
    assert "Unauthorized" in said[17]
    assert find(CredentialType.KEY_AUTH, key["keyId"]) is None


def test_the_admin_client_changes_the_configuration_here(desk: DeskRig, eg: Eg) -> None:
    service = {"url": "http://127.0.0.1:9000"}
    endpoint = {"host": "*", "paths": "/new/*"}
    step = {"action": {"serviceEndpoint": "new"}}
    pipeline = {"apiEndpoints": ["new"], "policies": [{"proxy": [step]}]}
    file = desk.kit.folder / "gateway.config.yml"
    before = file.read_text()
    said = eg.configuration(
        ("serviceEndpoints", "create", "new", service),
        ("apiEndpoints", "create", "new", endpoint),
        ("pipelines", "create", "new", pipeline),
        ("pipelines", "info", "new"),
        ("apiEndpoints", "list"),
        ("policies", "activate", "cors"),
        ("policies", "list"),
        ("pipelines", "update", "new", {**pipeline, "apiEndpoints": ["nobody"]}),
        ("policies", "deactivate", "cors"),
        ("pipelines", "remove", "new"),
        ("apiEndpoints", "remove", "new"),
        ("serviceEndpoints", "remove", "new"),
        ("pipelines", "info", "new"),
        ("schemas", "list", "policy"),
    )
    assert said[3] == pipeline
    assert said[4]["new"] == endpoint
    assert said[5:7] == [{"status": "ok"}, ["proxy", "cors"]]
    assert said[7].startswith("422 pipelines.new.apiEndpoints")
    assert said[12].startswith("404")
    assert {one["type"] for one in said[13]} == {"policy"}
    assert file.read_text() == before
