"""One notification to real receivers: good, bad, slow, elsewhere, with TLS of their own."""

import asyncio
import base64
import hashlib
import hmac
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ostiary.services.webhooks import Target
from ostiary.store.database.notifications import Notification
from ostiary.wiring.posting import Answered, Poster
from tests.support.pki import Kit
from tests.support.ports import free_port
from tests.support.receiver import byte_by_byte, receiving, status

KEY = b"k" * 32
NOTIFICATION = Notification(
    id=7,
    uid="ab" * 16,
    topic="client.blocked",
    at=datetime(2030, 6, 1, 12, tzinfo=UTC),
    summary="'CN=ä\ud800' blocked",
    data={"count": 1},
)


def target(url: str, **more: Any) -> Target:
    return Target(name="ops", url=url, keys=(KEY,), **more)


def post(to: Target) -> Answered:
    return asyncio.run(Poster("/ostiary/here")(to, NOTIFICATION))


def test_a_receiver_gets_a_signed_cloud_event() -> None:
    with receiving() as receiver:
        answered = post(target(receiver.url))
        (got,) = receiver.wait()
    assert answered.delivered
    assert (answered.status, answered.detail) == (204, "")
    assert got.path == "/hook?key=in-the-url"
    assert got.headers["content-type"].startswith("application/cloudevents+json")
    event = got.event
    assert {name: event[name] for name in ("specversion", "id", "source", "type", "time")} == {
        "specversion": "1.0",
        "id": "ab" * 16,
        "source": "/ostiary/here",
        "type": "client.blocked",
        "time": "2030-06-01T12:00:00Z",
    }
    assert event["data"] == {"summary": NOTIFICATION.summary, "count": 1}
    assert got.headers["webhook-id"] == "ab" * 16
    assert abs(int(got.headers["webhook-timestamp"]) - time.time()) < 60
    signed = f"{'ab' * 16}.{got.headers['webhook-timestamp']}.".encode() + got.body
    mac = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert got.headers["webhook-signature"] == f"v1,{mac}"


def test_a_refusal_is_told_with_what_the_receiver_says() -> None:
    def grumble(handler: Any, _number: int) -> None:
        handler.send_response(503)
        handler.send_header("Retry-After", "77")
        handler.end_headers()
        handler.wfile.write(b"busy\x1b[31m\nlater " + b"x" * 10_000)

    with receiving(grumble) as receiver:
        answered = post(target(receiver.url))
    assert not answered.delivered
    assert (answered.status, answered.wished) == (503, timedelta(seconds=77))
    assert answered.detail.startswith("Service Unavailable: busy\ufffd[31m later xxx")
    assert len(answered.detail) < 300


def test_a_receiver_that_repeats_what_it_was_asked_tells_no_secret_of_the_url() -> None:
    def echo(handler: Any, _number: int) -> None:
        handler.send_response(404)
        handler.end_headers()
        handler.wfile.write(f"no hook at {handler.path}, {'x' * 160}{handler.path}".encode())

    with receiving(echo) as receiver:
        answered = post(target(receiver.url))
    assert answered.status == 404
    assert answered.detail.startswith("Not Found: no hook at …, xxx")
    assert "in-the" not in answered.detail


def test_a_redirect_is_not_followed() -> None:
    with receiving() as elsewhere, receiving(status(307, Location=elsewhere.url)) as receiver:
        answered = post(target(receiver.url))
        assert receiver.received
        assert not elsewhere.received
    assert (answered.delivered, answered.status) == (False, 307)
    assert "redirect" in answered.detail


@pytest.mark.parametrize("kind", ["silent", "byte by byte"])
def test_a_slow_receiver_is_left_after_its_time(kind: str) -> None:
    def silent(_handler: Any, _number: int) -> None:
        time.sleep(5)

    with receiving(silent if kind == "silent" else byte_by_byte) as receiver:
        began = time.monotonic()
        answered = post(target(receiver.url, seconds=0.5))
        assert time.monotonic() - began < 4
    assert not answered.delivered
    assert answered.status == (0 if kind == "silent" else 500)
    assert answered.detail


def test_where_nobody_listens_that_is_told() -> None:
    answered = post(target(f"http://127.0.0.1:{free_port()}/"))
    assert (answered.delivered, answered.status) == (False, 0)
    assert answered.detail


def test_a_certificate_is_verified_by_the_authorities_that_were_named(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    root, other = kit.root("root"), kit.root("other")
    site = kit.server(root, "site", dns=["localhost"])
    strange = kit.server(root, "strange", dns=["elsewhere.example"])
    with receiving(tls=site) as receiver:
        good = target(receiver.url, authorities=root.pem.decode())
        assert post(good).delivered
        for wrong in (replace(good, authorities=other.pem.decode()), replace(good, authorities="")):
            answered = post(wrong)
            assert (answered.delivered, answered.status) == (False, 0)
            assert "certificate" in answered.detail.lower()
        assert len(receiver.received) == 1
    with receiving(tls=strange) as receiver:
        assert not post(replace(good, url=receiver.url)).delivered
        assert not receiver.received


def test_authorities_that_are_none_are_an_answer_and_no_complaint() -> None:
    assert not post(target("https://localhost:1/", authorities="nonsense")).delivered


def test_what_may_be_a_credential_is_not_shown() -> None:
    one = target("https://hooks.example/services/T0/hidden?key=hidden")
    assert one.shown == "https://hooks.example/…"
    assert "hidden" not in repr(one)
    assert KEY.decode() not in repr(one)
    assert target("http://[::1]:8000").shown == "http://[::1]:8000"
