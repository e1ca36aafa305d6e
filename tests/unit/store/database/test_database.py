import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from ostiary.kernel.errors import WrongUse
from ostiary.store.database.database import Database
from ostiary.store.database.engines import read_url, sqlite_url
from ostiary.store.database.errors import (
    BadStoreUrl,
    NewerDatabase,
    NotOurDatabase,
    StoreUnavailable,
)
from ostiary.store.database.lazily import Lazily
from ostiary.store.database.migrating import KEPT_HISTORY, SEEN_HISTORY, History
from ostiary.store.database.records import Scope
from ostiary.store.database.tables import KEPT, SEEN
from ostiary.store.ledger.ledger import LEDGER_HISTORY
from ostiary.store.soundness import Sound
from tests.unit.store.database.conftest import Opener
from tests.unit.store.database.postgres_server import Server
from tests.unit.store.database.samples import NOW, shelved, summary


def test_what_was_committed_is_there_after_opening_again(opened: Opener) -> None:
    first = opened()
    with first.begin() as work:
        component = shelved(work, "partner", summary())
    first.close()
    with opened().reading() as work:
        assert work.library.component(component.id) == component


def test_the_migrations_make_exactly_the_tables_we_use(database: Database) -> None:
    place = database._place
    ours = {history.version_table for history in (KEPT_HISTORY, SEEN_HISTORY)}
    ours |= {*KEPT.tables, *SEEN.tables}
    for engine, metadata in ((place.kept, KEPT), (place.seen, SEEN)):
        with Lazily(engine, writes=False) as raw:
            context = MigrationContext.configure(
                raw.connection(),
                opts={
                    "include_name": lambda name, kind, _parents, tables=metadata.tables: (
                        kind != "table" or name in tables or name not in ours
                    )
                },
            )
            assert compare_metadata(context, metadata) == []


def test_a_newer_database_is_refused_with_the_way_out(url: str, opened: Opener) -> None:
    database = opened()
    with Lazily(database._place.kept, writes=True) as raw:
        raw.connection().execute(text("UPDATE ostiary_kept_version SET version_num = '0999'"))
        raw.commit()
    database.close()
    with pytest.raises(NewerDatabase, match="use the newer version, or another database") as caught:
        opened()
    assert isinstance(caught.value, WrongUse)
    assert (caught.value.found, caught.value.known) == ("0999", "0004")


def test_a_version_we_never_wrote_is_somebody_elses(url: str, opened: Opener) -> None:
    database = opened()
    with Lazily(database._place.kept, writes=True) as raw:
        raw.connection().execute(text("UPDATE ostiary_kept_version SET version_num = 'a1b2'"))
        raw.commit()
    database.close()
    with pytest.raises(NotOurDatabase, match="'a1b2', which we never wrote"):
        opened()


@pytest.mark.parametrize("table", ["tracks", "audit"])
def test_tables_of_another_program_are_left_alone(tmp_path: Path, table: str) -> None:
    path = tmp_path / "music.db"
    with closing(sqlite3.connect(path)) as raw:
        raw.execute(f"CREATE TABLE {table} (id INTEGER)")
    with pytest.raises(NotOurDatabase, match=f"has a table '{table}'"):
        Database.open(sqlite_url(path), now=NOW)
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT name FROM sqlite_schema").fetchall() == [(table,)]


def test_another_programs_server_database_is_left_alone(server: Server) -> None:
    url = server.database()
    with psycopg.connect(url) as raw:
        raw.execute("CREATE TABLE tracks (id integer)")
    with pytest.raises(NotOurDatabase, match="'tracks'"):
        Database.open(url, now=NOW)


def test_a_new_server_database_is_migrated_once(server: Server) -> None:
    url = server.database()
    for _ in range(2):
        with Database.open(url, now=NOW) as database, database.reading() as work:
            assert work.revision.current() == 0


def test_the_files_are_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "state" / "ostiary.db"
    with Database.open(sqlite_url(path), now=NOW) as database:
        with database.begin() as work:
            work.revision.grow()
        database.save_last_good()
        modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}
    assert modes.keys() >= {"ostiary.db", "ostiary.db-wal", "ostiary.clients.db"}
    assert set(modes.values()) == {0o600}
    path.chmod(0o644)
    Database.open(sqlite_url(path), now=NOW).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_every_connection_is_as_safe_as_we_say(tmp_path: Path) -> None:
    with Database.open(sqlite_url(tmp_path / "a?b#c%20.db"), now=NOW) as database:
        for engine, synchronous in ((database._place.kept, 2), (database._place.seen, 1)):
            with Lazily(engine, writes=False) as raw:
                for pragma, wanted in (
                    ("journal_mode", "wal"),
                    ("synchronous", synchronous),
                    ("foreign_keys", 1),
                    ("recursive_triggers", 1),
                ):
                    found = raw.connection().execute(text(f"PRAGMA {pragma}")).scalar()
                    assert found == wanted, pragma
    assert (tmp_path / "a?b#c%20.db").is_file()


@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "sqlite://", "sqlite:///relative.db", "sqlite:////a?mode=ro", "mysql://a/b"],
)
def test_a_url_that_names_no_database_of_ours_is_refused(url: str) -> None:
    with pytest.raises(BadStoreUrl):
        read_url(url)


def test_a_password_is_never_told(tmp_path: Path) -> None:
    url = f"postgresql://ada:s3cret@/db?host={tmp_path}&password=s3cret&sslpassword=s3cret"
    with pytest.raises(StoreUnavailable) as caught:
        Database.open(url, now=NOW)
    assert "s3cret" not in str(caught.value)
    assert "check the server and store.url" in str(caught.value)
    with pytest.raises(BadStoreUrl) as refused:
        read_url("postgresql://ada:s3cret@host:port/db")
    assert "s3cret" not in str(refused.value)


def test_writers_take_turns_and_lose_nothing(database: Database) -> None:
    def work() -> None:
        for _ in range(10):
            with database.begin() as work:
                # Read, then write: a lost update would show in the sum.
                number = work.settings.of(Scope()).get("n", 0)
                assert isinstance(number, int)
                work.settings.put(Scope(), "n", number + 1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as work_:
        assert work_.settings.of(Scope()) == {"n": 40}


def test_a_reader_sees_one_moment_and_waits_for_nobody(database: Database) -> None:
    with database.reading() as reader:
        assert reader.revision.current() == 0
        with database.begin() as writer:
            writer.revision.grow()
        assert reader.revision.current() == 0
    with database.reading() as reader:
        assert reader.revision.current() == 1


def test_a_reader_writes_nothing(database: Database) -> None:
    try:
        with database.reading() as work:
            work.revision.grow()
    except Exception:  # noqa: BLE001 - PostgreSQL refuses, SQLite forgets
        pass
    with database.reading() as work:
        assert work.revision.current() == 0


def test_a_sound_database_is_found_sound(database: Database) -> None:
    with database.begin() as work:
        component = shelved(work, "partner", summary())
        work.trusted.add(component.id, 1, at=NOW, by="ada")
    assert database.check() == Sound()
    assert database.check_clients() == Sound()
    assert database.begun_anew is None


@pytest.mark.parametrize("history", [KEPT_HISTORY, SEEN_HISTORY, LEDGER_HISTORY])
def test_scripts_are_named_by_the_numbers_that_alembic_knows_them_by(history: History) -> None:
    scripts = [one.revision for one in ScriptDirectory(str(history.scripts)).walk_revisions()]
    assert scripts
    assert history.known() == scripts[::-1]
