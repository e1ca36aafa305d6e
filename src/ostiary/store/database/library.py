"""The library: certificate components and their versions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, or_, select, update

from ostiary.store.database.columns import seal
from ostiary.store.database.errors import NameTaken, NoSuch, StillTrusted
from ostiary.store.database.records import Component, Page, ShelfEntry, Summary, Version
from ostiary.store.database.seals import broken
from ostiary.store.database.tables import components, trusted, versions

VERSION_COLUMNS = tuple(column for column in versions.c if column.name not in {"pem", "seal"})
newest_number = (
    select(func.max(versions.c.number))
    .where(versions.c.component == components.c.id, ~versions.c.retired)
    .correlate(components)
    .scalar_subquery()
)
"""Of the component in the enclosing query; null if all its versions are retired."""


class Library:
    """Components by number; every upload of one is kept as a version of it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, *, name: str, description: str, at: datetime, by: str) -> Component:
        """A new component without versions. Raises NameTaken, NotStorable."""
        self._refuse_taken(name)
        values = {"name": name, "description": description, "created": at, "created_by": by}
        row = self._connection.execute(
            insert(components).values(values).returning(*components.c)
        ).one()
        return component_of(row)

    def describe(self, component: int, *, name: str, description: str) -> None:
        """Change what people read. Raises NoSuch, NameTaken, NotStorable."""
        if self.component(component).name != name:
            self._refuse_taken(name)
        self._connection.execute(
            update(components)
            .where(components.c.id == component)
            .values(name=name, description=description)
        )

    def remove(self, component: int) -> None:
        """With all its versions. Raises NoSuch; StillTrusted while the gateway trusts one."""
        name = self.component(component).name
        trusting = select(trusted.c.id).where(trusted.c.component == component)
        if self._connection.execute(trusting).first() is not None:
            raise StillTrusted(name)
        self._connection.execute(delete(versions).where(versions.c.component == component))
        self._connection.execute(delete(components).where(components.c.id == component))

    def component(self, component: int) -> Component:
        """Raises NoSuch."""
        found = self._connection.execute(
            select(components).where(components.c.id == component)
        ).one_or_none()
        if found is None:
            raise NoSuch("component", str(component))
        return component_of(found)

    def named(self, name: str) -> Component | None:
        """The component of exactly this name."""
        found = self._connection.execute(
            select(components).where(components.c.name == name)
        ).one_or_none()
        return None if found is None else component_of(found)

    def upload(
        self, component: int, *, pem: str, summary: Summary, at: datetime, by: str
    ) -> Version:
        """The component's next version. Raises NoSuch, NotStorable."""
        self.component(component)
        highest = select(func.max(versions.c.number)).where(versions.c.component == component)
        number = (self._connection.execute(highest).scalar() or 0) + 1
        version = Version(
            component=component,
            number=number,
            summary=summary,
            uploaded=at,
            uploaded_by=by,
            retired=False,
        )
        self._connection.execute(insert(versions).values(_version_values(version, pem)))
        return version

    def retire(self, component: int, number: int, *, retired: bool) -> None:
        """Stop offering a version, or offer it again. Raises NoSuch."""
        changed = self._connection.execute(
            update(versions)
            .where(versions.c.component == component, versions.c.number == number)
            .values(retired=retired)
        )
        if changed.rowcount == 0:
            raise NoSuch("version", f"{number} of component {component}")

    def remove_version(self, component: int, number: int) -> None:
        """Raises NoSuch; StillTrusted while the gateway trusts this version."""
        self.version(component, number)
        trusting = select(trusted.c.id).where(
            trusted.c.component == component, trusted.c.version == number
        )
        if self._connection.execute(trusting).first() is not None:
            raise StillTrusted(self.component(component).name)
        self._connection.execute(
            delete(versions).where(versions.c.component == component, versions.c.number == number)
        )

    def version(self, component: int, number: int) -> Version:
        """Raises NoSuch."""
        found = self._connection.execute(
            select(*VERSION_COLUMNS).where(
                versions.c.component == component, versions.c.number == number
            )
        ).one_or_none()
        if found is None:
            raise NoSuch("version", f"{number} of component {component}")
        return version_of(found)

    def versions(self, component: int) -> tuple[Version, ...]:
        """All of them, the newest first. Raises NoSuch."""
        self.component(component)
        query = (
            select(*VERSION_COLUMNS)
            .where(versions.c.component == component)
            .order_by(versions.c.number.desc())
        )
        return tuple(version_of(row) for row in self._connection.execute(query))

    def pem(self, component: int, number: int) -> str:
        """The bundle as it was uploaded. Raises NoSuch; SnapshotDamaged if the disk changed it."""
        found = self._connection.execute(
            select(versions.c.pem, versions.c.seal).where(
                versions.c.component == component, versions.c.number == number
            )
        ).one_or_none()
        if found is None:
            raise NoSuch("version", f"{number} of component {component}")
        if seal(component, number, found.pem) != found.seal:
            raise broken(f"version {number} of component {component}")
        return str(found.pem)

    def verify(self) -> None:
        """Compare every bundle with its checksum. Raises SnapshotDamaged."""
        query = select(versions.c.component, versions.c.number, versions.c.pem, versions.c.seal)
        for component, number, pem, kept in self._connection.execute(query):
            if seal(component, number, pem) != kept:
                raise broken(f"version {number} of component {component}")

    def page(
        self,
        *,
        search: str = "",
        offered_at: datetime | None = None,
        offset: int = 0,
        limit: int = 50,
    ) -> Page[ShelfEntry]:
        """By name; ``search`` is part of a name, description or newest subject, in any case.

        With ``offered_at``: only components whose newest version isn't retired and is valid then
        (what the lookup offers).
        """
        query = _shelf(search, offered_at)
        total = self._connection.execute(select(func.count()).select_from(query.subquery()))
        rows = self._connection.execute(
            query.order_by(components.c.name, components.c.id).offset(offset).limit(limit)
        ).all()
        return Page(items=self._shelf_entries(rows), total=total.scalar_one())

    def _shelf_entries(self, rows: Sequence[Row[Any]]) -> tuple[ShelfEntry, ...]:
        return tuple(
            ShelfEntry(
                component=component_of(row),
                newest=None if row.number is None else version_of(row),
                versions=row.uploads,
            )
            for row in rows
        )

    def _refuse_taken(self, name: str) -> None:
        if self.named(name) is not None:
            raise NameTaken("component", name)


def _shelf(search: str, offered_at: datetime | None) -> Select[Any]:
    uploads = (
        select(func.count())
        .select_from(versions)
        .where(versions.c.component == components.c.id)
        .correlate(components)
        .scalar_subquery()
    )
    newest = (versions.c.component == components.c.id) & (versions.c.number == newest_number)
    query = select(*components.c, *VERSION_COLUMNS, uploads.label("uploads")).select_from(
        components.outerjoin(versions, newest)
    )
    if search:
        texts = (components.c.name, components.c.description, versions.c.subject)
        query = query.where(or_(*(text.icontains(search, autoescape=True) for text in texts)))
    if offered_at is not None:
        query = query.where(versions.c.not_before <= offered_at, versions.c.not_after >= offered_at)
    return query


def component_of(row: Row[Any]) -> Component:
    """From a row with the columns of ``components``."""
    return Component(
        id=row.id,
        name=row.name,
        description=row.description,
        created=row.created,
        created_by=row.created_by,
    )


def version_of(row: Row[Any]) -> Version:
    """From a row with VERSION_COLUMNS."""
    summary = Summary(
        subject=row.subject,
        fingerprint=bytes(row.fingerprint),
        not_before=row.not_before,
        not_after=row.not_after,
        certificates=row.certificates,
    )
    return Version(
        component=row.component,
        number=row.number,
        summary=summary,
        uploaded=row.uploaded,
        uploaded_by=row.uploaded_by,
        retired=row.retired,
    )


def _version_values(version: Version, pem: str) -> dict[str, Any]:
    summary = version.summary
    return {
        "component": version.component,
        "number": version.number,
        "pem": pem,
        "subject": summary.subject,
        "fingerprint": summary.fingerprint,
        "not_before": summary.not_before,
        "not_after": summary.not_after,
        "certificates": summary.certificates,
        "uploaded": version.uploaded,
        "uploaded_by": version.uploaded_by,
        "retired": version.retired,
        "seal": seal(version.component, version.number, pem),
    }
