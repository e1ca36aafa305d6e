"""What SQLite, PostgreSQL and the disk say when they fail, in our words."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ostiary.kernel.errors import OstiaryError
from ostiary.store.database.errors import NotStorable, StoreBusy, StoreUnavailable
from ostiary.store.soundness import Condition, Damaged, SnapshotDamaged

# sqlite.org/rescode.html
_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_CORRUPT: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_PRIMARY = 0xFF


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Raise our refusal in place of a driver's; ``where`` names the database in it.

    A broken constraint passes as it is: the repositories look before they write, so it is a bug.
    """
    try:
        yield
    except StatementError as exc:
        fault = _fault(exc.orig, where)
        if fault is None:
            raise
        raise fault from exc
    except sqlite3.Error as exc:
        fault = _fault(exc, where)
        if fault is None:
            raise
        raise fault from exc
    except PoolTimeout as exc:
        raise StoreBusy(f"{where}: too many are using it at once (try again)") from exc
    except OverflowError as exc:
        raise NotStorable(f"a number is too large for the database: {exc}") from exc


def sqlite_damage(exc: sqlite3.Error, where: str) -> Damaged | None:
    """The damage an error of SQLite tells of; None if it tells of none."""
    extended = getattr(exc, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    primary = extended & _PRIMARY
    told = f"{where}: {exc}"
    if primary in _CORRUPT:
        return Damaged(condition=Condition.CORRUPT, what=told)
    if primary == sqlite3.SQLITE_ERROR and "no such table" in str(exc):
        return Damaged(condition=Condition.CORRUPT, what=told)
    if extended == sqlite3.SQLITE_READONLY_DBMOVED:
        return Damaged(condition=Condition.MISSING, what=f"{where}: the file was taken away")
    if extended == sqlite3.SQLITE_IOERR_SHMSIZE:
        # Its index of what was written can't grow: no room, and nothing is wrong with the file.
        return None
    if primary in {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}:
        return Damaged(condition=Condition.UNREADABLE, what=told)
    return None


def _fault(cause: BaseException | None, where: str) -> OstiaryError | None:
    if isinstance(cause, OstiaryError):
        # Raised by one of our column types; SQLAlchemy only wrapped it.
        return cause
    if isinstance(cause, sqlite3.Error):
        return _sqlite_fault(cause, where)
    sqlstate = getattr(cause, "sqlstate", _NOT_POSTGRESQL)
    if sqlstate is _NOT_POSTGRESQL:
        return None
    return _postgresql_fault(cause, sqlstate, where)


_NOT_POSTGRESQL: Final = object()


def _sqlite_fault(exc: sqlite3.Error, where: str) -> OstiaryError | None:
    damage = sqlite_damage(exc, where)
    if damage is not None:
        return SnapshotDamaged(damage)
    extended = getattr(exc, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    primary = extended & _PRIMARY
    if primary in _BUSY:
        return StoreBusy(f"{where}: somebody else is writing (try again)")
    if primary == sqlite3.SQLITE_FULL or extended == sqlite3.SQLITE_IOERR_SHMSIZE:
        return StoreUnavailable(f"{where}: the disk is full (make room; nothing was changed)")
    if primary in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}:
        return StoreUnavailable(f"{where}: can't be written: {exc} (check its owner and mode)")
    if primary == sqlite3.SQLITE_TOOBIG:
        return NotStorable("a value is larger than the database takes")
    return None


# Classes of SQLSTATE: the manual of PostgreSQL, appendix A.
_AWAY: Final = ("08", "28", "3D", "53", "57", "58", "25006", "42501")
_WAIT: Final = ("40", "55")


def _postgresql_fault(
    exc: BaseException | None, sqlstate: object, where: str
) -> OstiaryError | None:
    told = str(exc).strip().partition("\n")[0]
    if not isinstance(sqlstate, str) or sqlstate.startswith(_AWAY):
        return StoreUnavailable(f"{where}: {told} (check the server and store.url)")
    if sqlstate.startswith(_WAIT):
        return StoreBusy(f"{where}: {told} (try again)")
    if sqlstate.startswith("XX"):
        return SnapshotDamaged(Damaged(condition=Condition.CORRUPT, what=f"{where}: {told}"))
    if sqlstate.startswith("22"):
        return NotStorable(f"a value is not what the database takes: {told}")
    return None
