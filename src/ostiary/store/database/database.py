"""The database: opened and migrated, worked in by transaction, looked through, copied, restored."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Self

from ostiary.store.database.clients_merge import ClientLimits
from ostiary.store.database.engines import read_url
from ostiary.store.database.errors import NoLastGood
from ostiary.store.database.faults import translated
from ostiary.store.database.gate import Gate
from ostiary.store.database.lazily import Lazily
from ostiary.store.database.place import LastGood, Place, Recovered
from ostiary.store.database.postgresql import PostgresqlPlace
from ostiary.store.database.sqlite import SqlitePlace
from ostiary.store.database.sqlite_file import copy_last_good, put_in_place, set_aside
from ostiary.store.database.work import Work, read_everything
from ostiary.store.files import FileTrouble, Trouble
from ostiary.store.soundness import Damaged, SnapshotDamaged, Sound, Soundness

_PATIENCE_SECONDS = 20.0


class Database:
    """What operators set and what was seen. For any number of threads; none of it is asyncio.

    Only the holder of the StateLock may use SQLite's files.
    """

    def __init__(self, place: Place, limits: ClientLimits) -> None:
        """Use ``open``."""
        self._place = place
        self._limits = limits
        self._gate = Gate()
        self._copying = Lock()

    @classmethod
    def open(cls, url: str, *, now: datetime, limits: ClientLimits | None = None) -> "Database":
        """Open, or make, and migrate: ``sqlite:////absolute/path`` or ``postgresql://…``.

        Raises BadStoreUrl, NewerDatabase, NotOurDatabase (each WrongUse), SnapshotDamaged (then
        ``restore`` may help), StoreUnavailable, StoreBusy, FileTrouble.
        """
        read = read_url(url)
        place: Place
        if read.drivername == "sqlite":
            place = SqlitePlace(Path(str(read.database)), now)
        else:
            place = PostgresqlPlace(read)
        return cls(place, limits or ClientLimits())

    @classmethod
    def restore(cls, url: str, *, now: datetime) -> Recovered:
        """Put the last good copy in place of a file that can't be opened; open it afterwards.

        The damaged file is moved aside. Raises NoLastGood (nothing has changed then), FileTrouble.
        """
        read = read_url(url)
        if read.drivername != "sqlite":
            raise NoLastGood("restore it from PostgreSQL's own backup")
        path = Path(str(read.database))
        try:
            copied = copy_last_good(path)
            aside = set_aside(path, now)
            put_in_place(copied, path)
        except OSError as exc:
            raise FileTrouble(
                path, Trouble.NOT_WRITTEN, f"can't be restored: {exc.strerror or exc}"
            ) from exc
        return Recovered(revision=copied.revision, aside=aside, from_open_file=False)

    @property
    def where(self) -> str:
        """For people: the path quoted, or the URL without its password."""
        return self._place.where

    @property
    def is_shared(self) -> bool:
        """Whether other gateways may write to it."""
        return self._place.is_shared

    @property
    def begun_anew(self) -> Damaged | None:
        """Why the memory of clients was begun anew at the opening; None if it was not."""
        return self._place.begun_anew

    @contextmanager
    def begin(self) -> Iterator[Work]:
        """A transaction that may write: committed at the end, undone if anything is raised.

        Writers take turns from their first use of a repository on, so what was read is still so.
        Raises StoreBusy, StoreUnavailable, SnapshotDamaged, NotStorable besides what the
        repositories raise.
        """
        with self._work(writes=True) as work:
            yield work

    @contextmanager
    def reading(self) -> Iterator[Work]:
        """A transaction that sees one moment, waits for nobody, and is undone at its end."""
        with self._work(writes=False) as work:
            yield work

    @contextmanager
    def _work(self, *, writes: bool) -> Iterator[Work]:
        with self._gate.passing(), translated(self.where):
            place = self._place
            with (
                Lazily(place.kept, writes=writes) as kept,
                Lazily(place.seen, writes=writes) as seen,
            ):
                same = place.kept is place.seen
                yield Work(
                    kept.connection,
                    kept.connection if same else seen.connection,
                    self._limits,
                )
                if writes:
                    kept.commit()
                    seen.commit()

    def check(self) -> Soundness:
        """Look through what operators set: every page, and every row that has a checksum.

        Raises StoreBusy if somebody else holds the file, which is no damage.
        """
        with self._gate.passing():
            found = self._place.look()
            return found if isinstance(found, Damaged) else self._check_rows()

    def _check_rows(self) -> Soundness:
        try:
            with (
                translated(self.where),
                self._place.unspoilt() as engine,
                Lazily(engine, writes=False) as kept,
            ):
                read_everything(Work(kept.connection, kept.connection, self._limits))
        except SnapshotDamaged as exc:
            return exc.damage
        return Sound()

    def check_clients(self) -> Soundness:
        """Look through the memory of clients, every page; about a second for a million."""
        with self._gate.passing():
            return self._place.look_at_seen()

    def save_last_good(self) -> LastGood | None:
        """Copy what operators set, to go back to; only what ``check`` finds sound is copied.

        None where the server has its own backups. Raises SnapshotDamaged, StoreUnavailable,
        FileTrouble.
        """
        with self._copying:
            found = self.check()
            if isinstance(found, Damaged):
                raise SnapshotDamaged(found)
            with self._gate.passing():
                return self._place.save_last_good()

    def recover(self, *, now: datetime) -> Recovered:
        """Replace a damaged or lost file under a running gateway, and go on with this object.

        A file that is only gone is copied whole from what we still hold open. Raises NoLastGood
        (nothing has changed then), StoreBusy, FileTrouble.
        """
        with self._copying, self._gate.alone(_PATIENCE_SECONDS):
            return self._place.recover(now)

    def recoverable(self) -> int:
        """The revision ``recover`` would go back to. Raises as it does; changes nothing."""
        with self._copying, self._gate.alone(_PATIENCE_SECONDS):
            return self._place.recoverable()

    def forget_clients(self, *, now: datetime) -> None:
        """Begin the memory of clients anew; what is damaged is moved aside. Raises StoreBusy."""
        with self._gate.alone(_PATIENCE_SECONDS):
            self._place.begin_seen_anew(now)

    def close(self) -> None:
        """Give back all connections; the object is of no use afterwards."""
        self._place.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
