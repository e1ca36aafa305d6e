"""Blocked certificates: by their marks in force, by pages for people."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select

from ostiary.kernel.blocked import Block, Blocked
from ostiary.store.database.columns import seal
from ostiary.store.database.errors import NoSuch, TooMany
from ostiary.store.database.records import Page
from ostiary.store.database.seals import broken
from ostiary.store.database.tables import TOLD, blocked

MOST_BLOCKED = 100_000
_BATCH = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockedCertificate:
    """A certificate that operators let pass nowhere."""

    id: int
    fingerprint: str
    """Lower-case hex; empty where it is named by issuer and serial number."""
    issuer: str
    """As it was written, RFC 4514; empty where it is named by its fingerprint."""
    serial: str
    """Hex; empty likewise."""
    subject: str
    """Where it is known; nothing is judged by it."""
    note: str
    until: datetime | None
    """From then on it passes again."""
    added: datetime
    added_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBlock:
    """A certificate to be blocked; the words are ``BlockedCertificate``'s."""

    mark: bytes
    fingerprint: str = ""
    issuer: str = ""
    serial: str = ""
    subject: str = ""
    """Cut where it is too long."""


class BlockedCertificates:
    """The certificates that may pass nowhere, the latest last."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self,
        wanted: Iterable[NewBlock],
        *,
        note: str,
        until: datetime | None,
        at: datetime,
        by: str,
    ) -> tuple[int, ...]:
        """Block these, and say their numbers; one that is blocked already is blocked anew, with
        this note and end. Raises TooMany, NotStorable."""
        rows = [
            {
                "mark": one.mark,
                "fingerprint": one.fingerprint,
                "issuer": one.issuer,
                "serial": one.serial,
                "subject": one.subject.replace("\0", "")[:TOLD],
                "note": note,
                "until": until,
                "added": at,
                "added_by": by,
                "seal": _seal(one.mark, one.serial, until),
            }
            for one in {each.mark: each for each in wanted}.values()
        ]
        numbers: list[int] = []
        for start in range(0, len(rows), _BATCH):
            some = rows[start : start + _BATCH]
            named = blocked.c.mark.in_([row["mark"] for row in some])
            self._connection.execute(delete(blocked).where(named))
            self._connection.execute(insert(blocked), some)
            found = select(blocked.c.id).where(named).order_by(blocked.c.id)
            numbers += self._connection.execute(found).scalars()
        if self.count() > MOST_BLOCKED:
            raise TooMany("blocked certificates", MOST_BLOCKED)
        return tuple(numbers)

    def remove(self, number: int) -> BlockedCertificate:
        """What it was. Raises NoSuch."""
        gone = self._connection.execute(
            delete(blocked).where(blocked.c.id == number).returning(*blocked.c)
        ).one_or_none()
        if gone is None:
            raise NoSuch("blocked certificate", str(number))
        return _blocked_of(gone)

    def one(self, number: int) -> BlockedCertificate:
        """Raises NoSuch."""
        query = select(blocked).where(blocked.c.id == number)
        found = self._connection.execute(query).one_or_none()
        if found is None:
            raise NoSuch("blocked certificate", str(number))
        return _blocked_of(found)

    def count(self) -> int:
        """How many there are, those whose time is up among them."""
        return self._connection.execute(select(func.count()).select_from(blocked)).scalar_one()

    def page(
        self, *, search: str = "", offset: int = 0, limit: int = 50
    ) -> Page[BlockedCertificate]:
        """The latest first; ``search`` is part of what is told of one, in any case."""
        query = select(blocked)
        if search:
            told = (blocked.c.fingerprint, blocked.c.subject, blocked.c.issuer)
            texts = (*told, blocked.c.serial, blocked.c.note)
            query = query.where(or_(*(one.icontains(search, autoescape=True) for one in texts)))
        total = self._connection.execute(select(func.count()).select_from(query.subquery()))
        rows = self._connection.execute(
            query.order_by(blocked.c.id.desc()).offset(offset).limit(limit)
        )
        return Page(items=tuple(map(_blocked_of, rows)), total=total.scalar_one())

    def in_force(self, known: Blocked) -> Blocked:
        """What is judged by; of ``known`` (an earlier state of this table) all is taken that is
        there still. Raises SnapshotDamaged if the disk changed a row.

        Numbers are never used again, and rows never changed: one more certificate among a hundred
        thousand is one row to read.
        """
        newer = select(blocked).where(blocked.c.id > known.newest).order_by(blocked.c.id)
        more = [_block_of(row) for row in self._connection.execute(newer)]
        kept: frozenset[int] | None = None
        if self.count() != len(known) + len(more):
            numbers = select(blocked.c.id).where(blocked.c.id <= known.newest)
            kept = frozenset(self._connection.execute(numbers).scalars())
        return known.changed(kept=kept, more=more) if more or kept is not None else known


def _seal(mark: bytes, serial: str, until: datetime | None) -> bytes:
    return seal(mark.hex(), serial, "for ever" if until is None else until.isoformat())


def _block_of(row: Row[Any]) -> Block:
    if _seal(row.mark, row.serial, row.until) != row.seal:
        raise broken(f"blocked certificate {row.id}")
    return Block(
        number=row.id,
        mark=bytes(row.mark),
        serial=int(row.serial, 16) if row.serial else None,
        until=row.until,
        at=row.added,
        by=row.added_by,
        note=row.note,
    )


def _blocked_of(row: Row[Any]) -> BlockedCertificate:
    return BlockedCertificate(
        id=row.id,
        fingerprint=row.fingerprint,
        issuer=row.issuer,
        serial=row.serial,
        subject=row.subject,
        note=row.note,
        until=row.until,
        added=row.added,
        added_by=row.added_by,
    )
