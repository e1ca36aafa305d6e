"""When it is time to say that something ends."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.telemetry.ending import ENDED, Life, to_tell, windows
from ostiary.telemetry.retrying import pause_after

NOW = datetime(2030, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
DAYS = tuple(timedelta(days=one) for one in (90, 30, 14, 7, 1))


def ending_in(days: float, *, lives: float = 365) -> Life:
    ends = NOW + timedelta(days=days)
    return Life(ends - timedelta(days=lives), ends)


@pytest.mark.parametrize(
    ("left", "told"),
    [(91, None), (90, 90), (31, 90), (30, 30), (13.5, 14), (0.5, 1), (0, 1), (-0.1, 0), (-400, 0)],
)
def test_the_nearest_threshold_that_is_reached_is_told(left: float, told: float | None) -> None:
    wanted = None if told is None else timedelta(days=told)
    assert to_tell(ending_in(left), NOW, DAYS, None) == wanted


def test_each_is_told_once_and_those_missed_meanwhile_are_not_made_up_for() -> None:
    told, heard = None, []
    for left in (95, 89, 60, 29, 28, 5, 4, -1, -2):
        reached = to_tell(ending_in(left), NOW, DAYS, told)
        if reached is not None:
            told = reached
            heard.append(reached)
    assert heard == [90 * DAY, 30 * DAY, 7 * DAY, ENDED]


def test_what_lives_shortly_is_not_warned_of_all_its_life() -> None:
    assert to_tell(ending_in(0.9, lives=1), NOW, DAYS, None) is None
    assert to_tell(ending_in(29, lives=47), NOW, DAYS, None) is None
    assert to_tell(ending_in(13, lives=47), NOW, DAYS, None) == 14 * DAY
    assert to_tell(ending_in(-1, lives=1), NOW, DAYS, None) == ENDED
    assert to_tell(Life(None, NOW + DAY), NOW, DAYS, None) == DAY


def test_without_thresholds_only_the_end_is_told() -> None:
    assert to_tell(ending_in(1), NOW, (), None) is None
    assert to_tell(ending_in(-1), NOW, (), None) == ENDED


@given(
    ends=st.floats(-10, 200),
    looks=st.lists(st.floats(0.01, 40), min_size=1, max_size=60),
)
def test_of_a_crowd_no_client_is_told_twice_under_one_threshold(
    ends: float, looks: list[float]
) -> None:
    end, now = NOW + ends * DAY, NOW
    marks: dict[timedelta, datetime] = {}
    heard: list[timedelta] = []
    for pause in looks:
        for one in windows(now, DAYS, marks):
            assert one.after < one.upto
            marks[one.threshold] = one.upto
            heard += [one.threshold] if one.after <= end < one.upto else []
        now += pause * DAY
    assert len(heard) == len(set(heard))
    assert heard == sorted(heard, reverse=True)


def test_with_a_look_each_hour_a_client_is_told_under_each_threshold() -> None:
    end, now = NOW + 100 * DAY, NOW
    marks: dict[timedelta, datetime] = {}
    heard: dict[timedelta, timedelta] = {}
    turns = 0
    while now < end:
        for one in windows(now, DAYS, marks):
            turns += 1
            marks[one.threshold] = one.upto
            if one.after <= end < one.upto:
                heard[one.threshold] = end - now
        now += timedelta(hours=1)
    assert list(heard) == list(DAYS)
    for threshold, before in heard.items():
        assert threshold - min(threshold / 4, DAY) - timedelta(hours=2) < before
    # Four a day and one for each of the others: however many clients there are.
    assert turns <= 101 * (4 + 4)


def test_a_receiver_in_trouble_is_asked_less_and_less_often_up_to_an_hour() -> None:
    pauses = [pause_after(failures, 0.0).total_seconds() for failures in range(1, 14)]
    assert pauses[:4] == [5, 10, 20, 40]
    assert pauses[-1] == 3600
    assert pauses == sorted(pauses)
    assert pause_after(10**9, 1.0).total_seconds() == 3600 * 1.2


def test_what_the_receiver_wishes_is_heeded_within_bounds() -> None:
    assert pause_after(1, 0.0, timedelta(seconds=120)) == timedelta(seconds=120)
    assert pause_after(5, 0.0, timedelta(seconds=1)) == timedelta(seconds=80)
    assert pause_after(1, 0.0, timedelta(days=30)) == timedelta(hours=1)
