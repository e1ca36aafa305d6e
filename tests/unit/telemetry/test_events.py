"""What becomes of datagrams, among them hostile ones."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.telemetry.events import (
    LARGEST_DATAGRAM,
    LONGEST_TEXT,
    Kind,
    RefusalSeen,
    Unreadable,
    read_event,
)

LINE = {
    "time": 1_700_000_000.25,
    "event": "request",
    "request_id": "6f-1",
    "client": "192.0.2.1",
    "fingerprint": "AB",
    "subject": "CN=a",
    "entry": "0123456789abcdef",
    "method": "GET",
    "host": "a.example",
    "path": "/x",
    "status": 403,
    "api": "orders",
    "reason": "certificate-expired",
    "bytes": 12,
}


def seen(**changes: object) -> RefusalSeen:
    event = read_event(json.dumps({**LINE, **changes}).encode() + b"\n")
    assert isinstance(event, RefusalSeen)
    return event


def test_a_refused_request_is_read_with_what_tells_who_and_why() -> None:
    event = seen()
    assert event.kind is Kind.REQUEST
    assert event.at == datetime(2023, 11, 14, 22, 13, 20, 250_000, UTC)
    assert (event.client, event.status, event.reason) == ("192.0.2.1", 403, "certificate-expired")
    assert (event.api, event.entry, event.path) == ("orders", "0123456789abcdef", "/x")
    assert event.refused


def test_a_failed_handshake_is_read_with_the_nearest_reason_there_is() -> None:
    line = {
        "time": 1.5,
        "event": "handshake-failed",
        "client": "::1",
        "reason": "",
        "chain_reason": "the chain is too long",
        "tls_error": "",
        "connection": "SSL handshake failure",
    }
    event = read_event(json.dumps(line).encode())
    assert isinstance(event, RefusalSeen)
    assert event.kind is Kind.HANDSHAKE_FAILED
    assert event.reason == "the chain is too long"
    assert event.detail == "SSL handshake failure"


def test_a_malformed_request_was_not_refused_for_the_certificate_that_let_it_in() -> None:
    told = {"event": "request-malformed", "reason": "the certificate's issuer is not trusted"}
    event = read_event(json.dumps(told).encode())
    assert isinstance(event, RefusalSeen)
    assert (event.kind, event.reason) == (Kind.REQUEST_MALFORMED, "")


def test_what_a_report_only_policy_would_refuse_is_no_refusal() -> None:
    assert not seen(would_refuse="name-not-trusted", status=200).refused


@pytest.mark.parametrize(
    ("datagram", "why"),
    [
        (b"", Unreadable.NOT_OURS),
        (b"Server back/s1 is DOWN, reason: Layer4 timeout", Unreadable.NOT_OURS),
        (b"{", Unreadable.NOT_JSON),
        (b'{"event":"request"', Unreadable.NOT_JSON),
        (b"\xff\xfe\x00", Unreadable.NOT_OURS),
        (b"[" * 60_000, Unreadable.NOT_OURS),
        (b'{"event":' + b"[" * 60_000, Unreadable.NOT_JSON),
        (b'{"event":"request","status":' + b"9" * 5_000 + b"}", Unreadable.NOT_JSON),
        (b'{"event":"other"}', Unreadable.NOT_OURS),
        (b'{"event":["request"]}', Unreadable.NOT_OURS),
        (b"null", Unreadable.NOT_OURS),
        (b"{" + b" " * LARGEST_DATAGRAM, Unreadable.TOO_LONG),
    ],
)
def test_what_is_no_event_is_told_apart(datagram: bytes, why: Unreadable) -> None:
    assert read_event(datagram) is why


@pytest.mark.parametrize("time", ["now", None, True, -1, 1e300, float("nan"), float("inf")])
def test_a_time_that_is_none_becomes_the_epoch(time: object) -> None:
    assert seen(time=time).at == datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("status", [True, -1, 1000, "403", 4.5, 10**30])
def test_a_status_that_is_none_becomes_nothing(status: object) -> None:
    assert seen(status=status).status == 0


def test_texts_are_cut_and_cannot_steer_a_terminal_or_break_a_line() -> None:
    assert len(seen(path="/" * 10_000).path) == LONGEST_TEXT
    assert seen(path="/\x1b[2J\r\n\u202e\ud800").path == "/\ufffd[2J\ufffd\ufffd\ufffd\ufffd"
    assert seen(subject={"a": 1}).subject == ""


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda t: ("{" + t).encode()))
@settings(max_examples=300, deadline=None)
def test_nothing_that_comes_makes_it_raise(datagram: bytes) -> None:
    assert isinstance(read_event(datagram), RefusalSeen | Unreadable)


@given(
    st.dictionaries(
        st.sampled_from(sorted(LINE)),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.just([]),
    )
)
@settings(max_examples=300, deadline=None)
def test_values_of_any_type_are_borne(changes: dict[str, object]) -> None:
    read = read_event(json.dumps({**LINE, **changes}).encode())
    if isinstance(read, RefusalSeen):
        texts = (read.client, read.path, read.reason, read.subject, read.api)
        assert all(text.isprintable() for text in texts)
        assert 0 <= read.status <= 999
