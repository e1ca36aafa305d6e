"""Notifications and webhooks by API and command line, with a receiver that answers."""

import base64
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from ostiary.admin.peer import Peer
from ostiary.store.database.deliveries import Attempt, Progress
from ostiary.store.database.records import Outcome, Role
from ostiary.wiring.posting import Poster
from tests.doors.admin_client import application, ask, token
from tests.doors.cli_rig import Shell, call, file_with
from tests.doors.rig import House
from tests.support.desk import CONFIG, DeskRig, make_desk
from tests.support.receiver import Receiver, receiving, status

OWNER = Peer(uid=os.geteuid(), secure=True)
SECRET = f"whsec_{base64.b64encode(b'k' * 32).decode()}"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def section(url: str) -> str:
    return f"notifications: {{webhooks: {{ops: {{url: '{url}', secret: {SECRET}}}}}}}\n"


@pytest.fixture
def desk(tmp_path: Path, receiver: Receiver) -> Iterator[DeskRig]:
    rig = make_desk(tmp_path, CONFIG + section(receiver.url), Poster("/ostiary/here"))
    yield rig
    rig.database.close()


@pytest.fixture
def app(desk: DeskRig) -> FastAPI:
    return application(desk)


# -- the API ------------------------------------------------------------------------------------


def test_notifications_are_listed_by_topic_and_page(app: FastAPI) -> None:
    for number in range(3):
        body = {"fingerprints": [f"{number:064x}"], "note": f"n{number}"}
        ask(app, "POST", "/api/v1/blocked", peer=OWNER, json=body)
    ask(app, "DELETE", "/api/v1/blocked/1", peer=OWNER, headers={"If-Match": "*"})
    page = ask(app, "GET", "/api/v1/notifications?limit=3", peer=OWNER)
    assert [one["topic"] for one in page.json()["items"]] == [
        "client.unblocked", "client.blocked", "client.blocked",
    ]  # fmt: skip
    rest = ask(app, "GET", page.links["next"]["url"], peer=OWNER).json()["items"]
    assert [one["data"]["note"] for one in rest] == ["n0"]
    some = ask(app, "GET", "/api/v1/notifications?topic=client.unblocked", peer=OWNER)
    assert len(some.json()["items"]) == 1
    newer = ask(app, "GET", f"/api/v1/notifications/newer?after={rest[0]['id']}", peer=OWNER)
    assert [one["topic"] for one in newer.json()] == [
        "client.blocked", "client.blocked", "client.unblocked",
    ]  # fmt: skip
    wrong = ask(app, "GET", "/api/v1/notifications?topic=nonsense", peer=OWNER)
    assert wrong.status_code == 422
    assert "certificate.expiring" in wrong.json()["errors"][0]["wayOut"]


def test_a_webhook_is_shown_without_its_secrets(app: FastAPI, desk: DeskRig) -> None:
    (one,) = ask(app, "GET", "/api/v1/webhooks", peer=OWNER).json()
    assert (one["name"], one["waiting"], one["failures"]) == ("ops", 0, 0)
    assert one["address"].startswith("http://localhost:")
    assert "client.blocked" in one["events"]
    with desk.database.begin() as work:
        work.deliveries.keep(["ops"])
    ask(app, "POST", "/api/v1/blocked", peer=OWNER, json={"fingerprints": ["ab" * 32]})
    answer = ask(app, "GET", "/api/v1/webhooks", peer=OWNER)
    assert answer.json()[0]["waiting"] == 1
    for secret in (SECRET, "in-the-url", base64.b64encode(b"k" * 32).decode()):
        assert secret not in answer.text


def test_deliveries_are_listed_with_what_went_wrong(app: FastAPI, desk: DeskRig) -> None:
    attempt = Attempt(
        webhook="ops", notification=1, uid="u", topic="client.blocked", outcome=Outcome.RETRYING,
        at=desk.clock.now, status=500, detail="Internal Server Error", milliseconds=3,
    )  # fmt: skip
    with desk.database.begin() as work:
        work.deliveries.note(attempt)
    (one,) = ask(app, "GET", "/api/v1/webhooks/deliveries", peer=OWNER).json()["items"]
    assert (one["outcome"], one["status"], one["attempts"]) == ("retrying", 500, 1)
    other = ask(app, "GET", "/api/v1/webhooks/deliveries?webhook=other", peer=OWNER)
    assert other.json()["items"] == []


def test_a_test_is_sent_and_answered_and_ends_a_pause(
    app: FastAPI, desk: DeskRig, receiver: Receiver
) -> None:
    with desk.database.begin() as work:
        work.deliveries.keep(["ops"])
        work.deliveries.move(Progress(name="ops", position=0, failures=9, due=desk.clock.now))
    done = ask(app, "POST", "/api/v1/webhooks/ops/test", peer=OWNER)
    assert (done.status_code, done.json()["delivered"]) == (200, True)
    (got,) = receiver.wait()
    assert (got.event["type"], got.event["id"]) == ("webhook.test", done.json()["uid"])
    with desk.database.reading() as work:
        progress = work.deliveries.of("ops")
        assert progress is not None
        assert (progress.failures, progress.due) == (9, None)


def test_only_operators_may_send_a_test_and_only_to_what_is_named(
    app: FastAPI, desk: DeskRig, receiver: Receiver
) -> None:
    viewer = token(desk, Role.VIEWER)
    assert ask(app, "POST", "/api/v1/webhooks/ops/test", headers=viewer).status_code == 403
    assert ask(app, "GET", "/api/v1/webhooks", headers=viewer).status_code == 200
    assert ask(app, "POST", "/api/v1/webhooks/none/test", peer=OWNER).status_code == 404
    assert receiver.received == []


# -- the command line, on the folder of a stopped gateway -----------------------------------------


@pytest.fixture
def shell(house: House, receiver: Receiver) -> Shell:
    house.write(house.text + section(receiver.url))
    return Shell(house)


def test_blocks_are_told_and_webhooks_listed(shell: Shell) -> None:
    shell.good("clients", "block", "ab" * 32, "--note", "stolen")
    (one,) = shell.told("notifications", "--topic", "client.*")
    assert (one["topic"], one["data"]["note"]) == ("client.blocked", "stolen")
    assert "stolen" in shell.good("notifications").out
    assert "nothing to follow" in shell.refused("notifications", "--follow")
    assert "nothing sent yet" in shell.good("webhooks", "list").out
    assert "nothing was sent" in shell.good("webhooks", "deliveries", "ops").err


def test_a_test_goes_to_a_webhook_or_to_any_address(
    shell: Shell, house: House, receiver: Receiver
) -> None:
    assert "ops: taken, status 204" in shell.good("webhooks", "test", "ops").err
    secret = file_with(house.folder, "hook.secret", f"{SECRET}\n".encode())
    done = shell.told("webhooks", "test", receiver.url, "--secret-file", secret)
    assert done["delivered"]
    assert "in-the-url" not in str(done)
    first, second = receiver.wait(2)
    assert first.event["type"] == second.event["type"] == "webhook.test"
    assert second.headers["webhook-id"] == done["uid"]


def test_an_address_can_be_tried_where_there_is_no_gateway(
    tmp_path: Path, receiver: Receiver
) -> None:
    done = call("webhooks", "test", receiver.url, "--config", tmp_path / "none.yml")
    assert done.code == 0, done.said
    assert list(tmp_path.iterdir()) == []


def test_what_a_receiver_says_no_to_is_a_failure(shell: Shell) -> None:
    with receiving(status(500)) as bad:
        said = shell.refused("webhooks", "test", bad.url, code=1)
        assert "not taken: status 500, Internal Server Error" in said
    assert "not taken" in shell.refused("webhooks", "test", bad.url, code=1)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("none",), "there is no webhook 'none'"),
        (("ftp://a.example",), "isn't a URL"),
        (("http://u:hidden@a.example",), "user name or password"),
        (("ops", "--secret-file", "x"), "for a URL"),
    ],
)
def test_wrong_use_is_told(shell: Shell, words: tuple[str, ...], says: str) -> None:
    said = shell.refused("webhooks", "test", *words)
    assert says in said
    assert "hidden" not in said


def test_a_bad_secret_file_stops_the_check_at_its_line(house: House) -> None:
    text = house.text + (
        "notifications:\n  webhooks:\n    ops: {url: 'http://localhost:1/', secretFile: hook}\n"
    )
    house.write(text)
    check = ("check", "--config", house.config)
    assert f"{house.config.name}:{len(text.splitlines())}:" in call(*check).said
    (house.folder / "hook").write_text("hush-hush\n")
    done = call(*check)
    assert done.code == 2
    assert "does not begin with whsec_" in done.said
    assert "hush-hush" not in done.said
    (house.folder / "hook").write_text(f"{SECRET}\n\n{SECRET}\n")
    assert call(*check).code == 0
