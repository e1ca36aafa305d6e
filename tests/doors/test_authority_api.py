"""The authority by REST API: issued, looked at, renewed, revoked, audited."""

import base64
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from ostiary.admin.peer import Peer
from ostiary.ca.packing import pem_of_certificate
from ostiary.ca.signing import Purpose
from ostiary.management.authority.enrolling import Invited, enrol
from ostiary.management.authority.inviting import Invitation, invite
from ostiary.management.authority.orders import Founding
from ostiary.management.authority.profile import Allowed, Lists, Profile
from ostiary.store.database.records import Role
from ostiary.store.lock import StateLock
from ostiary.wiring import certifying
from ostiary.wiring.certifying import found_house, open_house
from ostiary.x509.pem import read_certificates, read_crls
from tests.doors.admin_client import application, ask, token
from tests.support.desk import DeskRig, make_desk
from tests.unit.management.authority.scene import request

OWNER = Peer(uid=os.geteuid(), secure=True)
CA = "/api/v1/ca"


def pem(*arguments: Any, **more: Any) -> str:
    kind, body = "CERTIFICATE REQUEST", base64.encodebytes(request(*arguments, **more)).decode()
    return f"-----BEGIN {kind}-----\n{body}-----END {kind}-----\n"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskRig]:
    rig = make_desk(tmp_path)
    profile = Profile(
        allowed=Allowed(distinguished_names=("CN=*",)), crl=Lists(files=("clients.crl",))
    )
    with found_house(rig.state / "ca", None, Founding(name="Example"), profile):
        pass
    yield rig
    rig.database.close()


@pytest.fixture
def app(desk: DeskRig) -> FastAPI:
    return application(desk)


def owner(app: FastAPI, method: str, path: str, status: int = 200, **more: Any) -> httpx.Response:
    done = ask(app, method, CA + path, peer=OWNER, **more)
    assert done.status_code == status, done.text
    return done


def test_a_certificate_is_issued_found_renewed_and_revoked(app: FastAPI, desk: DeskRig) -> None:
    body = {"csr": pem("device-1", "a.example"), "days": 30}
    made = owner(app, "POST", "/certificates", 201, json=body)
    (leaf, above) = read_certificates(made.json()["certificate"].encode())
    assert (leaf.subject, above.subject) == ("CN=device-1", "CN=Example issuing 1")
    assert owner(app, "POST", "/certificates", json=body).json()["thereAlready"] is True
    where = made.headers["Location"].removeprefix(CA)
    shown = owner(app, "GET", where).json()
    assert shown["issued"]["issuedBy"] == f"local:{os.geteuid()}"
    assert shown["certificate"]["chain"] == ["CN=Example issuing 1", "CN=Example"]
    by_fingerprint = owner(app, "GET", f"/certificates/{shown['issued']['fingerprint']}").json()
    assert by_fingerprint == shown
    renewed = owner(app, "POST", f"{where}/renew", 201, json={"revokeOld": True}).json()
    assert renewed["serial"] != made.json()["serial"]
    found = owner(app, "GET", "/certificates?search=device&only=revoked").json()["items"]
    assert [one["serial"] for one in found] == [made.json()["serial"]]
    new = f"/certificates/{renewed['serial']}"
    gone = owner(app, "POST", f"{new}/revoke", json={"reason": "keyCompromise"}).json()
    assert (gone["issued"]["state"], gone["issued"]["revocationReason"]) == (
        "revoked", "keyCompromise",
    )  # fmt: skip
    assert gone["lists"] == [str(desk.state / "ca/clients.crl")]
    lists = read_crls(Path(gone["lists"][0]).read_bytes())
    for one in (made.json()["serial"], renewed["serial"]):
        assert any(each.find(each.issuer_key, int(one, 16)) is not None for each in lists)
    actions = [one.action for one in desk.management.audit.page(action="ca.").items]
    assert actions == ["ca.revoke", "ca.renew", "ca.issue", "ca.issue"]


def test_all_good_certificates_of_a_name_are_revoked_at_once(app: FastAPI, desk: DeskRig) -> None:
    serials = [
        owner(app, "POST", "/certificates", 201, json={"csr": pem(name), "another": True})
        .json()["serial"]
        for name in ("device-1", "device-1", "device-1", "device-2")
    ]  # fmt: skip
    owner(app, "POST", f"/certificates/{serials[1]}/revoke", json={})
    where = f"/certificates/{serials[0]}/revoke"
    done = owner(app, "POST", where, json={"reason": "keyCompromise", "allOfName": True}).json()
    assert [one["serial"] for one in done["also"]] == [serials[2]]
    assert done["also"][0]["revocationReason"] == "keyCompromise"
    good = owner(app, "GET", "/certificates?only=good&search=device").json()["items"]
    assert [one["serial"] for one in good] == [serials[3]]
    (told,) = desk.management.audit.page(about=serials[0], action="ca.revoke").items
    assert told.after["also"] == [serials[2]]


def test_what_would_be_issued_is_told_and_is_not(app: FastAPI, desk: DeskRig) -> None:
    body = {"csr": pem("device-1", "a.example"), "purpose": "server", "days": 30}
    foreseen = owner(app, "POST", "/certificates?dryRun=true", json=body).json()
    assert foreseen == {
        "name": "device-1",
        "subject": "CN=device-1",
        "alternativeNames": ["dns:a.example"],
        "purpose": "server",
        "days": 30,
        "thereAlready": False,
    }
    refused = owner(app, "POST", "/certificates?dryRun=true", 422, json={"csr": pem(O="Acme")})
    assert "distinguishedNames" in refused.text
    assert owner(app, "GET", "/certificates?search=device").json()["items"] == []
    made = owner(app, "POST", "/certificates", 201, json=body).json()
    again = owner(app, "POST", "/certificates?dryRun=true", json=body).json()
    assert again == {**foreseen, "thereAlready": True}
    # Where there is no such preview, nothing is done instead.
    where = f"/certificates/{made['serial']}/revoke?dryRun=true"
    assert "no dry run" in owner(app, "POST", where, 422, json={}).text
    assert owner(app, "GET", f"/certificates/{made['serial']}").json()["issued"]["state"] == "good"
    assert [one.action for one in desk.management.audit.page().items] == ["ca.issue"]
    viewer = token(desk, Role.VIEWER)
    looks = ask(app, "POST", f"{CA}/certificates?dryRun=true", headers=viewer, json=body)
    assert looks.status_code == 403


def test_what_an_approval_would_issue_is_told(app: FastAPI, desk: DeskRig) -> None:
    with open_house(desk.state / "ca", None) as house:
        kept, _ = invite(house, Invitation(name="*", purpose=Purpose.SERVER))
        enrol(house, Invited(kept, approval=True), request("web.example"))
    where = "/requests/1/approve?dryRun=true"
    foreseen = owner(app, "POST", where, json={"days": 9}).json()
    assert (foreseen["alternativeNames"], foreseen["days"]) == (["dns:web.example"], 9)
    # The request that waits shows the same names: what is approved is what is issued.
    shown = owner(app, "GET", "/requests/1").json()
    assert (shown["alternativeNames"], shown["state"]) == (["dns:web.example"], "pending")
    made = owner(app, "POST", "/requests/1/approve", json={}).json()
    (leaf, *_) = read_certificates(made["certificate"].encode())
    assert leaf.subject_alternative_names == ("DNS:web.example",)
    owner(app, "POST", where, 409, json={})


def test_the_authority_as_a_whole(app: FastAPI) -> None:
    before = owner(app, "GET", "").json()
    assert [one["issued"]["name"] for one in before["authorities"]] == [
        "Example", "Example issuing 1",
    ]  # fmt: skip
    assert [one["list"] for one in before["authorities"]] == [None, None]
    after = owner(app, "POST", "/lists").json()
    assert [one["list"]["number"] for one in after["authorities"]] == [1, 1]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "word"),
    [
        ("POST", "/certificates", {"csr": "nonsense"}, 422, "signing request"),
        ("POST", "/certificates", {"csr": pem("x", O="Acme")}, 422, "distinguishedNames"),
        ("POST", "/certificates", {"csr": pem("x"), "days": 9999}, 422, "9999 days"),
        ("POST", "/certificates", {"csr": pem("x"), "name": "y"}, 422, "'x'"),
        ("POST", "/certificates", {"csr": pem("Example")}, 422, "authority's own name"),
        ("POST", "/certificates", {"csr": pem("x"), "colour": "red"}, 422, "colour"),
        ("GET", "/certificates/0A", None, 404, "0A"),
        ("POST", "/certificates/0A/revoke", {}, 404, "0A"),
        ("POST", "/certificates/0A/revoke", {"reason": "certificateHold"}, 422, "reason"),
        ("GET", "/requests/7", None, 404, "7"),
        ("POST", "/requests/7/approve", {}, 404, "7"),
        ("DELETE", "/tokens/7", None, 404, "7"),
        ("POST", "/tokens", {"name": "****"}, 422, "stars"),
    ],
)
def test_what_can_not_be_is_refused_with_a_reason(
    app: FastAPI, method: str, path: str, body: Any, status: int, word: str
) -> None:
    more = {} if body is None else {"json": body}
    assert word in owner(app, method, path, status, **more).text


def test_viewers_look_and_strangers_do_not(app: FastAPI, desk: DeskRig) -> None:
    viewer = token(desk, Role.VIEWER)
    assert ask(app, "GET", CA, headers=viewer).status_code == 200
    changes = (
        ("POST", "/certificates", {"csr": pem("x")}),
        ("POST", "/lists", None),
        ("POST", "/tokens", {"name": "x"}),
        ("POST", "/requests/1/approve", {}),
        ("POST", "/certificates/0A/revoke", {}),
    )
    for method, path, body in changes:
        more = {} if body is None else {"json": body}
        assert ask(app, method, CA + path, headers=viewer, **more).status_code == 403, path
        assert ask(app, method, CA + path, **more).status_code == 401, path


def test_while_a_command_is_at_work_the_door_says_so(
    app: FastAPI, desk: DeskRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certifying, "TURN_SECONDS", 0.05)
    with StateLock(desk.state / "ca"):
        assert "in use by process" in owner(app, "GET", "", 503).text
    owner(app, "GET", "")


def test_a_certificate_of_another_authority_is_none_of_ours(app: FastAPI, tmp_path: Path) -> None:
    with found_house(tmp_path / "x", None, Founding(name="Other"), Profile()) as house:
        other = read_certificates(pem_of_certificate(house.root().entry.der))[0]
    owner(app, "GET", f"/certificates/{other.fingerprint}", 404)
