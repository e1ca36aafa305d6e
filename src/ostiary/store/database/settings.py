"""Settings of the gateway and of APIs: one JSON value for each scope and key."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from ostiary.store.database.columns import seal
from ostiary.store.database.records import JsonValue, Scope
from ostiary.store.database.seals import broken
from ostiary.store.database.tables import settings

_GATEWAY = "gateway"
_API = "api/"


def scope_text(scope: Scope) -> str:
    """How a scope is kept; an API may be called 'gateway', hence the prefix."""
    return _GATEWAY if scope.api is None else _API + scope.api


def scope_of(text: str) -> Scope:
    """The scope again. Raises SnapshotDamaged for a text that was never one."""
    if text == _GATEWAY:
        return Scope()
    if not text.startswith(_API):
        raise broken(f"scope {text!r}")
    return Scope(text.removeprefix(_API))


class Settings:
    """What is managed by console, API and CLI; what isn't set has no row."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> Mapping[Scope, Mapping[str, JsonValue]]:
        """Every scope that has a setting. Raises SnapshotDamaged if the disk changed one."""
        found: dict[Scope, dict[str, JsonValue]] = {}
        query = select(settings).order_by(settings.c.scope, settings.c.key)
        for row in self._connection.execute(query):
            found.setdefault(scope_of(row.scope), {})[row.key] = _value(row)
        return found

    def of(self, scope: Scope) -> Mapping[str, JsonValue]:
        """The scope's settings, empty if none is set. Raises SnapshotDamaged."""
        query = select(settings).where(settings.c.scope == scope_text(scope))
        rows = self._connection.execute(query.order_by(settings.c.key))
        return {row.key: _value(row) for row in rows}

    def put(self, scope: Scope, key: str, value: JsonValue) -> None:
        """Set one, in place of what was. Raises NotStorable."""
        self.remove(scope, key)
        place = scope_text(scope)
        text = json.dumps(value, separators=(",", ":"), allow_nan=False)
        self._connection.execute(
            insert(settings).values(scope=place, key=key, value=text, seal=seal(place, key, text))
        )

    def remove(self, scope: Scope, key: str) -> bool:
        """Unset one; False if it wasn't set."""
        gone = self._connection.execute(
            delete(settings).where(settings.c.scope == scope_text(scope), settings.c.key == key)
        )
        return gone.rowcount > 0

    def clear(self, scope: Scope) -> int:
        """Unset all of a scope; how many there were."""
        gone = self._connection.execute(
            delete(settings).where(settings.c.scope == scope_text(scope))
        )
        return gone.rowcount


def _value(row: Row[Any]) -> JsonValue:
    if seal(row.scope, row.key, row.value) != row.seal:
        raise broken(f"setting {row.key!r} of {row.scope!r}")
    value: JsonValue = json.loads(row.value)
    return value
