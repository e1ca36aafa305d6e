"""Users and apps, by id, by name and by pages."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, delete, func, insert, or_, select, update

from ostiary.consumers.model import ConsumerKind
from ostiary.store.database.columns import seal
from ostiary.store.database.consumer_records import About, NewConsumer, StoredConsumer
from ostiary.store.database.consumer_tables import consumers
from ostiary.store.database.errors import NameTaken, NoSuch
from ostiary.store.database.records import Page
from ostiary.store.database.seals import broken

OWNER = consumers.alias("owners")
_ABOUT = ("firstname", "lastname", "email", "redirect_uri")


def joined(name: str) -> list[Any]:
    """Columns of the owner, under names of their own, beside all of the consumer."""
    return [OWNER.c[column].label(f"{name}_{column}") for column in ("uuid", "name", "active")]


class Consumers:
    """Users, whose names are unique, and their apps, whose names are so for each user."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, new: NewConsumer, *, at: datetime) -> StoredConsumer:
        """Raises NameTaken, NoSuch (the owner), NotStorable."""
        kind = ConsumerKind.APP if new.owner is not None else ConsumerKind.USER
        owner = self.one(new.owner).number if new.owner is not None else None
        same = select(consumers.c.id).where(
            consumers.c.name == new.name,
            consumers.c.kind == kind.value,
            consumers.c.owner == owner if owner is not None else consumers.c.owner.is_(None),
        )
        if self._connection.execute(same).first() is not None:
            raise NameTaken(kind.value, new.name)
        self._connection.execute(insert(consumers).values(new_consumer_row(new, owner, at)))
        return self.one(new.uuid)

    def one(self, uuid: UUID) -> StoredConsumer:
        """Raises NoSuch, SnapshotDamaged."""
        found = self._connection.execute(
            every_consumer().where(consumers.c.uuid == uuid)
        ).one_or_none()
        if found is None:
            raise NoSuch("consumer", str(uuid))
        return consumer_of(found)

    def named(self, kind: ConsumerKind, name: str) -> tuple[StoredConsumer, ...]:
        """Those with this very name: one user at most, an app of each of several users."""
        query = every_consumer().where(consumers.c.name == name, consumers.c.kind == kind.value)
        rows = self._connection.execute(query.order_by(consumers.c.id))
        return tuple(map(consumer_of, rows))

    def page(
        self,
        kind: ConsumerKind,
        *,
        owner: UUID | None = None,
        search: str = "",
        offset: int = 0,
        limit: int = 50,
    ) -> Page[StoredConsumer]:
        """The oldest first; ``search`` is part of a name or of what is told, in any case."""
        query = every_consumer().where(consumers.c.kind == kind.value)
        if owner is not None:
            query = query.where(OWNER.c.uuid == owner)
        if search:
            texts = (consumers.c.name, *(consumers.c[name] for name in _ABOUT))
            query = query.where(or_(*(one.icontains(search, autoescape=True) for one in texts)))
        total = self._connection.execute(select(func.count()).select_from(query.subquery()))
        rows = self._connection.execute(query.order_by(consumers.c.id).offset(offset).limit(limit))
        return Page(items=tuple(map(consumer_of, rows)), total=total.scalar_one())

    def apps_of(self, user: UUID) -> tuple[StoredConsumer, ...]:
        """The oldest first."""
        query = every_consumer().where(OWNER.c.uuid == user).order_by(consumers.c.id)
        return tuple(map(consumer_of, self._connection.execute(query)))

    def describe(
        self, uuid: UUID, changes: Mapping[str, str], *, name: str | None = None, at: datetime
    ) -> StoredConsumer:
        """Change fields of ``About`` by name, and an app's name. Raises NoSuch, NameTaken,
        NotStorable."""
        before = self.one(uuid)
        if name is not None and name != before.name:
            others = self.apps_of(before.owner) if before.owner is not None else ()
            if any(one.name == name for one in others):
                raise NameTaken(before.kind.value, name)
            changes = {**changes, "name": name}
        self._put(before.number, changes, at)
        return self.one(uuid)

    def switch(self, uuids: Iterable[UUID], *, active: bool, at: datetime) -> None:
        """Activate or deactivate. Raises NoSuch."""
        for uuid in uuids:
            self._put(self.one(uuid).number, {"active": active}, at)

    def remove(self, uuid: UUID) -> frozenset[UUID]:
        """With apps and all credentials; whose ids went with it. Raises NoSuch."""
        gone = frozenset({self.one(uuid).uuid, *(app.uuid for app in self.apps_of(uuid))})
        self._connection.execute(delete(consumers).where(consumers.c.uuid == uuid))
        return gone

    def _put(self, number: int, changes: Mapping[str, object], at: datetime) -> None:
        this = consumers.c.id == number
        row = self._connection.execute(select(consumers).where(this)).one()
        values = {**row._mapping, **changes, "updated": at}
        changed = {**changes, "updated": at, "seal": _seal(values)}
        self._connection.execute(update(consumers).where(this).values(changed))


def new_consumer_row(new: NewConsumer, owner: int | None, at: datetime) -> dict[str, Any]:
    """What is kept of it; ``owner`` is the number of an app's user."""
    kind = ConsumerKind.APP if new.owner is not None else ConsumerKind.USER
    values = {
        "uuid": new.uuid,
        "kind": kind.value,
        "name": new.name,
        "owner": owner,
        "active": new.active,
        "created": at,
        "updated": at,
        **{name: getattr(new.about, name) for name in _ABOUT},
    }
    return {**values, "seal": _seal(values)}


def owned(query: Select[Any]) -> Select[Any]:
    """The query with the owner of each consumer in it."""
    return query.join(OWNER, OWNER.c.id == consumers.c.owner, isouter=True)


def sealed(row: Mapping[Any, Any]) -> bool:
    """Whether a row of consumers is what was written."""
    return bool(_seal(row) == row["seal"])


def every_consumer() -> Select[Any]:
    """Consumers, each with its owner; ``consumer_of`` reads the rows."""
    return owned(select(*consumers.c, *joined("owner")).select_from(consumers))


def _seal(row: Mapping[Any, Any]) -> bytes:
    return seal(
        row["uuid"].hex, row["kind"], row["name"], row["owner"] or 0, int(bool(row["active"]))
    )


def consumer_of(row: Row[Any]) -> StoredConsumer:
    """A row of ``every_consumer``. Raises SnapshotDamaged."""
    if not sealed(row._mapping):
        raise broken(f"consumer {row.name!r}")
    return StoredConsumer(
        number=row.id,
        uuid=row.uuid,
        kind=ConsumerKind(row.kind),
        name=row.name,
        owner=row.owner_uuid,
        owner_name=row.owner_name or "",
        active=row.active and row.owner_active is not False,
        about=About(**{name: getattr(row, name) for name in _ABOUT}),
        created=row.created,
        updated=row.updated,
    )
