"""Strangers can't fill the log."""

from datetime import UTC, datetime, timedelta

from structlog.testing import capture_logs

from ostiary.pki.complaints import PAUSE, Complaints

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_each_event_is_told_once_a_minute() -> None:
    now = [NOW]
    with capture_logs() as told:
        complaints = Complaints(lambda: now[0])
        for _ in range(100):
            complaints.tell("not-served", OSError("full"))
        complaints.tell("ocsp-not-answered", OSError("full"))
        now[0] = NOW + PAUSE - timedelta(seconds=1)
        complaints.tell("not-served", OSError("full"))
        now[0] = NOW + PAUSE
        complaints.tell("not-served", OSError("still full"))
    assert [(one["event"], one["error"]) for one in told] == [
        ("not-served", "full"),
        ("ocsp-not-answered", "full"),
        ("not-served", "still full"),
    ]
