"""Notifications in the database, and how far webhooks are."""

from datetime import timedelta

import pytest

from ostiary.store.database import deliveries as deliveries_module
from ostiary.store.database import notifications as module
from ostiary.store.database.database import Database
from ostiary.store.database.deliveries import Attempt, Progress
from ostiary.store.database.notifications import NewNotification, Warned
from ostiary.store.database.records import Outcome
from tests.unit.store.database.samples import DAY, NOW


def new(summary: str, topic: str = "client.blocked") -> NewNotification:
    return NewNotification(topic=topic, at=NOW, summary=summary, data={"count": 1, "ä": [None]})


def add(database: Database, *summaries: str, topic: str = "client.blocked") -> None:
    with database.begin() as work:
        work.notifications.add(new(one, topic) for one in summaries)


def attempt(number: int, outcome: Outcome, **more: object) -> Attempt:
    given = {"webhook": "ops", "uid": f"u{number}", "topic": "t", "at": NOW, **more}
    return Attempt(notification=number, outcome=outcome, **given)  # type: ignore[arg-type] # as named


def test_what_is_told_comes_out_in_order_as_it_went_in(database: Database) -> None:
    add(database, "first", "second\0")
    add(database, "other", topic="crl.expired")
    with database.reading() as work:
        found = work.notifications.after(0, ["client.blocked"])
        assert [one.summary for one in found] == ["first", "second"]
        assert found[0].data == {"count": 1, "ä": [None]}
        assert (found[0].at, found[0].topic) == (NOW, "client.blocked")
        assert len({one.uid for one in found}) == 2
        assert work.notifications.after(found[1].id, ["client.blocked"]) == ()
        assert work.notifications.waiting(found[0].id, ["client.blocked", "crl.expired"]) == 2
        latest = work.notifications.page(["client.blocked", "crl.expired"], limit=2)
        assert [one.summary for one in latest] == ["other", "second"]
        older = work.notifications.page(["client.blocked"], before=found[1].id)
        assert [one.summary for one in older] == ["first"]


def test_nobody_fills_the_disk_with_notifications(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_NOTIFICATIONS", 3)
    for one in "abcde":
        add(database, one)
    with database.reading() as work:
        found = work.notifications.after(0, ["client.blocked"])
        assert [one.summary for one in found] == ["c", "d", "e"]
        assert work.notifications.oldest() == found[0].id


def test_what_was_told_is_remembered_until_it_is_over(database: Database) -> None:
    with database.begin() as work:
        work.notifications.warn({"a": Warned(7, NOW + DAY), "b": Warned(1, NOW + 9 * DAY)}, NOW)
        work.notifications.warn({"b": Warned(0, NOW + 9 * DAY)}, NOW)
        assert work.notifications.warned() == {"a": 7, "b": 0}
        work.notifications.warn({}, NOW + 2 * DAY)
        assert work.notifications.warned() == {"b": 0}


def test_a_new_webhook_begins_with_what_comes_next(database: Database) -> None:
    add(database, "before")
    with database.begin() as work:
        work.deliveries.keep(["ops", "audit"])
    add(database, "after")
    with database.begin() as work:
        work.deliveries.keep(["ops", "audit"])
        ops = work.deliveries.of("ops")
        assert ops is not None
        (found,) = work.notifications.after(ops.position, ["client.blocked"])
        assert found.summary == "after"
        work.deliveries.keep(["audit"])
        assert [one.name for one in work.deliveries.progress()] == ["audit"]
        assert work.deliveries.of("ops") is None


def test_progress_is_kept_over_the_next_opening(database: Database) -> None:
    due = NOW + timedelta(seconds=5)
    with database.begin() as work:
        work.deliveries.keep(["ops"])
        work.deliveries.move(Progress(name="ops", position=7, failures=2, due=due))
    with database.reading() as work:
        assert work.deliveries.of("ops") == Progress(name="ops", position=7, failures=2, due=due)


def test_attempts_at_one_notification_are_one_row(database: Database) -> None:
    with database.begin() as work:
        work.deliveries.note(attempt(1, Outcome.RETRYING, status=500, detail="no\0"))
        work.deliveries.note(attempt(2, Outcome.DELIVERED, status=204))
        work.deliveries.note(attempt(1, Outcome.GIVEN_UP, at=NOW + DAY), counts=False)
        found = work.deliveries.page("ops")
        assert [(one.last.notification, one.attempts) for one in found] == [(2, 1), (1, 1)]
        assert (found[1].last.outcome, found[1].last.at) == (Outcome.GIVEN_UP, NOW + DAY)
        last, good = work.deliveries.last("ops"), work.deliveries.last("ops", Outcome.DELIVERED)
        assert last is not None
        assert good is not None
        assert (last.last.notification, good.last.notification) == (1, 2)
        assert work.deliveries.page("audit") == ()


def test_only_the_last_deliveries_are_kept(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries_module, "MOST_DELIVERIES", 2)
    with database.begin() as work:
        for number in (1, 2, 3):
            work.deliveries.note(attempt(number, Outcome.DELIVERED))
        assert [one.last.notification for one in work.deliveries.page()] == [3, 2]
