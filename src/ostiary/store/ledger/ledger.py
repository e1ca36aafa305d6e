"""The ledger: opened, written in by transaction, asked."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Row, Select, insert, or_, select
from sqlalchemy.exc import IntegrityError

from ostiary.store.database.faults import translated
from ostiary.store.database.lazily import Lazily
from ostiary.store.database.migrating import History
from ostiary.store.database.sqlite import opened
from ostiary.store.database.sqlite_file import claim
from ostiary.store.ledger.enrolment_records import Claim, Claimed
from ostiary.store.ledger.enrolments import Enrolments, spend
from ostiary.store.ledger.records import (
    Entry,
    ListMade,
    Revocation,
    SerialTaken,
    State,
    Written,
)
from ostiary.store.ledger.rows import (
    entry_values,
    list_of_row,
    octets,
    revocation_values,
    written_of_row,
)
from ostiary.store.ledger.tables import LEDGER, certificates, lists, revocations

LEDGER_HISTORY = History("ledger", LEDGER, Path(__file__).parent / "migrations/ledger")
_AT_ONCE = 500
"""Values in one IN (...): SQLite takes 32,766 (sqlite.org/limits.html)."""


class Ledger:
    """Only the holder of the folder's StateLock may use it."""

    def __init__(self, path: Path) -> None:
        """Open it, or make it where there never was one.

        Raises SnapshotDamaged, NewerDatabase, NotOurDatabase, FileTrouble, StoreBusy,
        StoreUnavailable; the methods raise the same.
        """
        self._where = repr(str(path))
        claim(path)
        self._engine = opened(path, LEDGER_HISTORY, full=True)

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def enrolments(self) -> Enrolments:
        """Tokens, and requests that wait for approval."""
        return Enrolments(self._work)

    def write(self, entries: Sequence[Entry], claim: Claim | None = None) -> None:
        """All of them or none; on disk when this returns.

        With ``claim`` there is one entry, and the token is used for it or nothing is written.
        Raises SerialTaken, TokenSpent.
        """
        if not entries:
            return
        values = [entry_values(one) for one in entries]
        with self._work(writes=True) as connection:
            try:
                connection.execute(insert(certificates), values)
            except IntegrityError as error:
                raise SerialTaken("a serial number is taken (try again)") from error
            if claim is not None:
                of_serial = certificates.c.serial == values[0]["serial"]
                number = connection.execute(select(certificates.c.id).where(of_serial)).scalar_one()
                spend(connection, claim, Claimed(certificate=number, request=None))

    def write_below_new(self, root: Entry, issuing: Entry) -> None:
        """A root and the first authority below it, both or none. Raises SerialTaken."""
        with self._work(writes=True) as connection:
            try:
                number = connection.execute(
                    insert(certificates).values(entry_values(root)).returning(certificates.c.id)
                ).scalar_one()
                below = entry_values(replace(issuing, issuer=number))
                connection.execute(insert(certificates).values(below))
            except IntegrityError as error:
                raise SerialTaken("a serial number is taken (try again)") from error

    def revoke(self, ids: Sequence[int], revocation: Revocation) -> None:
        """Each for good; those that are revoked already are left as they are."""
        with self._work(writes=True) as connection:
            known = set(_among(connection, select(revocations.c.certificate), ids))
            new = [revocation_values(one, revocation) for one in ids if one not in known]
            if new:
                connection.execute(insert(revocations), new)

    def begin_list(self, issuer: int, this_update: datetime, next_update: datetime) -> ListMade:
        """Take the next number for a list of this authority: greater than all before."""
        with self._work(writes=True) as connection:
            before = _last_list(connection, issuer)
            made = ListMade(before.number + 1 if before else 1, this_update, next_update)
            values = {
                "issuer": issuer,
                "number": made.number,
                "this_update": this_update,
                "next_update": next_update,
            }
            connection.execute(insert(lists).values(values))
        return made

    def last_list(self, issuer: int) -> ListMade | None:
        """The newest list of this authority; None before the first."""
        with self._work() as connection:
            return _last_list(connection, issuer)

    def revoked(self, issuer: int, since: datetime | None) -> Iterator[tuple[int, Revocation]]:
        """Serial numbers for a list: revoked, and not ended before ``since`` (None: ever)."""
        query = _joined().where(
            certificates.c.issuer == issuer, revocations.c.certificate.is_not(None)
        )
        if since is not None:
            query = query.where(certificates.c.not_after >= since)
        with self._work() as connection:
            for row in connection.execution_options(yield_per=1000).execute(query):
                written = written_of_row(row)
                if written.revocation is not None:
                    yield written.entry.serial, written.revocation

    def named(self, names: Iterable[str]) -> tuple[Written, ...]:
        """All entries of these names, the oldest first."""
        wanted = tuple(dict.fromkeys(names))
        found: list[Written] = []
        with self._work() as connection:
            for start in range(0, len(wanted), _AT_ONCE):
                some = wanted[start : start + _AT_ONCE]
                query = _joined().where(certificates.c.name.in_(some))
                found.extend(map(written_of_row, connection.execute(query)))
        return tuple(sorted(found, key=lambda one: one.id))

    def compromised(self, keys: Iterable[bytes], reason: str) -> frozenset[bytes]:
        """Those of the keys (SHA-256) of which a certificate was revoked for this reason."""
        wanted = tuple(dict.fromkeys(keys))
        query = select(certificates.c.key).join(
            revocations, revocations.c.certificate == certificates.c.id
        )
        found: set[bytes] = set()
        with self._work() as connection:
            for start in range(0, len(wanted), _AT_ONCE):
                some = certificates.c.key.in_(wanted[start : start + _AT_ONCE])
                rows = connection.execute(query.where(some, revocations.c.reason == reason))
                found.update(rows.scalars())
        return frozenset(found)

    def of_serial(self, serial: int) -> Written | None:
        """The entry with this serial number."""
        return self._one(_joined().where(certificates.c.serial == octets(serial)))

    def of_fingerprint(self, fingerprint: bytes) -> Written | None:
        """The entry of the certificate with this SHA-256."""
        return self._one(_joined().where(certificates.c.fingerprint == fingerprint))

    def of_number(self, number: int) -> Written | None:
        """The entry with this number."""
        return self._one(_joined().where(certificates.c.id == number))

    def of_kinds(self, kinds: Iterable[str]) -> tuple[Written, ...]:
        """All entries of these kinds, the oldest first; for the few of authorities."""
        query = _joined().where(certificates.c.kind.in_(tuple(kinds))).order_by(certificates.c.id)
        with self._work() as connection:
            return tuple(map(written_of_row, connection.execute(query)))

    def page(
        self, *, search: str, state: State, now: datetime, before: int | None, limit: int
    ) -> tuple[Written, ...]:
        """The newest first, from below entry ``before``; fewer than ``limit`` at the end."""
        query = _joined().where(*_conditions(search, state, now))
        if before is not None:
            query = query.where(certificates.c.id < before)
        with self._work() as connection:
            rows = connection.execute(query.order_by(certificates.c.id.desc()).limit(limit))
            return tuple(map(written_of_row, rows))

    def _one(self, query: Select[Any]) -> Written | None:
        with self._work() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else written_of_row(row)

    @contextmanager
    def _work(self, *, writes: bool = False) -> Iterator[Connection]:
        with translated(self._where), Lazily(self._engine, writes=writes) as work:
            yield work.connection()
            if writes:
                work.commit()


def _joined() -> Select[Any]:
    return select(
        certificates,
        revocations.c.at,
        revocations.c.reason,
        revocations.c.revoked_by,
        revocations.c.seal.label("revocation_seal"),
    ).outerjoin(revocations, revocations.c.certificate == certificates.c.id)


def _conditions(search: str, state: State, now: datetime) -> Iterator[Any]:
    if search:
        yield or_(
            certificates.c.name.contains(search, autoescape=True),
            certificates.c.subject.contains(search, autoescape=True),
        )
    match state:
        case State.ALL:
            pass
        case State.GOOD:
            yield revocations.c.certificate.is_(None)
            yield certificates.c.not_after >= now
        case State.REVOKED:
            yield revocations.c.certificate.is_not(None)
        case State.EXPIRED:
            yield certificates.c.not_after < now


def _among(connection: Connection, query: Select[Any], ids: Sequence[int]) -> Iterator[int]:
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        yield from connection.execute(query.where(revocations.c.certificate.in_(some))).scalars()


def _last_list(connection: Connection, issuer: int) -> ListMade | None:
    query = select(lists).where(lists.c.issuer == issuer).order_by(lists.c.number.desc()).limit(1)
    row: Row[Any] | None = connection.execute(query).one_or_none()
    return None if row is None else list_of_row(row)
