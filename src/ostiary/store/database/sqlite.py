"""The place by default: two SQLite files beside each other in the state folder."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, inspect

from ostiary.store.database.engines import for_writing, sqlite_connection, sqlite_engine
from ostiary.store.database.faults import translated
from ostiary.store.database.migrating import KEPT_HISTORY, SEEN_HISTORY, History, migrate
from ostiary.store.database.place import LastGood, Recovered
from ostiary.store.database.sqlite_file import (
    Copied,
    Identity,
    claim,
    copy_last_good,
    copy_of,
    identity,
    is_empty,
    last_good_of,
    look_through,
    put_in_place,
    set_aside,
)
from ostiary.store.files import FileTrouble, Trouble
from ostiary.store.soundness import Condition, Damaged, SnapshotDamaged, Soundness


def seen_path(path: Path) -> Path:
    """Where the clients are, beside what operators set."""
    return path.with_name(f"{path.stem}.clients{path.suffix}")


class SqlitePlace:
    """What operators set in one file, the clients seen in another."""

    def __init__(self, path: Path, now: datetime) -> None:
        """Open or make both. A damaged memory of clients is put aside and begun anew.

        Raises SnapshotDamaged, NewerDatabase, NotOurDatabase, FileTrouble, StoreBusy.
        """
        self.where = repr(str(path))
        self._path = path
        self.begun_anew: Damaged | None = None
        self.is_shared = False
        self._identity = claim(path)
        with ExitStack() as stack:
            self.kept = opened(path, KEPT_HISTORY, full=True)
            stack.callback(self.kept.dispose)
            # Keeps the file alive if its name is taken away; nothing else goes through it.
            self._held = _held(path)
            stack.callback(self._held.close)
            self.seen = self._open_seen(now)
            stack.pop_all()

    def _open_seen(self, now: datetime) -> Engine:
        path = seen_path(self._path)
        try:
            self._seen_identity = claim(path)
            return opened(path, SEEN_HISTORY, full=False)
        except SnapshotDamaged as exc:
            self.begun_anew = exc.damage
            return self._make_seen(now)

    def _make_seen(self, now: datetime) -> Engine:
        path = seen_path(self._path)
        with _told(path):
            set_aside(path, now)
        self._seen_identity = claim(path)
        return opened(path, SEEN_HISTORY, full=False)

    def look(self) -> Soundness:
        """At every page, and whether the file is still the one we opened."""
        return _look(self._path, self._identity)

    @contextmanager
    def unspoilt(self) -> Iterator[Engine]:
        """SQLite's connections trust the pages they have read before."""
        engine = sqlite_engine(self._path)
        try:
            yield engine
        finally:
            engine.dispose()

    def look_at_seen(self) -> Soundness:
        """Likewise; it takes about a second for a million clients."""
        return _look(seen_path(self._path), self._seen_identity)

    def save_last_good(self) -> LastGood:
        """Beside the file, whole or not at all. Raises SnapshotDamaged, StoreUnavailable."""
        with translated(self.where), _told(self._path):
            copied = copy_of(self._held, self._path)
            put_in_place(copied, last_good_of(self._path))
        return LastGood(path=last_good_of(self._path), revision=copied.revision)

    def recover(self, now: datetime) -> Recovered:
        """Raises NoLastGood; FileTrouble (NOT_WRITTEN) if the disk refuses."""
        with _told(self._path):
            copied, rescued = self._good_copy()
            self.kept.dispose()
            self._held.close()
            aside = set_aside(self._path, now)
            put_in_place(copied, self._path)
        self._identity = claim(self._path)
        self.kept = opened(self._path, KEPT_HISTORY, full=True)
        self._held = _held(self._path)
        return Recovered(revision=copied.revision, aside=aside, from_open_file=rescued)

    def recoverable(self) -> int:
        """Raises NoLastGood, FileTrouble."""
        with _told(self._path):
            copied, _rescued = self._good_copy()
            copied.path.unlink()
        return copied.revision

    def begin_seen_anew(self, now: datetime) -> None:
        """Raises FileTrouble (NOT_WRITTEN)."""
        self.seen.dispose()
        self.seen = self._make_seen(now)

    def close(self) -> None:
        """Give back all connections."""
        self.kept.dispose()
        self._held.close()
        self.seen.dispose()

    def _good_copy(self) -> tuple[Copied, bool]:
        """What recovery takes, and whether it is the file itself, which is only gone."""
        rescued = self._rescued()
        return (copy_last_good(self._path), False) if rescued is None else (rescued, True)

    def _rescued(self) -> Copied | None:
        """A file that was removed or replaced lives on while we hold it open: copy that."""
        if identity(self._path) == self._identity:
            return None
        try:
            return copy_of(self._held, self._path)
        except (sqlite3.Error, SnapshotDamaged):
            return None


def _held(path: Path) -> sqlite3.Connection:
    with translated(repr(str(path))):
        return sqlite_connection(path, full=True)


def opened(path: Path, history: History, *, full: bool) -> Engine:
    """A file that was claimed, looked through and migrated.

    Raises SnapshotDamaged, NewerDatabase, NotOurDatabase, StoreBusy, StoreUnavailable.
    """
    where = repr(str(path))
    with translated(where):
        found = look_through(path)
    if isinstance(found, Damaged):
        raise SnapshotDamaged(found)
    engine = sqlite_engine(path, full=full)
    try:
        with translated(where), engine.connect() as connection:
            for_writing(connection).begin()
            if last_good_of(path).exists() and not inspect(connection).get_table_names():
                raise SnapshotDamaged(
                    Damaged(condition=Condition.MISSING, what=f"{where}: its tables are gone")
                )
            migrate(connection, history, where)
            connection.commit()
    except BaseException:
        engine.dispose()
        raise
    return engine


def _look(path: Path, opened: Identity) -> Soundness:
    found = identity(path)
    if isinstance(found, Damaged):
        return found
    if found != opened:
        what = f"{str(path)!r} was replaced by another file"
        return Damaged(condition=Condition.MISSING, what=what)
    if is_empty(path):
        return Damaged(condition=Condition.CORRUPT, what=f"{str(path)!r} is empty")
    with translated(repr(str(path))):
        return look_through(path)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise FileTrouble(
            path, Trouble.NOT_WRITTEN, f"can't be copied or moved: {exc.strerror or exc}"
        ) from exc
