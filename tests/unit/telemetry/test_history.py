"""Counts over time in fixed memory."""

from datetime import UTC, datetime, timedelta

import pytest

from ostiary.telemetry.history import COARSE_SLOTS, FINE_SLOTS, History

NOON = datetime(2026, 1, 1, 12, 0, 5, tzinfo=UTC)


def test_counts_of_one_interval_add_up_in_its_slot() -> None:
    history = History(["a", "b"])
    history.add({"a": 2}, NOON)
    history.add({"a": 3, "b": 1}, NOON + timedelta(seconds=4))
    chart = history.last_hour(NOON)
    assert len(chart.series["a"]) == FINE_SLOTS
    assert chart.series["a"][-1] == 5
    assert chart.series["b"][-1] == 1
    assert sum(chart.series["a"]) == 5
    assert chart.start + FINE_SLOTS * chart.step == NOON.replace(second=10)


def test_an_interval_without_counts_is_zero_and_an_old_one_is_forgotten() -> None:
    history = History(["a"])
    history.add({"a": 1}, NOON)
    history.add({"a": 1}, NOON + timedelta(seconds=30))
    assert history.last_hour(NOON + timedelta(seconds=40)).series["a"][-5:] == (1, 0, 0, 1, 0)
    later = NOON + timedelta(hours=2)
    assert sum(history.last_hour(later).series["a"]) == 0
    assert sum(history.last_month(later).series["a"]) == 2
    assert sum(history.last_month(NOON + timedelta(days=31)).series["a"]) == 0


def test_a_series_nobody_announced_is_left_out() -> None:
    history = History(["a"])
    history.add({"hostile": 1}, NOON)
    assert set(history.last_hour(NOON).series) == {"a"}


def test_a_clock_set_back_loses_nothing_that_is_still_on_the_chart() -> None:
    history = History(["a"])
    history.add({"a": 1}, NOON)
    history.add({"a": 1}, NOON - timedelta(minutes=10))
    history.add({"a": 1}, NOON - timedelta(days=60))
    assert sum(history.last_hour(NOON - timedelta(minutes=10)).series["a"]) == 2


def test_charts_outlive_a_restart() -> None:
    history = History(["a", "gone"])
    history.add({"a": 4, "gone": 1}, NOON)
    fresh = History(["a", "new"])
    assert fresh.restore(history.dump())
    chart = fresh.last_month(NOON + timedelta(hours=1))
    assert len(chart.series["a"]) == COARSE_SLOTS
    assert chart.series["a"][-2:] == (4, 0)
    assert set(chart.series) == {"a", "new"}


@pytest.mark.parametrize(
    "data",
    [
        b"", b"null", b"[]", b"{", b'{"fine":{"head":1,"counts":{}}}',
        b'{"fine":{"head":1,"counts":{"a":[1]}},"coarse":{"head":1,"counts":{}}}',
        b'{"fine":{"head":"x","counts":{}},"coarse":{}}',
        b'{"fine":{"head":1,"counts":{"a":[1e400]}},"coarse":{}}',
    ],
)  # fmt: skip
def test_what_is_no_dump_changes_nothing(data: bytes) -> None:
    history = History(["a"])
    history.add({"a": 1}, NOON)
    assert not history.restore(data)
    assert sum(history.last_hour(NOON).series["a"]) == 1
