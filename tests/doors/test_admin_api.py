"""The REST API as programs use it: ETags, pages, uploads, problems."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI

from ostiary.admin.peer import Peer
from tests.doors.admin_client import application, ask
from tests.support.desk import CONFIG, DeskRig, make_desk, run

OWNER = Peer(uid=os.geteuid(), secure=True)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskRig]:
    rig = make_desk(tmp_path)
    yield rig
    rig.database.close()


@pytest.fixture
def app(desk: DeskRig) -> FastAPI:
    return application(desk)


def test_a_change_needs_the_etag_that_was_read(app: FastAPI, desk: DeskRig) -> None:
    read = ask(app, "GET", "/api/v1/gateway", peer=OWNER)
    assert read.headers["ETag"] == '"0"'

    def patch(**headers: str) -> int:
        return ask(
            app, "PATCH", "/api/v1/gateway", peer=OWNER, json={"required": True}, headers=headers
        ).status_code

    assert patch() == 428
    assert patch(**{"If-Match": "0"}) == 422
    assert patch(**{"If-Match": '"7"'}) == 412
    assert patch(**{"If-Match": '"0"'}) == 200
    assert patch(**{"If-Match": '"0"'}) == 412
    assert patch(**{"If-Match": "*"}) == 200


def test_merge_patch_speaks_the_language_of_the_file(app: FastAPI) -> None:
    sent = b'{"reportOnly": true, "deny": [{"dns": "*.evil.example"}]}'
    kind = {"Content-Type": "application/merge-patch+json", "If-Match": "*"}
    done = ask(app, "PATCH", "/api/v1/gateway", peer=OWNER, content=sent, headers=kind)
    assert done.status_code == 200, done.text
    policy = ask(app, "GET", "/api/v1/gateway", peer=OWNER).json()["policy"]
    assert policy["reportOnly"] == {"value": True, "source": "store", "lockedBy": None}
    assert policy["deny"]["value"][0]["dns"] == "*.evil.example"


def test_a_refusal_points_at_what_is_wrong(app: FastAPI) -> None:
    answer = ask(
        app,
        "PATCH",
        "/api/v1/gateway",
        peer=OWNER,
        json={"requird": True, "type": "tls"},
        headers={"If-Match": "*"},
    )
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    found = {one["pointer"]: one for one in answer.json()["errors"]}
    assert found["/requird"]["wayOut"] == "did you mean 'required'?"
    assert "/type" in found


@pytest.mark.parametrize("kind", ["form-file", "form-text", "raw-pem", "raw-der"])
def test_certificates_come_as_a_form_or_as_they_are(app: FastAPI, desk: DeskRig, kind: str) -> None:
    root = desk.kit.root("root")
    match kind:
        case "form-file":
            sent = {"files": {"file": ("x", root.certificate.der)}, "data": {"name": "n"}}
        case "form-text":
            sent = {"data": {"name": "n", "text": root.pem.decode()}}
        case "raw-pem":
            sent = {"content": root.pem, "params": {"name": "n"}}
        case _:
            sent = {"content": root.certificate.der, "params": {"name": "n"}}
    done = ask(app, "POST", "/api/v1/library", peer=OWNER, **sent)  # type: ignore[arg-type] # ways of httpx
    assert done.status_code == 201, done.text
    assert done.headers["Location"] == "/api/v1/library/1"
    shown = ask(app, "GET", "/api/v1/library/1/versions/1/certificates", peer=OWNER).json()
    assert shown[0]["fingerprint"] == root.certificate.fingerprint
    pem = ask(app, "GET", "/api/v1/library/1/versions/1/pem", peer=OWNER)
    assert pem.content == root.certificate.pem


def test_an_upload_is_foreseen_and_trusted_in_one_request(app: FastAPI, desk: DeskRig) -> None:
    root = desk.kit.root("root", not_after=desk.clock.now + timedelta(days=365))

    def send(**query: str) -> httpx.Response:
        params = {"name": "n", **query}
        return ask(
            app, "POST", "/api/v1/trusted/upload", peer=OWNER, content=root.pem, params=params
        )

    looked = send(dryRun="true")
    assert looked.status_code == 200
    assert looked.json()["preview"]["lookedAt"] == 0
    assert ask(app, "GET", "/api/v1/library", peer=OWNER).json()["total"] == 0
    done = send()
    assert (done.status_code, done.headers["Location"]) == (201, "/api/v1/trusted/1")
    shown = ask(app, "GET", "/api/v1/trusted/1", peer=OWNER).json()
    assert (shown["name"], shown["fingerprint"]) == ("n", root.certificate.fingerprint)
    assert send().status_code == 409


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"--x\r\nContent-Disp", "multipart/form-data; boundary=x"),
        (b"whatever", "multipart/form-data"),
        (b"\xff\xfe", "text/plain"),
        (b"", "application/octet-stream"),
        (b"<html>", "text/html"),
    ],
)
def test_a_body_that_is_none_of_these_is_refused(app: FastAPI, content: bytes, kind: str) -> None:
    answer = ask(
        app,
        "POST",
        "/api/v1/library?name=n",
        peer=OWNER,
        content=content,
        headers={"Content-Type": kind},
    )
    assert answer.status_code in {400, 422}, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_pages_lead_on_by_link(app: FastAPI, desk: DeskRig) -> None:
    run(desk.management.names.replace(desk.order(), None, [f"CN={number}" for number in range(5)]))
    seen, path = [], "/api/v1/names?limit=2"
    while path:
        page = ask(app, "GET", path, peer=OWNER)
        seen += [one["pattern"] for one in page.json()["items"]]
        link = page.headers.get("Link", "")
        path = link[1 : link.index(">")] if link else ""
    assert seen == [f"CN={number}" for number in range(5)]


def test_names_travel_as_a_text_file(app: FastAPI) -> None:
    done = ask(
        app,
        "POST",
        "/api/v1/names/import",
        peer=OWNER,
        content="# ours\nCN=a,**\nCN=ü\n".encode(),
        headers={"Content-Type": "text/plain", "If-Match": "*"},
    )
    assert done.status_code == 200, done.text
    back = ask(app, "GET", "/api/v1/names/export", peer=OWNER)
    assert back.headers["Content-Type"].startswith("text/plain")
    assert back.text.splitlines()[1:] == ["CN=a,**", "CN=ü"]


def test_dry_run_tells_and_changes_nothing(app: FastAPI, desk: DeskRig) -> None:
    done = ask(
        app, "PATCH", "/api/v1/gateway?dryRun=true", peer=OWNER, json={"type": "certificate"}
    )
    assert done.status_code == 200
    assert not done.json()["applied"]
    assert done.json()["preview"]["lookedAt"] == 0
    assert desk.management.settings.revision() == 0


def test_a_token_is_told_once(app: FastAPI) -> None:
    made = ask(app, "POST", "/api/v1/tokens", peer=OWNER, json={"name": "ci", "role": "viewer"})
    assert made.status_code == 201
    secret = made.json()["secret"]
    listed = ask(app, "GET", "/api/v1/tokens", peer=OWNER)
    assert secret not in listed.text
    assert secret not in ask(app, "GET", "/api/v1/audit", peer=OWNER).text
    answer = ask(app, "GET", "/api/v1/whoami", headers={"Authorization": f"Bearer {secret}"})
    assert answer.json() == {"name": "token:ci", "role": "viewer"}


def test_explain_walks_a_certificate_through(app: FastAPI, desk: DeskRig) -> None:
    desk.trusting("partners")
    run(desk.management.settings.set_gateway(desk.order(), {"type": "certificate"}))
    stranger = desk.kit.client(None, "stranger")
    (told,) = ask(
        app,
        "POST",
        "/api/v1/explain",
        peer=OWNER,
        json={"certificate": stranger.pem.decode(), "api": "orders"},
    ).json()
    assert not told["served"]
    assert told["status"] == 403
    assert told["reason"]
    assert told["certificate"]["subject"] == "CN=stranger"
    assert (
        ask(app, "POST", "/api/v1/explain", peer=OWNER, json={"api": "nowhere"}).status_code == 404
    )


def test_metrics_are_served_to_who_may(app: FastAPI) -> None:
    assert ask(app, "GET", "/metrics", peer=OWNER).text == "ostiary_up 1\n"


def test_an_unknown_path_is_a_problem_too(app: FastAPI) -> None:
    for method, path, status in (("GET", "/api/v1/x", 404), ("PUT", "/api/v1/gateway", 405)):
        answer = ask(app, method, path, peer=OWNER)
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_an_api_is_reached_whatever_its_name_holds(tmp_path: Path) -> None:
    name = "team/v1/orders%2F é"
    config = CONFIG.replace("  orders: {", f"  {name}: {{").replace("[orders,", f"['{name}',")
    desk = make_desk(tmp_path, config)
    try:
        app = application(desk)
        where = f"/api/v1/apis/{quote(name, safe='')}"
        headers = {"If-Match": "*"}
        done = ask(app, "PATCH", where, peer=OWNER, json={"required": True}, headers=headers)
        assert done.status_code == 200, done.text
        found = ask(app, "GET", where, peer=OWNER).json()
        assert (found["name"], found["overrides"]) == (name, True)
        assert ask(app, "DELETE", where, peer=OWNER, headers=headers).status_code == 200
        unknown = ask(app, "GET", "/api/v1/apis/team/v2", peer=OWNER)
        assert (unknown.status_code, unknown.json()["type"]) == (
            404,
            "urn:ostiary:problem:not-found",
        )
    finally:
        desk.database.close()
