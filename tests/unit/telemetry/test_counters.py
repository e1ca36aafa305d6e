"""Counting under names that are known beforehand."""

from datetime import UTC, datetime

from ostiary.telemetry.counters import (
    ADMITTED,
    LATENCY_BOUNDS,
    OTHER,
    REASONS_OF_EVENTS,
    Counters,
    Vocabulary,
)
from ostiary.telemetry.events import Kind, RefusalSeen
from ostiary.trust.reason import ADMITTED_CODE, Reason

AT = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = Vocabulary(
    apis=frozenset({"orders"}),
    entries={"0123456789abcdef": "a.example"},
    handshakes=frozenset({"the certificate has expired"}),
)


def event(kind: Kind = Kind.REQUEST, **values: object) -> RefusalSeen:
    return RefusalSeen(at=AT, kind=kind, client="192.0.2.1", **values)  # type: ignore[arg-type] # by name


def test_refusals_are_counted_by_reason_api_and_entry() -> None:
    counters = Counters(WORDS)
    for _ in range(3):
        counters.refusal(
            event(status=403, reason="weak-key", api="orders", entry="0123456789abcdef")
        )
    assert counters.snapshot().refusals == {("weak-key", "orders", "a.example"): 3}


def test_names_that_the_configuration_lacks_are_counted_as_one() -> None:
    counters = Counters(WORDS)
    for number in range(100):
        counters.refusal(
            event(status=403, reason=f"r{number}", api=f"a{number}", entry=f"e{number}")
        )
    assert counters.snapshot().refusals == {("http-403", OTHER, OTHER): 100}


def test_a_refusal_that_is_no_certificates_matter_is_named_by_its_status() -> None:
    counters = Counters(WORDS)
    assert counters.refusal(event(status=400, reason="admitted")) == "http-400"
    assert counters.refusal(event(status=299)) == OTHER


def test_handshakes_are_named_by_the_sentences_known() -> None:
    counters = Counters(WORDS)
    expired = event(Kind.HANDSHAKE_FAILED, reason="the certificate has expired")
    assert counters.refusal(expired) == "the certificate has expired"
    assert counters.refusal(event(Kind.HANDSHAKE_FAILED, reason="x")) == "handshake-failed"
    assert counters.refusal(event(status=403, reason="the certificate has expired")) == "http-403"


def test_what_would_be_refused_is_counted_apart() -> None:
    counters = Counters(WORDS)
    counters.refusal(event(status=200, reason="admitted", would_refuse="weak-key", api="orders"))
    counted = counters.snapshot()
    assert counted.refusals == {}
    assert counted.would_refuse == {("weak-key", "orders", ""): 1}


def test_every_reason_has_its_series() -> None:
    words = Vocabulary()
    for reason in Reason:
        assert words.reason(event(reason=reason.value)) in REASONS_OF_EVENTS
    for status in range(1000):
        assert words.reason(event(status=status)) in REASONS_OF_EVENTS


def test_decisions_are_counted_by_verdict_and_time() -> None:
    counters = Counters()
    counters.decision(ADMITTED_CODE, 0.0001)
    counters.decision(Reason.WEAK_KEY.code, 99.0)
    counters.decision(77, 0.0)
    counted = counters.snapshot()
    assert counted.decisions == {ADMITTED: 1, "weak-key": 1, OTHER: 1}
    assert counted.latency.buckets[LATENCY_BOUNDS.index(0.0001)] == 1
    assert counted.latency.buckets[-1] == 1
    assert sum(counted.latency.buckets) == 3


def test_a_snapshot_does_not_change_afterwards() -> None:
    counters = Counters()
    before = counters.snapshot()
    counters.decision(ADMITTED_CODE, 0.1)
    assert before.decisions == {}
