"""The audit log: append and read. Triggers in the database refuse everything else."""

import json
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select

from ostiary.store.database.records import Audited, AuditEntry, AuditFilter, JsonValue
from ostiary.store.database.tables import audit


class Audit:
    """Entries, numbered as they come; also on PostgreSQL, since writers take turns."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(self, entry: AuditEntry) -> int:
        """The entry's number. Raises NotStorable."""
        values = {
            "at": entry.at,
            "actor": entry.actor,
            "action": entry.action,
            "object": entry.object,
            "before": _text(entry.before),
            "after": _text(entry.after),
            "request_id": entry.request_id,
        }
        number: int = self._connection.execute(
            insert(audit).values(values).returning(audit.c.id)
        ).scalar_one()
        return number

    def latest(self) -> int:
        """The number of the latest entry; 0: there is none."""
        return self._connection.execute(select(func.max(audit.c.id))).scalar_one() or 0

    def after(self, number: int, *, limit: int) -> tuple[Audited, ...]:
        """The entries after this one, the oldest first."""
        query = select(audit).where(audit.c.id > number).order_by(audit.c.id).limit(limit)
        return tuple(map(_audited_of, self._connection.execute(query)))

    def page(
        self,
        only: AuditFilter | None = None,
        *,
        before: int | None = None,
        limit: int = 50,
    ) -> tuple[Audited, ...]:
        """The newest first, from below entry ``before``; fewer than ``limit`` at the end."""
        query = select(audit)
        for condition in _conditions(only or AuditFilter()):
            query = query.where(condition)
        if before is not None:
            query = query.where(audit.c.id < before)
        rows = self._connection.execute(query.order_by(audit.c.id.desc()).limit(limit))
        return tuple(_audited_of(row) for row in rows)


def _conditions(only: AuditFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if only.actor:
        found.append(audit.c.actor == only.actor)
    if only.action.endswith("."):
        found.append(audit.c.action.startswith(only.action, autoescape=True))
    elif only.action:
        found.append(audit.c.action == only.action)
    if only.object:
        found.append(audit.c.object == only.object)
    if only.since is not None:
        found.append(audit.c.at >= only.since)
    if only.until is not None:
        found.append(audit.c.at < only.until)
    return found


def _text(value: JsonValue) -> str | None:
    return None if value is None else json.dumps(value, separators=(",", ":"), allow_nan=False)


def _value(text: str | None) -> JsonValue:
    value: JsonValue = None if text is None else json.loads(text)
    return value


def _audited_of(row: Row[Any]) -> Audited:
    entry = AuditEntry(
        at=row.at,
        actor=row.actor,
        action=row.action,
        object=row.object,
        before=_value(row.before),
        after=_value(row.after),
        request_id=row.request_id,
    )
    return Audited(id=row.id, entry=entry)
