"""An authority made where there was none, used and followed up: by REST API and by the console."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from ostiary.admin.peer import Peer
from ostiary.ca.signing import Reason
from ostiary.kernel.errors import OstiaryError
from ostiary.management.authority.authority import Wanted
from ostiary.store.database.records import Role
from ostiary.x509.pem import read_certificates, read_crls
from tests.doors.admin_client import application, ask, token
from tests.doors.test_authority_api import pem
from tests.support.desk import CONFIG, DeskRig, make_desk, run

OWNER = Peer(uid=os.geteuid(), secure=True)
CA = "/api/v1/ca"
PAGE = "/console/authority"
WITHOUT_SSL = "http: {port: 8080}\n" + CONFIG[CONFIG.index("apiEndpoints") :]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskRig]:
    rig = make_desk(tmp_path)
    yield rig
    rig.database.close()


@pytest.fixture
def app(desk: DeskRig) -> FastAPI:
    return application(desk)


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskRig]:
    """For those who are refused: they leave nothing behind."""
    rig = make_desk(tmp_path_factory.mktemp("refusing"))
    rig.trusting("taken")
    yield rig
    rig.database.close()


def post(app: FastAPI, path: str, body: Any, status: int = 201) -> httpx.Response:
    done = ask(app, "POST", CA + path, peer=OWNER, json=body)
    assert done.status_code == status, done.text
    return done


def test_an_authority_is_made_trusted_used_and_followed_up(app: FastAPI, desk: DeskRig) -> None:
    wanted = {
        "name": "Example",
        "allowed": {"distinguishedNames": ["CN=device-*"]},
        "listFiles": ["clients.crl"],
        "publish": "http://pki.example",
    }
    answer = post(app, "/init", wanted)
    made = answer.json()
    assert (made["root"]["name"], made["issuing"]["name"]) == ("Example", "Example issuing 1")
    assert (made["trusted"], made["warnings"]) == (True, [])
    (root,) = desk.gatekeeper.applied[-1][1]
    assert root.fingerprint == made["root"]["fingerprint"]
    folder = desk.state / "ca"
    assert (folder / "root.crt").read_text() == made["certificate"]
    assert made["lists"] == [str(folder / "clients.crl")]
    # The secret stays where the command keeps it, and is told to nobody.
    secret = (folder / "passphrase").read_text().strip()
    assert made["passphrase"] == str(folder / "passphrase")
    assert secret not in answer.text
    assert "https.options.crl" in (said := " ".join(made["nextSteps"]))
    assert "http://pki.example" in said  # the configuration has no pki
    again = post(app, "/init", {"name": "Other"}, 409)
    assert "a certificate authority already: 'Example'" in again.text

    old = post(app, "/certificates", {"csr": pem("device-1")}).json()
    assert "distinguishedNames" in post(app, "/certificates", {"csr": pem("x")}, 422).text
    turned = post(app, "/rotate", {"days": 100})
    new = turned.json()
    assert (new["issued"]["name"], new["before"]) == ("Example issuing 2", "Example issuing 1")
    assert turned.headers["Location"] == f"{CA}/certificates/{new['issued']['serial']}"
    assert [one.subject for one in read_certificates(new["chain"].encode())] == [
        "CN=Example issuing 2", "CN=Example",
    ]  # fmt: skip
    renewed = post(app, f"/certificates/{old['serial']}/renew", {"revokeOld": True}).json()
    assert renewed["chain"] == new["chain"]
    assert post(app, "/rotate", {"name": "Example issuing 1"}, 422).json()["status"] == 422
    whole = post(app, "/lists", None, 200).json()
    assert [one["issues"] for one in whole["authorities"]] == [False, False, True]
    lists = read_crls(Path(whole["listFiles"][0]).read_bytes())
    # The one before goes on to list what is revoked of its own.
    (telling,) = [one for one in lists if one.find(one.issuer_key, int(old["serial"], 16))]
    assert telling.issuer == "CN=Example issuing 1"
    assert [one.action for one in desk.management.audit.page().items] == [
        "ca.lists", "ca.renew", "ca.rotate", "ca.issue", "trusted.add", "library.add", "ca.init",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "status", "word"),
    [
        ({"name": "taken"}, 409, "choose another name"),
        ({"name": "a\nb"}, 422, "/name"),
        ({"name": "x" * 65}, 422, "/name"),
        ({"allowed": {"ips": ["10.0.0.0/99"]}}, 422, "allowed.ips"),
        ({"publish": "https://pki.example"}, 422, "/publish"),
        ({"listFiles": ["../../gateway.config.yml"]}, 422, "profile.yml"),
        ({"listFiles": ["ledger.db"]}, 422, "/listFiles"),
        ({"passphrase": "correct horse battery"}, 422, "passphrase"),
        ({"key": "ml-dsa"}, 422, "/key"),
    ],
)
def test_an_authority_that_can_not_be_is_not_begun(
    refusing: DeskRig, more: dict[str, Any], status: int, word: str
) -> None:
    app = application(refusing)
    assert word in post(app, "/init", {"name": "Example", **more}, status).text
    assert not (refusing.state / "ca/ledger.db").exists()


def test_only_administrators_make_one_and_never_for_a_trial(app: FastAPI, desk: DeskRig) -> None:
    operator = token(desk, Role.OPERATOR)
    for path, body in (("/init", {"name": "Example"}), ("/rotate", {})):
        refused = ask(app, "POST", CA + path, headers=operator, json=body)
        assert (refused.status_code, "role admin" in refused.text) == (403, True)
        assert ask(app, "POST", CA + path, json=body).status_code == 401
        assert "no dry run" in post(app, f"{path}?dryRun=true", body, 422).text
    assert not (desk.state / "ca").exists()
    assert "ostiary ca init" in post(app, "/rotate", {}, 404).text


def test_a_passphrase_of_the_operators_own_is_taken_from_the_gateways_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "opens"
    file.write_text("short\n")
    monkeypatch.setenv("OSTIARY_CA_PASSPHRASE_FILE", str(file))
    desk = make_desk(tmp_path)
    app = application(desk)
    assert "has 5 characters" in post(app, "/init", {"name": "Example"}, 503).text
    assert "ostiary ca init" in ask(app, "GET", CA, peer=OWNER).text
    file.write_text("long enough, this one\n")
    assert post(app, "/init", {"name": "Example"}).json()["passphrase"] == str(file)
    assert not (desk.state / "ca/passphrase").exists()
    # With what opens the keys now, and not with what was there at the first try.
    assert post(application(desk), "/rotate", {}).json()["issued"]["name"] == "Example issuing 2"
    desk.database.close()


def test_an_authority_may_be_made_without_being_trusted(app: FastAPI, desk: DeskRig) -> None:
    made = post(app, "/init", {"name": "Example", "trust": False}).json()
    assert (made["trusted"], desk.gatekeeper.applied) == (False, [])
    shelved = desk.management.library.component(made["component"])
    assert shelved.newest is not None
    assert shelved.newest.fingerprint == made["root"]["fingerprint"]
    assert any("ostiary trust add" in one for one in made["nextSteps"])


def test_a_gateway_that_does_not_take_the_root_is_told_of(app: FastAPI, desk: DeskRig) -> None:
    desk.gatekeeper.fails_with = OstiaryError("the engine is tired")
    made = post(app, "/init", {"name": "Example"}).json()
    assert made["trusted"] is False
    assert any("the engine is tired" in one for one in made["warnings"])
    assert ask(app, "GET", CA, peer=OWNER).json()["name"] == "Example"


def test_where_nothing_can_be_trusted_that_is_told_before_anything_is_made(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, WITHOUT_SSL)
    app = application(desk)
    assert "add an https section" in post(app, "/init", {"name": "Example"}, 422).text
    assert post(app, "/init", {"name": "Example", "trust": False}).json()["trusted"] is False
    desk.database.close()


def page(app: FastAPI, path: str) -> str:
    shown = ask(app, "GET", path, peer=OWNER)
    assert shown.status_code == 200, shown.text
    return shown.text


def send(app: FastAPI, seen: str, to: str, status: int, **fields: str) -> httpx.Response:
    """A form of the page ``seen``, as a browser without JavaScript sends it."""
    text = page(app, seen)
    assert f'action="{to}"' in text, "there is no such form"
    found = re.search(r'name="csrf" value="([^"]+)"', text)
    assert found is not None
    done = ask(app, "POST", to, peer=OWNER, data={"csrf": found[1], **fields})
    assert done.status_code == status, done.text
    return done


def test_the_console_makes_rotates_renews_and_lists(app: FastAPI, desk: DeskRig) -> None:
    form = {"name": "Example", "key": "ec", "lists": "1", "trust": "1"}
    refused = send(app, PAGE, f"{PAGE}/init", 422, **form, publish="https://pki.example")
    assert "plain HTTP" in refused.text
    assert 'value="Example"' in refused.text  # what was written is kept
    made = send(app, PAGE, f"{PAGE}/init", 200, **form).text
    assert "The authority is made, and trusted" in made
    assert "https.options.crl" in made

    serial = run(
        desk.management.authority.issue(desk.actor, Wanted(request=pem("device-1").encode()))
    ).serial
    assert "issues from now on" not in page(app, f"{PAGE}/rotate")
    turned = send(app, f"{PAGE}/rotate", f"{PAGE}/rotate", 200, name="", key="rsa", days="90").text
    assert "Example issuing 2" in turned
    assert "/console/clients?issuer=Example+issuing+1" in turned
    taken = send(app, f"{PAGE}/rotate", f"{PAGE}/rotate", 422, name="Example issuing 1").text
    assert "there is a certificate for" in taken

    shown = f"{PAGE}/certificates/{serial}"
    asked = send(app, shown, f"{shown}/renew", 200, days="30", revoke_old="1").text
    assert "Renew device-1" in asked
    assert desk.management.authority.one(serial).issued.state.value == "good"
    done = send(app, shown, f"{shown}/renew", 303, days="30", revoke_old="1", step="save")
    assert "Renewed" in page(app, done.headers["Location"])
    assert desk.management.authority.one(serial).issued.revocation_reason == "superseded"

    lists = send(app, PAGE, f"{PAGE}/lists", 303)
    assert "made anew" in page(app, lists.headers["Location"])
    new = done.headers["Location"].partition("?")[0]
    (desk.state / "ca/clients.crl").unlink()
    (desk.state / "ca/clients.crl").mkdir()
    fields = {"reason": Reason.SUPERSEDED.value, "step": "save"}
    warned = send(app, new, f"{new}/revoke", 200, **fields).text
    assert "It is done, but" in warned
    assert "not every list" in warned
