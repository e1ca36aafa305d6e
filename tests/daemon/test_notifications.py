"""Notifications of a gateway at work: ends, revocations, blocks; none is lost by ``kill -9``."""

import base64
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import context
from tests.daemon.gateway import Certificates, World, world
from tests.doors.cli_rig import call
from tests.support.lists import crl_of
from tests.support.pki import DAY
from tests.support.ports import free_port
from tests.support.receiver import receiving

pytestmark = pytest.mark.daemon

SNI = "default.example"
SECRET = f"whsec_{base64.b64encode(b'k' * 32).decode()}"


@contextmanager
def at_work(binary: EngineBinary, *urls: str) -> Iterator[World]:
    """A gateway with a webhook for each address; its certificate ends in five days."""

    def entries(made: Certificates) -> dict[str, Any]:
        now = made.kit.now
        site = made.kit.server(
            made.a, "soon", dns=[SNI], not_before=now - 360 * DAY, not_after=now + 5 * DAY
        )
        files = {"key": str(site.key_file), "cert": str(site.chain_file)}
        return {"default": made.entry(made.a) | files}

    def notifying(document: dict[str, Any], made: Certificates) -> None:
        folder = made.kit.folder
        (folder / "hook.secret").write_text(SECRET + "\n")
        (folder / "a.crl").write_bytes(crl_of(made.a, number=1))
        document["https"]["options"]["crl"] = ["a.crl"]
        document["notifications"] = {
            "webhooks": {
                f"hook{number}": {"url": url, "secretFile": "hook.secret", "timeoutMs": 5000}
                for number, url in enumerate(urls)
            }
        }

    with world(binary, entries, notifying) as made:
        yield made


def words(made: World) -> tuple[object, ...]:
    return "--state", made.gateway.state, "-c", made.folder / "gateway.config.yml"


def shell(made: World, *given: object) -> Any:
    done = call(*given, *words(made), "--json")
    assert done.code == 0, done.said
    return done.json


def logged(made: World, event: str) -> list[dict[str, Any]]:
    lines = made.gateway.program_log().splitlines()
    return [json.loads(line) for line in lines if f'"{event}"' in line and line.startswith("{")]


def revoke(made: World) -> None:
    fresh = made.folder / "fresh"
    fresh.write_bytes(crl_of(made.a, {made.good: None}, number=2))
    fresh.replace(made.folder / "a.crl")


def test_what_happens_is_told_in_log_list_and_to_those_who_take_it(
    any_engine: EngineBinary,
) -> None:
    dead = f"http://127.0.0.1:{free_port()}/"
    with receiving() as receiver, at_work(any_engine, receiver.url, dead) as made:
        ending = receiver.wait_for("certificate.expiring").event["data"]
        assert (ending["held"], ending["withinDays"]) == ("server", 7)
        assert ending["certificates"][0]["where"] == "https.tls.default"
        with made.gateway.connect(context(made.good), SNI) as client:
            assert client.ask("/api/x", SNI).status == 200
            revoke(made)
            listed = receiver.wait_for("certificate.revoked").event["data"]
            assert listed["certificates"][0]["serial"] == f"{made.good.certificate.serial:x}"
            end = time.monotonic() + 30
            while client.ask("/api/x", SNI).status == 200:
                assert time.monotonic() < end, "not refused"
        refused = receiver.wait_for("client.revoked").event["data"]
        assert refused["certificates"][0]["fingerprint"] == made.good.certificate.fingerprint
        shell(made, "clients", "block", made.of_b.certificate_file, "--note", "stolen")
        blocked = receiver.wait_for("client.blocked").event
        assert blocked["data"]["note"] == "stolen"

        listed_here = shell(made, "notifications", "--topic", "client.blocked")
        assert [one["uid"] for one in listed_here] == [blocked["id"]]
        lines = logged(made, "notification")
        assert blocked["id"] in {line["id"] for line in lines}
        assert {line["level"] for line in lines if line["type"] == "client.revoked"} == {"warning"}
        good, bad = shell(made, "webhooks", "list")
        assert (good["name"], good["waiting"], good["failures"]) == ("hook0", 0, 0)
        assert bad["failures"] >= 1
        assert bad["waiting"] >= 4
        assert logged(made, "webhook-failed")[0]["webhook"] == "hook1"
        everything = json.dumps([good, bad]) + made.gateway.program_log()
        assert SECRET not in everything
        assert "in-the-url" not in everything

        answer = shell(made, "webhooks", "test", "hook0")
        assert receiver.wait_for("webhook.test").event["id"] == answer["uid"]
        failed = call("webhooks", "test", "hook1", *words(made))
        assert failed.code == 1
        assert "not taken" in failed.said


def test_what_was_acknowledged_is_delivered_after_kill_9_and_a_restart(
    any_engine: EngineBinary,
) -> None:
    port = free_port()
    with ExitStack() as stack:
        made = stack.enter_context(at_work(any_engine, f"http://127.0.0.1:{port}/"))
        shell(made, "clients", "block", made.of_b.certificate_file)
        (block,) = shell(made, "notifications", "--topic", "client.blocked")
        made.gateway.process.kill()
        made.gateway.process.wait(60)
        receiver = stack.enter_context(receiving(port=port))
        made.gateway.start()
        first = receiver.wait_for("client.blocked")
        assert first.headers["webhook-id"] == block["uid"]
        receiver.wait_for("certificate.expiring")
        told = [one["uid"] for one in shell(made, "notifications")][::-1]
        assert [one.event["id"] for one in receiver.received] == told
        assert [one.event["type"] for one in receiver.received].count("certificate.expiring") == 1
