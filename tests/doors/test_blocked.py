"""Blocked certificates by API and command line."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI

from ostiary.admin.peer import Peer
from tests.doors.admin_client import application, ask
from tests.doors.cli_rig import Shell, file_with
from tests.doors.rig import House
from tests.support.desk import DeskRig, make_desk

OWNER = Peer(uid=os.geteuid(), secure=True)
ONE = "ab" * 32


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskRig]:
    rig = make_desk(tmp_path)
    yield rig
    rig.database.close()


@pytest.fixture
def app(desk: DeskRig) -> FastAPI:
    return application(desk)


@pytest.fixture
def shell(house: House) -> Shell:
    return Shell(house)


# -- the API ------------------------------------------------------------------------------------


def test_a_block_is_made_found_and_taken_back(app: FastAPI, desk: DeskRig) -> None:
    end = desk.clock.now + timedelta(days=7)
    body = {"fingerprints": [ONE], "note": "laptop stolen", "until": end.isoformat()}
    done = ask(app, "POST", "/api/v1/blocked", peer=OWNER, json=body)
    assert done.status_code == 201, done.text
    assert done.headers["Location"] == "/api/v1/blocked/1"
    shown = ask(app, "GET", "/api/v1/blocked/1", peer=OWNER)
    assert shown.headers["ETag"] == done.headers["ETag"]
    assert shown.json() == ask(app, "GET", "/api/v1/blocked", peer=OWNER).json()["items"][0]
    assert (shown.json()["note"], shown.json()["inForce"]) == ("laptop stolen", True)
    path = "/api/v1/blocked/1"
    assert ask(app, "DELETE", path, peer=OWNER).status_code == 428
    gone = ask(app, "DELETE", path, peer=OWNER, headers={"If-Match": shown.headers["ETag"]})
    assert gone.status_code == 200
    assert ask(app, "GET", path, peer=OWNER).status_code == 404
    assert ask(app, "DELETE", path, peer=OWNER, headers={"If-Match": "*"}).status_code == 404


def test_a_dry_run_of_both_changes_nothing(app: FastAPI) -> None:
    query = {"dryRun": "true"}
    body = {"fingerprints": [ONE]}
    looked = ask(app, "POST", "/api/v1/blocked", peer=OWNER, json=body, params=query)
    assert (looked.status_code, looked.json()["applied"]) == (200, False)
    assert looked.json()["preview"]["newlyRefused"] == 0
    assert ask(app, "GET", "/api/v1/blocked", peer=OWNER).json()["items"] == []
    ask(app, "POST", "/api/v1/blocked", peer=OWNER, json=body)
    looked = ask(app, "DELETE", "/api/v1/blocked/1", peer=OWNER, params=query)
    assert (looked.status_code, looked.json()["applied"]) == (200, False)
    assert len(ask(app, "GET", "/api/v1/blocked", peer=OWNER).json()["items"]) == 1


def test_pages_lead_on_to_the_end(app: FastAPI) -> None:
    body = {"fingerprints": [f"{one:064x}" for one in range(5)]}
    done = ask(app, "POST", "/api/v1/blocked", peer=OWNER, json=body)
    assert done.json()["object"] == "1 to 5"
    found, path = [], "/api/v1/blocked?limit=2"
    while path:
        page = ask(app, "GET", path, peer=OWNER)
        found += [one["id"] for one in page.json()["items"]]
        path = page.links.get("next", {}).get("url", "")
    assert found == [5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, ""),
        ({"fingerprints": ["nonsense"]}, "/fingerprints/0"),
        ({"fingerprints": [ONE], "until": "2001-01-01T00:00:00Z"}, "/until"),
        ({"fingerprints": [ONE], "until": "tomorrow"}, "/until"),
        ({"fingerprints": [ONE], "note": "a\u202eb"}, "/note"),
        ({"certificate": "nonsense"}, "/upload"),
        ({"issuer": "CN=*", "serial": "1"}, "/issuer"),
        ({"fingerprint": ONE}, "/fingerprint"),
    ],
)
def test_what_can_not_be_done_is_told_with_its_place(
    app: FastAPI, body: dict[str, object], where: str
) -> None:
    answer = ask(app, "POST", "/api/v1/blocked", peer=OWNER, json=body)
    assert answer.status_code == 422, answer.text
    assert [one["pointer"] for one in answer.json()["errors"]] == [where]
    assert ask(app, "GET", "/api/v1/blocked", peer=OWNER).json()["items"] == []


# -- the command line, on the folder of a stopped gateway -----------------------------------------


def test_a_file_or_a_fingerprint_is_blocked_listed_and_unblocked(
    shell: Shell, house: House
) -> None:
    made = house.kit.client(house.root, "lost")
    other = "AB:" * 31 + "AB"
    said = shell.good("clients", "block", made.chain_file, other, "--note", "stolen").err
    assert "blocked (acts from the next start on" in said
    rows = shell.told("clients", "blocked")
    assert [row["fingerprint"] for row in rows] == [ONE, made.certificate.fingerprint]
    assert {row["note"] for row in rows} == {"stolen"}
    assert "stolen" in shell.good("clients", "blocked").out
    shell.good("clients", "unblock", made.certificate_file, other)
    assert shell.told("clients", "blocked") == []
    assert "nobody is blocked" in shell.good("clients", "blocked").err
    actions = [line["action"] for line in shell.told("audit")]
    assert actions == ["client.unblock", "client.unblock", "client.block"]


def test_issuer_and_serial_number_may_be_written_otherwise_when_unblocking(shell: Shell) -> None:
    shell.good("clients", "block", "--issuer", "CN=ca,O=x", "--serial", "0A:1F", "--until", "7d")
    (row,) = shell.told("clients", "blocked")
    assert (row["issuer"], row["serial"], row["inForce"]) == ("CN=ca,O=x", "A1F", True)
    shell.good("clients", "unblock", "--issuer", "O=x, CN=ca", "--serial", "a1f")
    assert shell.told("clients", "blocked") == []


def test_explain_tells_who_is_blocked(shell: Shell, house: House) -> None:
    made = house.kit.client(house.root, "lost")
    words = ("explain", "--cert", made.chain_file, "--api", "users")
    assert shell(*words).code == 0
    shell.good("clients", "block", made.certificate_file, "--note", "laptop stolen")
    said = shell(*words).said
    assert "laptop stolen" in said
    assert "403" in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("block",), "name certificates by fingerprint or file"),
        (("block", ONE, "--issuer", "CN=x", "--serial", "1"), "name certificates by"),
        (("block", "--issuer", "CN=x"), "name certificates by"),
        (("block", "nowhere.pem"), "nowhere.pem"),
        (("block", "--issuer", "CN=*", "--serial", "1"), "wildcards"),
        (("block", ONE, "--until", "yesterday"), "--until"),
        (("block", ONE, "--until", "2001-01-01"), "this time has passed"),
        (("unblock", ONE), "is not blocked"),
        (("unblock", "--issuer", "CN=x", "--serial", "1"), "is not blocked"),
    ],
)
def test_wrong_use_is_told_with_the_way_out(
    shell: Shell, words: tuple[str, ...], says: str
) -> None:
    assert says in shell.refused("clients", *words)
    assert shell.told("clients", "blocked") == []


def test_a_file_without_a_certificate_is_refused(shell: Shell, house: House) -> None:
    path = file_with(house.folder, "x.pem", b"nothing")
    assert "x.pem" in shell.refused("clients", "block", path)
