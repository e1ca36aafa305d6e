"""The place for more than one host: a PostgreSQL server, which does its own keeping."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import URL, Engine

from ostiary.store.database.engines import for_writing, postgresql_engine
from ostiary.store.database.errors import NoLastGood, StoreUnavailable
from ostiary.store.database.faults import translated
from ostiary.store.database.migrating import KEPT_HISTORY, SEEN_HISTORY, migrate
from ostiary.store.database.place import Recovered
from ostiary.store.database.tables import SEEN
from ostiary.store.soundness import Condition, Damaged, SnapshotDamaged, Sound, Soundness


class PostgresqlPlace:
    """All tables in one database, in the first schema of the search path."""

    def __init__(self, url: URL) -> None:
        """Connect and migrate.

        Raises StoreUnavailable, NewerDatabase, NotOurDatabase, BadStoreUrl.
        """
        # Without its query: libpq takes passwords there, too.
        self.where = url.set(query={}).render_as_string(hide_password=True)
        self.begun_anew: Damaged | None = None
        self.is_shared = True
        engine = postgresql_engine(url)
        try:
            with translated(self.where), engine.connect() as connection:
                for_writing(connection).begin()
                for history in (KEPT_HISTORY, SEEN_HISTORY):
                    migrate(connection, history, self.where)
                connection.commit()
        except BaseException:
            engine.dispose()
            raise
        self.kept = self.seen = engine

    def look(self) -> Soundness:
        """Whether the server answers; its disks are its own matter (data checksums, backups)."""
        try:
            with translated(self.where), self.kept.connect() as connection:
                connection.exec_driver_sql("SELECT 1")
        except SnapshotDamaged as exc:
            return exc.damage
        except StoreUnavailable as exc:
            return Damaged(condition=Condition.UNREADABLE, what=str(exc))
        return Sound()

    @contextmanager
    def unspoilt(self) -> Iterator[Engine]:
        """The pages are the server's."""
        yield self.kept

    def look_at_seen(self) -> Soundness:
        """Likewise."""
        return self.look()

    def save_last_good(self) -> None:
        """Nothing: PostgreSQL has its own backups."""

    def recover(self, _now: datetime) -> Recovered:
        """Always raises NoLastGood."""
        raise NoLastGood(f"{self.where}: restore it from PostgreSQL's own backup")

    def recoverable(self) -> int:
        """Always raises NoLastGood."""
        raise NoLastGood(f"{self.where}: restore it from PostgreSQL's own backup")

    def begin_seen_anew(self, _now: datetime) -> None:
        """Empty the tables of clients."""
        with translated(self.where), self.seen.connect() as connection:
            for_writing(connection).begin()
            for table in reversed(SEEN.sorted_tables):
                if table.name != "tally":
                    connection.execute(table.delete())
            connection.execute(SEEN.tables["tally"].update().values(clients=0, bytes=0))
            connection.commit()

    def close(self) -> None:
        """Give back all connections."""
        self.kept.dispose()
