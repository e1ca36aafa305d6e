"""Connections as we need them: SQLite and PostgreSQL behind one way to begin a transaction.

Writers take turns, on SQLite by BEGIN IMMEDIATE, on PostgreSQL by an advisory lock: what a change
has read is still so when it writes. Readers see one moment and wait for nobody.
"""

import sqlite3
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool

from ostiary.store.database.errors import BadStoreUrl

# Longer than replacing a hundred thousand names takes on a slow disk.
_BUSY_SECONDS = 30
_LOG_BYTES = 32 * 1024 * 1024
_CACHE_KIB = 16 * 1024
_TURNS_OF_WRITERS = 0x4F535459
"""The key of the advisory lock: the letters OSTY."""
_WRITES = "ostiary_writes"


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file."""
    return URL.create("sqlite", database=str(path.absolute())).render_as_string()


def read_url(text_of_url: str) -> URL:
    """``sqlite:////path``, or ``postgresql://user:password@host/name``. Raises BadStoreUrl."""
    try:
        url = make_url(text_of_url)
    except (ArgumentError, ValueError) as exc:
        # The text may hold a password, so it is not quoted.
        raise BadStoreUrl(
            "store.url can't be read (write sqlite:////absolute/path or postgresql://…)"
        ) from exc
    if url.drivername == "sqlite":
        if not url.database or not Path(url.database).is_absolute() or url.query:
            raise BadStoreUrl("store.url: SQLite needs an absolute path (sqlite:////path/file.db)")
        return url
    if url.drivername in {"postgresql", "postgres", "postgresql+psycopg"}:
        return url.set(drivername="postgresql+psycopg")
    raise BadStoreUrl(f"store.url: {url.drivername!r} is not known (use sqlite or postgresql)")


def sqlite_engine(path: Path, *, full: bool = True) -> Engine:
    """For a file that exists. ``full``: every commit waits for the disk, so that even a power cut
    loses nothing; without, a power cut (and only that) may cost the last moments."""

    def connect() -> sqlite3.Connection:
        return sqlite_connection(path, full=full)

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=4)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def postgresql_engine(url: URL) -> Engine:
    """Raises BadStoreUrl if the driver is not installed."""
    try:
        engine = create_engine(
            url,
            pool_pre_ping=True,
            pool_size=4,
            connect_args={"connect_timeout": 10, "application_name": "ostiary"},
        )
    except ModuleNotFoundError as exc:
        raise BadStoreUrl(
            "store.url: PostgreSQL's driver is not installed (pip install 'ostiary[postgresql]')"
        ) from exc
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def for_writing(connection: Connection) -> Connection:
    """The same connection, whose next transaction waits for its turn to write."""
    return connection.execution_options(**{_WRITES: True})


def sqlite_connection(path: Path, *, full: bool) -> sqlite3.Connection:
    """One connection, ready for use. Raises sqlite3.Error."""
    # mode=rw: a file that was taken away must not be made anew, empty, behind our back.
    raw = sqlite3.connect(
        f"file:{escaped(path)}?mode=rw",
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        for pragma in (
            "journal_mode = WAL",
            f"synchronous = {'FULL' if full else 'NORMAL'}",
            "foreign_keys = ON",
            # After a burst the log gives its room back.
            f"journal_size_limit = {_LOG_BYTES}",
            # Without it, REPLACE would get around the audit's trigger.
            "recursive_triggers = ON",
            "trusted_schema = OFF",
            # The default of 2 MB spills in the midst of a large batch.
            f"cache_size = -{_CACHE_KIB}",
        ):
            raw.execute(f"PRAGMA {pragma}").close()
    except BaseException:
        raw.close()
        raise
    return raw


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get(_WRITES, False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_TURNS_OF_WRITERS})")
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


def escaped(path: Path) -> str:
    """For a SQLite URI file name (sqlite.org/uri.html)."""
    text_of_path = str(path.absolute())
    return text_of_path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
