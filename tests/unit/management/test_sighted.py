"""What was counted becomes what is shown."""

from datetime import UTC, datetime, timedelta

from ostiary.management.sighted import points
from ostiary.telemetry.history import Chart

START = datetime(2026, 6, 1, 12, tzinfo=UTC)


def admitted(**series: tuple[int, ...]) -> list[int]:
    """Requests let through in each interval."""
    named = {name.replace("_", "-"): counts for name, counts in series.items()}
    chart = Chart(start=START, step=timedelta(seconds=10), series=named)
    return [one.admitted for one in points(chart)]


def test_requests_that_were_not_refused_were_let_through() -> None:
    assert admitted(requests=(100, 50), refused=(10, 0), would_refuse=(3, 0)) == [90, 50]


def test_decisions_are_no_requests() -> None:
    assert admitted(requests=(100,), refused=(0,), decisions_admitted=(2,)) == [100]


def test_a_handshake_that_was_refused_is_no_request_less() -> None:
    assert admitted(requests=(5, 0), refused=(4, 3), handshakes_refused=(3, 3)) == [4, 0]


def test_a_refusal_told_before_its_request_is_counted_lets_nobody_through() -> None:
    assert admitted(requests=(0, 7, 5), refused=(7, 0, 0)) == [0, 0, 5]


def test_who_would_be_refused_was_let_through() -> None:
    assert admitted(requests=(0, 2), refused=(0, 0), would_refuse=(2, 0)) == [2, 2]
