"""Notifications in the order they came, and what was warned of already."""

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from ostiary.store.database.notification_tables import notifications, warned
from ostiary.store.database.records import JsonValue
from ostiary.store.database.tables import NOTE

MOST_NOTIFICATIONS = 10_000
"""The newest so many are kept, whether they were sent or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNotification:
    """Something that operators should know."""

    topic: str
    """A value of ``kernel.notices.Topic``."""
    at: datetime
    summary: str
    """One sentence for people; cut where it is too long."""
    data: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """The same as it is kept."""

    id: int
    """Grows."""
    uid: str
    """Hexadecimal; the same however often it is sent."""
    topic: str
    at: datetime
    summary: str
    data: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Warned:
    """That something was told, and until when this must be remembered."""

    value: int
    until: datetime


class Notifications:
    """For reading in order, however many are added meanwhile."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, several: Iterable[NewNotification]) -> None:
        """Keep them, and forget the oldest where there are too many. Raises NotStorable."""
        rows = [
            {
                "uid": uuid.uuid4().hex,
                "topic": one.topic,
                "at": one.at,
                "summary": one.summary.replace("\0", "")[:NOTE],
                # Escaped: no certificate's name can hold what a database refuses.
                "data": json.dumps(one.data, separators=(",", ":"), allow_nan=False),
            }
            for one in several
        ]
        if not rows:
            return
        self._connection.execute(insert(notifications), rows)
        oldest = self.newest() - MOST_NOTIFICATIONS
        self._connection.execute(delete(notifications).where(notifications.c.id <= oldest))

    def newest(self) -> int:
        """The number of the last one; 0 before the first."""
        found = self._connection.execute(select(func.max(notifications.c.id))).scalar_one()
        return found or 0

    def oldest(self) -> int:
        """The number of the first one that is kept; 0 where there is none."""
        found = self._connection.execute(select(func.min(notifications.c.id))).scalar_one()
        return found or 0

    def after(
        self, number: int, topics: Iterable[str], limit: int = 50
    ) -> tuple[Notification, ...]:
        """The next ones of these topics beyond ``number``, oldest first."""
        query = select(notifications).where(
            notifications.c.id > number, notifications.c.topic.in_(sorted(topics))
        )
        rows = self._connection.execute(query.order_by(notifications.c.id).limit(limit))
        return tuple(map(_notification_of, rows))

    def waiting(self, number: int, topics: Iterable[str]) -> int:
        """How many there are of these topics beyond ``number``."""
        query = select(func.count()).where(
            notifications.c.id > number, notifications.c.topic.in_(sorted(topics))
        )
        return self._connection.execute(query).scalar_one()

    def page(
        self, topics: Iterable[str], *, before: int | None = None, limit: int = 50
    ) -> tuple[Notification, ...]:
        """The newest first, from below number ``before``."""
        query = select(notifications).where(notifications.c.topic.in_(sorted(topics)))
        if before is not None:
            query = query.where(notifications.c.id < before)
        rows = self._connection.execute(query.order_by(notifications.c.id.desc()).limit(limit))
        return tuple(map(_notification_of, rows))

    def warned(self, beginning: str = "") -> Mapping[str, int]:
        """What was told, by its subject; only of those that begin so."""
        query = select(warned.c.subject, warned.c.value)
        if beginning:
            query = query.where(warned.c.subject.startswith(beginning, autoescape=True))
        return {row.subject: row.value for row in self._connection.execute(query)}

    def untold(self, subjects: Iterable[str]) -> frozenset[str]:
        """Those of the subjects (at most a thousand) of which nothing was told."""
        wanted = frozenset(subjects)
        query = select(warned.c.subject).where(warned.c.subject.in_(sorted(wanted)))
        return wanted - frozenset(self._connection.execute(query).scalars())

    def warn(self, told: Mapping[str, Warned], now: datetime) -> None:
        """Remember these, in place of what was known of the same; forget what is over."""
        self._connection.execute(delete(warned).where(warned.c.until < now))
        for subject, one in told.items():
            self._connection.execute(delete(warned).where(warned.c.subject == subject))
            self._connection.execute(
                insert(warned).values(subject=subject, value=one.value, until=one.until)
            )


def _notification_of(row: Row[Any]) -> Notification:
    return Notification(
        id=row.id,
        uid=row.uid,
        topic=row.topic,
        at=row.at,
        summary=row.summary,
        data=json.loads(row.data),
    )
