"""How far each webhook is with the notifications, and what became of the last ones."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from ostiary.store.database.notification_tables import deliveries, notifications, webhooks
from ostiary.store.database.records import Outcome
from ostiary.store.database.tables import NOTE

MOST_DELIVERIES = 2_000
"""The last so many are kept, of all webhooks together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far one webhook is."""

    name: str
    position: int
    """The last notification that needs no more sending."""
    failures: int = 0
    """Attempts since the last success."""
    due: datetime | None = None
    """When the next attempt may be made; None: at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to deliver one notification, or the decision to try no more."""

    webhook: str
    notification: int
    uid: str
    topic: str
    outcome: Outcome
    at: datetime
    status: int = 0
    """Of the answer; 0 where there was none."""
    detail: str = ""
    milliseconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """All tries of one notification at one webhook."""

    id: int
    last: Attempt
    attempts: int


class Deliveries:
    """Webhooks are those that the configuration names; each has a place of its own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, names: Iterable[str]) -> None:
        """Begin with new webhooks at what comes next; forget those that are named no more."""
        wanted = frozenset(names)
        known = frozenset(self._connection.execute(select(webhooks.c.name)).scalars())
        gone = known - wanted
        if gone:
            self._connection.execute(delete(webhooks).where(webhooks.c.name.in_(sorted(gone))))
        for name in sorted(wanted - known):
            self.begin(name)

    def begin(self, name: str) -> Progress:
        """A webhook that has no place yet: it gets what comes next."""
        newest = select(func.coalesce(func.max(notifications.c.id), 0))
        position = self._connection.execute(newest).scalar_one()
        row = {"name": name, "position": position, "failures": 0}
        self._connection.execute(insert(webhooks).values(row))
        return Progress(name=name, position=position)

    def of(self, name: str) -> Progress | None:
        """How far a webhook is; None where it has no place yet."""
        return next((one for one in self.progress() if one.name == name), None)

    def progress(self) -> tuple[Progress, ...]:
        """Of all webhooks, by name."""
        rows = self._connection.execute(select(webhooks).order_by(webhooks.c.name))
        return tuple(
            Progress(name=row.name, position=row.position, failures=row.failures, due=row.due)
            for row in rows
        )

    def move(self, to: Progress) -> None:
        """Write down how far a webhook is now."""
        values = {"position": to.position, "failures": to.failures, "due": to.due}
        self._connection.execute(update(webhooks).where(webhooks.c.name == to.name).values(values))

    def note(self, attempt: Attempt, *, counts: bool = True) -> None:
        """Write down what came of an attempt; ``counts``: that one was made."""
        same = (deliveries.c.webhook == attempt.webhook) & (
            deliveries.c.notification == attempt.notification
        )
        values = {
            "outcome": attempt.outcome.value,
            "at": attempt.at,
            "status": attempt.status,
            "detail": attempt.detail.replace("\0", "")[:NOTE],
            "milliseconds": attempt.milliseconds,
        }
        changed = self._connection.execute(
            update(deliveries)
            .where(same)
            .values(attempts=deliveries.c.attempts + int(counts), **values)
        )
        if changed.rowcount:
            return
        values |= {
            "webhook": attempt.webhook,
            "notification": attempt.notification,
            "uid": attempt.uid,
            "topic": attempt.topic,
            "attempts": int(counts),
        }
        self._connection.execute(insert(deliveries).values(values))
        newest = self._connection.execute(select(func.max(deliveries.c.id))).scalar_one()
        oldest = newest - MOST_DELIVERIES
        self._connection.execute(delete(deliveries).where(deliveries.c.id <= oldest))

    def last(self, webhook: str, outcome: Outcome | None = None) -> Delivery | None:
        """The one that something happened to last."""
        query = select(deliveries).where(deliveries.c.webhook == webhook)
        if outcome is not None:
            query = query.where(deliveries.c.outcome == outcome.value)
        row = self._connection.execute(
            query.order_by(deliveries.c.at.desc(), deliveries.c.id.desc()).limit(1)
        ).one_or_none()
        return None if row is None else _delivery_of(row)

    def page(
        self, webhook: str = "", *, before: int | None = None, limit: int = 50
    ) -> tuple[Delivery, ...]:
        """The newest first, from below number ``before``; of one webhook, or of all."""
        query = select(deliveries)
        if webhook:
            query = query.where(deliveries.c.webhook == webhook)
        if before is not None:
            query = query.where(deliveries.c.id < before)
        rows = self._connection.execute(query.order_by(deliveries.c.id.desc()).limit(limit))
        return tuple(map(_delivery_of, rows))


def _delivery_of(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        attempts=row.attempts,
        last=Attempt(
            webhook=row.webhook,
            notification=row.notification,
            uid=row.uid,
            topic=row.topic,
            outcome=Outcome(row.outcome),
            at=row.at,
            status=row.status,
            detail=row.detail,
            milliseconds=row.milliseconds,
        ),
    )
