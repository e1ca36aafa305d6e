"""Many consumers and credentials at once: looked for, and added, by one statement for hundreds.

Whoever adds has looked before, at the same revision: what is there already is the caller's
business. The constraints of the tables stand behind it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, insert, select

from ostiary.consumers.changes import Named
from ostiary.consumers.model import ConsumerKind, CredentialType
from ostiary.store.database.consumer_records import NewConsumer, NewCredential, StoredConsumer
from ostiary.store.database.consumer_tables import consumers, credentials
from ostiary.store.database.consumers import (
    consumer_of,
    every_consumer,
    new_consumer_row,
)
from ostiary.store.database.credentials import new_credential_row

T = TypeVar("T")
_TOGETHER: Final = 500
"""Values in one statement."""
_PAIRS_TOGETHER: Final = 50
"""SQLite finds no index for lists of pairs, so each owner is looked up with each name."""


class ConsumerBulk:
    """What one statement for each would make slow."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def by_id(self, ids: Iterable[UUID]) -> dict[UUID, StoredConsumer]:
        """Those that there are. Raises SnapshotDamaged."""
        return {one.uuid: one for one in self._found(consumers.c.uuid, ids)}

    def users(self, names: Iterable[str]) -> dict[str, StoredConsumer]:
        """By username. Raises SnapshotDamaged, NotStorable."""
        is_user = consumers.c.kind == ConsumerKind.USER.value
        return {one.name: one for one in self._found(consumers.c.name, names, is_user)}

    def apps(self, called: Iterable[tuple[int, str]]) -> dict[tuple[UUID, str], StoredConsumer]:
        """Apps by their users' numbers and their names; found by user's id and name. Raises
        SnapshotDamaged, NotStorable."""
        found: dict[tuple[UUID, str], StoredConsumer] = {}
        for some in _parts(called, _PAIRS_TOGETHER):
            query = every_consumer().where(
                consumers.c.owner.in_({owner for owner, _ in some}),
                consumers.c.name.in_({name for _, name in some}),
            )
            for one in map(consumer_of, self._connection.execute(query)):
                if one.owner is not None:
                    found[one.owner, one.name] = one
        return found

    def holders(self, named: Iterable[Named]) -> dict[Named, UUID]:
        """Whose the credentials of these types and names are."""
        names: dict[CredentialType, list[str]] = {}
        for kind, name in named:
            names.setdefault(kind, []).append(name)
        found: dict[Named, UUID] = {}
        for kind, wanted in names.items():
            query = (
                select(credentials.c.name, consumers.c.uuid)
                .join(consumers, consumers.c.id == credentials.c.consumer)
                .where(credentials.c.type == kind.value)
            )
            for some in _parts(wanted):
                rows = self._connection.execute(query.where(credentials.c.name.in_(some)))
                found.update({(kind, row.name): row.uuid for row in rows})
        return found

    def add_consumers(self, new: Sequence[NewConsumer], *, at: datetime) -> None:
        """Owners first. Raises NotStorable, and KeyError for an owner whom there isn't."""
        users = [new_consumer_row(one, None, at) for one in new if one.owner is None]
        self._insert(consumers, users)
        owners = self._numbers(one.owner for one in new if one.owner is not None)
        self._insert(
            consumers,
            [new_consumer_row(one, owners[one.owner], at) for one in new if one.owner is not None],
        )

    def add_credentials(self, new: Sequence[NewCredential], *, at: datetime) -> None:
        """Raises NotStorable, and KeyError for a consumer whom there isn't."""
        numbers = self._numbers(one.consumer for one in new)
        self._insert(
            credentials, [new_credential_row(one, numbers[one.consumer], at) for one in new]
        )

    def _insert(self, table: Any, rows: list[dict[str, Any]]) -> None:
        if rows:
            self._connection.execute(insert(table), rows)

    def _numbers(self, ids: Iterable[UUID]) -> Mapping[UUID, int]:
        query = select(consumers.c.uuid, consumers.c.id)
        return {
            row.uuid: row.id
            for some in _parts(ids)
            for row in self._connection.execute(query.where(consumers.c.uuid.in_(some)))
        }

    def _found(
        self, column: Any, values: Iterable[Any], *also: ColumnElement[bool]
    ) -> Iterator[StoredConsumer]:
        for some in _parts(values):
            query = every_consumer().where(column.in_(some), *also)
            yield from map(consumer_of, self._connection.execute(query))


def _parts(values: Iterable[T], size: int = _TOGETHER) -> Iterator[list[T]]:
    every = list(dict.fromkeys(values))
    for start in range(0, len(every), size):
        yield every[start : start + size]
