"""Which versions of which components the gateway trusts."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, delete, func, insert, or_, select

from ostiary.store.database.columns import seal
from ostiary.store.database.errors import NameTaken, NoSuch
from ostiary.store.database.library import (
    VERSION_COLUMNS,
    Library,
    component_of,
    newest_number,
    version_of,
)
from ostiary.store.database.records import Bundle, Page, Trusted, TrustedEntry
from ostiary.store.database.seals import broken
from ostiary.store.database.tables import components, trusted, versions

_JOINED = trusted.join(components, components.c.id == trusted.c.component).join(
    versions,
    and_(
        versions.c.component == trusted.c.component,
        versions.c.number == trusted.c.version,
    ),
)
# Names of their own: components and versions have columns of the same names.
_TRUSTED_COLUMNS = tuple(column.label(f"trusted_{column.name}") for column in trusted.c)


class TrustedCertificates:
    """The gateway's trusted certificates, each a component and a version of it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, component: int, version: int, *, at: datetime, by: str) -> Trusted:
        """Raises NoSuch; NameTaken if this version is trusted already."""
        named = f"version {version} of component {component}"
        Library(self._connection).version(component, version)
        already = select(trusted.c.id).where(
            trusted.c.component == component, trusted.c.version == version
        )
        if self._connection.execute(already).first() is not None:
            raise NameTaken("trusted certificate", named)
        values = {"component": component, "version": version, "added": at, "added_by": by}
        number = self._connection.execute(
            insert(trusted).values(**values, seal=seal(component, version)).returning(trusted.c.id)
        ).scalar_one()
        return Trusted(id=number, component=component, version=version, added=at, added_by=by)

    def remove(self, number: int) -> None:
        """Raises NoSuch."""
        gone = self._connection.execute(delete(trusted).where(trusted.c.id == number))
        if gone.rowcount == 0:
            raise NoSuch("trusted certificate", str(number))

    def entry(self, number: int) -> TrustedEntry:
        """Raises NoSuch."""
        found = self._connection.execute(_ENTRIES.where(trusted.c.id == number)).one_or_none()
        if found is None:
            raise NoSuch("trusted certificate", str(number))
        return _entry_of(found)

    def of_component(self, component: int) -> tuple[Trusted, ...]:
        """The trusted versions of this component, by number; empty if there are none."""
        query = (
            select(*_TRUSTED_COLUMNS)
            .where(trusted.c.component == component)
            .order_by(trusted.c.version)
        )
        return tuple(_trusted_of(row) for row in self._connection.execute(query))

    def count(self) -> int:
        """How many there are."""
        return self._connection.execute(select(func.count()).select_from(trusted)).scalar_one()

    def page(self, *, search: str = "", offset: int = 0, limit: int = 50) -> Page[TrustedEntry]:
        """By component name and version; ``search`` is part of a name or subject, in any case."""
        query = _ENTRIES
        if search:
            texts = (components.c.name, versions.c.subject)
            query = query.where(or_(*(text.icontains(search, autoescape=True) for text in texts)))
        total = self._connection.execute(select(func.count()).select_from(query.subquery()))
        rows = self._connection.execute(
            query.order_by(components.c.name, trusted.c.version).offset(offset).limit(limit)
        )
        return Page(items=tuple(_entry_of(row) for row in rows), total=total.scalar_one())

    def in_force(self) -> Iterator[Bundle]:
        """Every trusted bundle, by its number. Raises SnapshotDamaged if the disk changed one."""
        query: Select[Any] = (
            select(*_TRUSTED_COLUMNS, components.c.name, versions.c.pem, versions.c.seal)
            .select_from(_JOINED)
            .order_by(trusted.c.id)
        )
        for row in self._connection.execute(query):
            _refuse_broken(row)
            yield Bundle(
                trusted=row.trusted_id,
                component=row.name,
                version=row.trusted_version,
                pem=row.pem,
            )


_ENTRIES: Select[Any] = select(
    *_TRUSTED_COLUMNS, *components.c, *VERSION_COLUMNS, newest_number.label("newest")
).select_from(_JOINED)


def _refuse_broken(row: Row[Any]) -> None:
    component, version = row.trusted_component, row.trusted_version
    if seal(component, version) != row.trusted_seal:
        raise broken(f"trusted certificate {row.trusted_id}")
    if seal(component, version, row.pem) != row.seal:
        raise broken(f"version {version} of component {row.name!r}")


def _trusted_of(row: Row[Any]) -> Trusted:
    return Trusted(
        id=row.trusted_id,
        component=row.trusted_component,
        version=row.trusted_version,
        added=row.trusted_added,
        added_by=row.trusted_added_by,
    )


def _entry_of(row: Row[Any]) -> TrustedEntry:
    return TrustedEntry(
        trusted=_trusted_of(row),
        component=component_of(row),
        version=version_of(row),
        newest=row.newest,
    )
