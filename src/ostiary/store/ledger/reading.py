"""The ledger read beside whoever writes in it: for answering about single certificates, quickly.

It takes no lock and changes nothing; SQLite's log lets readers see whole transactions only.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from ostiary.store.database.engines import sqlite_connection
from ostiary.store.database.faults import translated
from ostiary.store.database.seals import broken
from ostiary.store.database.sqlite_file import identity
from ostiary.store.ledger.records import AUTHORITIES, Kind, Revocation
from ostiary.store.ledger.rows import octets, revocation_seal
from ostiary.store.soundness import Damaged, SnapshotDamaged

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BUSY_MILLISECONDS = 1000
"""Readers wait for nobody, but while the log is being recovered after a crash."""
_STANDING = """
    SELECT certificates.id, issuer, at, reason, revoked_by, revocations.seal
    FROM certificates LEFT JOIN revocations ON revocations.certificate = certificates.id
    WHERE serial = ?
"""
_AUTHORITIES = (
    "SELECT id, issuer, kind, name, der FROM certificates WHERE kind IN (?, ?) ORDER BY id"
)


@dataclass(frozen=True, slots=True)
class Authority:
    """One of the house, with its number in the ledger."""

    id: int
    issuer: int | None
    kind: Kind
    name: str
    der: bytes


@dataclass(frozen=True, slots=True)
class Standing:
    """That a certificate was issued, by whom, and whether it is revoked."""

    issuer: int | None
    revocation: Revocation | None


class LedgerReader:
    """One connection; for one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Raises SnapshotDamaged, StoreUnavailable; the methods raise the same, and StoreBusy."""
        self._path = path
        self._where = repr(str(path))
        found = identity(path)
        if isinstance(found, Damaged):
            raise SnapshotDamaged(found)
        self._identity = found
        with translated(self._where):
            self._connection = sqlite_connection(path, full=False)
            for pragma in ("query_only = ON", f"busy_timeout = {_BUSY_MILLISECONDS}"):
                self._connection.execute(f"PRAGMA {pragma}").close()

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def replaced(self) -> bool:
        """Whether another file is at its place now, or none."""
        return identity(self._path) != self._identity

    def generation(self) -> int:
        """Another number after each change that somebody else committed (PRAGMA data_version)."""
        with translated(self._where):
            (number,) = self._connection.execute("PRAGMA data_version").fetchone()
        return int(number)

    def authorities(self) -> tuple[Authority, ...]:
        """Root and issuing authorities, the oldest first."""
        kinds = tuple(sorted(one.value for one in AUTHORITIES))
        with translated(self._where):
            rows = self._connection.execute(_AUTHORITIES, kinds).fetchall()
        return tuple(
            Authority(number, issuer, Kind(kind), name, der)
            for number, issuer, kind, name, der in rows
        )

    def standing(self, serial: int) -> Standing | None:
        """Of the certificate with this serial number; None: there is none."""
        if serial <= 0 or serial.bit_length() > 160:
            return None
        with translated(self._where):
            row = self._connection.execute(_STANDING, (octets(serial),)).fetchone()
        if row is None:
            return None
        number, issuer, at, reason, by, seal = row
        if at is None:
            return Standing(issuer, None)
        revocation = Revocation(at=_EPOCH + timedelta(microseconds=at), reason=reason, by=by)
        if revocation_seal(number, revocation) != seal:
            raise broken(f"the revocation of entry {number} of the ledger")
        return Standing(issuer, revocation)
