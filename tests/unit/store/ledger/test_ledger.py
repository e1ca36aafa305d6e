"""The ledger: nothing twice, nothing changed afterwards, found quickly, damage told."""

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from ostiary.store.database.engines import sqlite_engine
from ostiary.store.database.errors import NewerDatabase, NotOurDatabase
from ostiary.store.ledger.ledger import Ledger
from ostiary.store.ledger.records import Entry, Kind, Revocation, SerialTaken, State, Written
from ostiary.store.ledger.tables import LEDGER
from ostiary.store.soundness import SnapshotDamaged

NOW = datetime(2026, 7, 1, tzinfo=UTC)
DAY = timedelta(days=1)
GONE = Revocation(at=NOW, reason="keyCompromise", by="local:0")


def entry(serial: int, name: str = "device", **more: object) -> Entry:
    usual = Entry(
        serial=serial,
        issuer=None,
        kind=Kind.CLIENT,
        name=name,
        subject=f"CN={name}",
        not_before=NOW - DAY,
        not_after=NOW + DAY,
        der=b"certificate %d" % serial,
        key=hashlib.sha256(b"key %d" % serial).digest(),
        issued=NOW,
        issued_by="local:0",
    )
    return replace(usual, **more)  # type: ignore[arg-type]  # as the tests name them


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with Ledger(path) as opened:
        opened.write([entry(1, "root", kind=Kind.ROOT)])
        yield opened


def of(ledger: Ledger, serial: int) -> Written:
    found = ledger.of_serial(serial)
    assert found is not None
    return found


def below(serial: int, name: str = "device", **more: object) -> Entry:
    return entry(serial, name, issuer=1, **more)


def test_the_tables_are_those_that_the_scripts_make(ledger: Ledger, path: Path) -> None:
    engine = sqlite_engine(path)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, *_: name != "ostiary_ledger_version"},
        )
        assert compare_metadata(context, LEDGER) == []
    engine.dispose()


def test_what_was_written_is_read_back(ledger: Ledger) -> None:
    wanted = below(2**128 - 1, "device ÄÖ", renews=1)
    ledger.write([wanted])
    found = of(ledger, 2**128 - 1)
    assert found.entry == wanted
    assert found.fingerprint == hashlib.sha256(wanted.der).digest()
    assert ledger.of_fingerprint(found.fingerprint) == found
    assert ledger.named(["device ÄÖ", "nobody"]) == (found,)
    assert ledger.of_kinds(["root"]) == (of(ledger, 1),)
    assert ledger.of_serial(3) is None


def test_no_serial_number_is_written_twice_and_then_nothing_is(ledger: Ledger) -> None:
    with pytest.raises(SerialTaken):
        ledger.write([below(2), below(1, der=b"other")])
    assert ledger.of_serial(2) is None
    with pytest.raises(SerialTaken):
        ledger.write([below(3), below(3, der=b"other")])
    assert ledger.of_serial(3) is None


@pytest.mark.parametrize("table", ["certificates", "revocations", "lists"])
@pytest.mark.parametrize(
    "statement", ["DELETE FROM {}", "UPDATE {} SET rowid = 9", "REPLACE INTO {0} SELECT * FROM {0}"]
)
def test_what_is_written_is_never_changed(
    ledger: Ledger, path: Path, table: str, statement: str
) -> None:
    ledger.revoke([1], GONE)
    ledger.begin_list(1, NOW, NOW + DAY)
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA recursive_triggers = ON")
    with pytest.raises(sqlite3.DatabaseError, match="append only"):
        raw.execute(statement.format(table))
    raw.close()


def test_a_revocation_is_for_good_and_stays_as_it_was_said_first(ledger: Ledger) -> None:
    ledger.write([below(2), below(3)])
    ids = [of(ledger, 2).id, of(ledger, 3).id]
    ledger.revoke(ids[:1], GONE)
    ledger.revoke(ids, replace(GONE, at=NOW + DAY, reason="superseded"))
    assert of(ledger, 2).revocation == GONE
    assert of(ledger, 3).revocation == replace(GONE, at=NOW + DAY, reason="superseded")
    assert not of(ledger, 2).good_at(NOW)


def test_a_list_is_of_one_authority_and_of_what_has_not_ended_long_since(ledger: Ledger) -> None:
    ledger.write([below(2), below(3, not_after=NOW - DAY), below(4), entry(5)])
    ledger.revoke([of(ledger, serial).id for serial in (2, 3, 5)], GONE)
    assert [serial for serial, _ in ledger.revoked(1, None)] == [2, 3]
    assert [serial for serial, _ in ledger.revoked(1, NOW)] == [2]


def test_numbers_of_lists_grow_for_each_authority_alone(ledger: Ledger, path: Path) -> None:
    ledger.write([entry(2, kind=Kind.ROOT)])
    assert ledger.last_list(1) is None
    assert [ledger.begin_list(1, NOW, NOW + DAY).number for _ in range(3)] == [1, 2, 3]
    assert ledger.begin_list(2, NOW, NOW + DAY).number == 1
    ledger.close()
    with Ledger(path) as again:
        last = again.last_list(1)
        assert last is not None
        assert (last.number, last.this_update, last.next_update) == (3, NOW, NOW + DAY)
        assert again.begin_list(1, NOW, NOW + DAY).number == 4


def test_compromised_keys_are_known_whatever_the_certificate(ledger: Ledger) -> None:
    ledger.write([below(2), below(3)])
    ledger.revoke([of(ledger, 2).id], GONE)
    ledger.revoke([of(ledger, 3).id], replace(GONE, reason="superseded"))
    keys = [of(ledger, serial).entry.key for serial in (1, 2, 3)]
    assert ledger.compromised(keys, "keyCompromise") == {keys[1]}
    assert ledger.compromised([], "keyCompromise") == frozenset()


def test_pages_are_of_the_newest_first_and_of_what_is_asked_for(ledger: Ledger) -> None:
    ledger.write([below(serial, f"device-{serial}") for serial in range(2, 7)])
    ledger.write([below(7, "old", not_after=NOW - DAY)])
    ledger.revoke([of(ledger, 4).id], GONE)

    def names(search: str = "", state: State = State.ALL, before: int | None = None) -> list[str]:
        page = ledger.page(search=search, state=state, now=NOW, before=before, limit=3)
        return [one.entry.name for one in page]

    assert names() == ["old", "device-6", "device-5"]
    assert names(before=of(ledger, 5).id) == ["device-4", "device-3", "device-2"]
    assert names("vice-3") == ["device-3"]
    assert names("%") == []
    assert names(state=State.REVOKED) == ["device-4"]
    assert names(state=State.EXPIRED) == ["old"]
    assert names("device", State.GOOD) == ["device-6", "device-5", "device-3"]


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("certificates", "name", "other"),
        ("certificates", "serial", b"\x09"),
        ("certificates", "der", b"another"),
        ("certificates", "kind", "nothing"),
        ("certificates", "not_after", 2**50),
        ("revocations", "reason", "superseded"),
    ],
)
def test_a_row_that_a_disk_changed_is_not_believed(
    ledger: Ledger, path: Path, table: str, column: str, value: object
) -> None:
    ledger.write([below(2)])
    ledger.revoke([2], GONE)
    ledger.close()
    raw = sqlite3.connect(path)
    raw.execute(f"DROP TRIGGER {table}_no_update")
    key = "id" if table == "certificates" else "certificate"
    raw.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = 2", (value,))
    raw.commit()
    raw.close()
    with Ledger(path) as again, pytest.raises(SnapshotDamaged, match="ledger"):
        again.page(search="", state=State.ALL, now=NOW, before=None, limit=9)


def test_the_file_of_another_program_or_of_a_newer_one_is_left_alone(path: Path) -> None:
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE components (id)")
    raw.commit()
    raw.close()
    with pytest.raises(NotOurDatabase, match="components"):
        Ledger(path)
    path.unlink()
    Ledger(path).close()
    raw = sqlite3.connect(path)
    raw.execute("UPDATE ostiary_ledger_version SET version_num = '0099'")
    raw.commit()
    raw.close()
    with pytest.raises(NewerDatabase):
        Ledger(path)


def test_the_file_is_for_its_owner_alone(ledger: Ledger, path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
