"""What the disk can do to the files, and that nobody believes them afterwards."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ostiary.store.database.database import Database
from ostiary.store.database.engines import sqlite_url
from ostiary.store.database.errors import NoLastGood, NotOurDatabase
from ostiary.store.database.records import Role, Scope
from ostiary.store.soundness import Condition, Damaged, SnapshotDamaged, Sound, Soundness
from tests.unit.store.database.samples import DAY, NOW, certificate, fingerprint, seen, shelved
from tests.unit.store.database.samples import summary as summary_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ostiary.db"


@pytest.fixture
def running(path: Path) -> Iterator[Database]:
    """Open, with something of each kind in it."""
    with Database.open(sqlite_url(path), now=NOW) as database:
        with database.begin() as work:
            component = shelved(work, "partner", summary_of())
            work.trusted.add(component.id, 1, at=NOW, by="ada")
            work.names.replace(Scope(), [f"CN=device {n}" for n in range(2_000)], at=NOW, by="")
            work.settings.put(Scope("orders"), "required", True)
            work.tokens.add(
                name="ci",
                role=Role.VIEWER,
                digest=b"d",
                prefix="p",
                at=NOW,
                by="",
                expires=NOW + DAY,
            )
            work.revision.grow()
        yield database


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def shortened(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20_000])


def overwritten(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096 : 4096 * 20] = b"\xff" * (4096 * 19)
    path.write_bytes(content)


def no_database(path: Path) -> None:
    path.write_bytes(b"<html>not what it was</html>" * 1000)


def removed(path: Path) -> None:
    path.unlink()


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def replaced(path: Path) -> None:
    other = path.with_name("other.db")
    with closing(sqlite3.connect(other)) as raw:
        raw.execute("CREATE TABLE tracks (id INTEGER)")
    other.replace(path)


DAMAGES = [emptied, shortened, overwritten, no_database, removed, a_folder, replaced]
Damaging = Callable[[Path], None]


def settled(database: Database, path: Path) -> None:
    """Everything in the file itself, nothing left in the log beside it."""
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def damage_of(found: Soundness) -> Damaged:
    assert isinstance(found, Damaged), found
    return found


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_under_a_running_gateway_is_found_and_mended(
    running: Database, path: Path, damage: Damaging
) -> None:
    saved = running.save_last_good()
    assert saved is not None
    assert saved.revision == 1
    settled(running, path)
    damage(path)
    what = damage_of(running.check()).what
    assert repr(str(path)) in what
    assert what.isprintable()
    beside = sorted(path.parent.iterdir())
    assert running.recoverable() == 1
    assert sorted(path.parent.iterdir()) == beside
    recovered = running.recover(now=NOW)
    assert recovered.revision == 1
    assert recovered.aside is None or recovered.aside.exists()
    assert running.check() == Sound()
    with running.begin() as work:
        assert work.names.count(Scope()) == 2_000
        assert work.revision.grow() == 2


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_found_at_the_start_refuses_and_is_mended_by_restore(
    running: Database, path: Path, damage: Damaging
) -> None:
    running.save_last_good()
    running.close()
    damage(path)
    # A whole file of somebody else's is not damage; who wants it away says so by restoring.
    refusal = NotOurDatabase if damage is replaced else SnapshotDamaged
    with pytest.raises(refusal):
        Database.open(sqlite_url(path), now=NOW)
    Database.restore(sqlite_url(path), now=NOW)
    with Database.open(sqlite_url(path), now=NOW) as database, database.reading() as work:
        assert work.names.count(Scope()) == 2_000


@pytest.mark.parametrize("damage", [removed, replaced])
def test_a_file_taken_away_is_saved_whole_while_we_hold_it_open(
    running: Database, path: Path, damage: Damaging
) -> None:
    running.save_last_good()
    with running.begin() as work:
        work.revision.grow()
    damage(path)
    assert damage_of(running.check()).condition is Condition.MISSING
    recovered = running.recover(now=NOW)
    assert (recovered.revision, recovered.from_open_file) == (2, True)
    with running.reading() as work:
        assert work.revision.current() == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE names SET pattern = 'CN=*' WHERE position = 7",
        "UPDATE names SET scope = 'api/other' WHERE position = 7",
        "UPDATE settings SET value = 'false'",
        "UPDATE versions SET pem = 'another'",
        "UPDATE trusted SET seal = x'00'",
        "UPDATE tokens SET role = 'admin'",
        "UPDATE tokens SET expires = expires + 1",
    ],
)
def test_a_changed_row_is_not_believed(running: Database, path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as raw:
        raw.execute(statement)
        raw.commit()
    assert "isn't what was written" in damage_of(running.check()).what
    with pytest.raises(SnapshotDamaged):
        running.save_last_good()


def test_without_a_good_copy_nothing_is_touched(running: Database, path: Path) -> None:
    settled(running, path)
    no_database(path)
    content = path.read_bytes()
    with pytest.raises(NoLastGood, match="there is no last good copy"):
        running.recover(now=NOW)
    running.close()
    with pytest.raises(NoLastGood):
        Database.restore(sqlite_url(path), now=NOW)
    assert path.read_bytes() == content
    path.with_name("ostiary.db.last-good").write_bytes(b"x" * 10_000)
    with pytest.raises(NoLastGood, match="damaged, too"):
        Database.restore(sqlite_url(path), now=NOW)
    assert path.read_bytes() == content


def test_what_an_interrupted_copy_left_is_swept_at_the_start(path: Path) -> None:
    for name in (".ostiary.db.x1.partial-write", ".ostiary.db.x1.partial-write-journal"):
        path.with_name(name).write_bytes(b"half")
    stranger = path.with_name(".other.x1.partial-write")
    stranger.write_bytes(b"in the making")
    Database.open(sqlite_url(path), now=NOW).close()
    assert [one for one in path.parent.iterdir() if "partial" in one.name] == [stranger]


def test_a_log_left_alone_tells_that_the_database_was_lost(path: Path) -> None:
    path.with_name("ostiary.db-wal").write_bytes(b"x")
    with pytest.raises(SnapshotDamaged, match=r"is gone or empty, though 'ostiary.db-wal'"):
        Database.open(sqlite_url(path), now=NOW)
    assert not path.exists()


def test_only_the_newest_damaged_files_are_kept(running: Database, path: Path) -> None:
    running.save_last_good()
    for day in range(5):
        removed(path)
        no_database(path)
        running.recover(now=NOW + day * DAY)
    asides = sorted(one.name for one in path.parent.glob("ostiary.db.damaged-*Z"))
    assert len(asides) == 3
    assert asides[-1] == "ostiary.db.damaged-20260705T120000.123456Z"


@pytest.mark.parametrize("damage", [emptied, overwritten, no_database, a_folder])
def test_a_damaged_memory_of_clients_is_begun_anew_and_trust_stays(
    running: Database, path: Path, damage: Damaging
) -> None:
    with running.begin() as work:
        work.clients.merge(seen(n, certificate(f"CN={n}")) for n in range(1000))
    running.close()
    seen_file = path.with_name("ostiary.clients.db")
    damage(seen_file)
    with Database.open(sqlite_url(path), now=NOW) as database, database.begin() as work:
        assert damage is emptied or database.begun_anew is not None
        assert work.clients.find(fingerprint(1)) is None
        assert work.clients.merge([seen(1, certificate())]).added == 1
        assert work.revision.current() == 1


def test_a_memory_of_clients_lost_while_running_is_found(running: Database, path: Path) -> None:
    removed(path.with_name("ostiary.clients.db"))
    assert damage_of(running.check_clients()).condition is Condition.MISSING
    assert running.check() == Sound()
    running.forget_clients(now=NOW)
    assert running.check_clients() == Sound()
