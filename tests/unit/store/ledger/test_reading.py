"""The ledger is read beside whoever writes in it, and nothing that he commits is missed."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ostiary.ca.signing import Reason
from ostiary.management.authority.house import House
from ostiary.management.authority.revoking import revoke, sought
from ostiary.store.ledger.reading import LedgerReader
from ostiary.store.ledger.records import Kind
from ostiary.store.soundness import SnapshotDamaged
from tests.unit.management.authority.scene import NOW, World, issued, order


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with World(tmp_path / "ca").founded() as made:
        yield made


@pytest.fixture
def reader(house: House) -> Iterator[LedgerReader]:
    with LedgerReader(house.place.ledger) as made:
        yield made


def test_authorities_are_the_same_as_the_ledger_has_them(
    house: House, reader: LedgerReader
) -> None:
    root, below = reader.authorities()
    assert (root.kind, root.issuer, root.name) == (Kind.ROOT, None, "Example")
    assert (below.kind, below.issuer) == (Kind.ISSUING, root.id)
    assert [root.der, below.der] == [one.entry.der for one in house.authorities()]


def test_a_revocation_is_seen_at_once_and_changes_the_generation(
    house: House, reader: LedgerReader
) -> None:
    (made,) = issued(house, order())
    found = reader.standing(made.serial)
    assert found is not None
    assert (found.issuer, found.revocation) == (house.issuing().id, None)
    before = reader.generation()
    assert reader.generation() == before
    revoke(house, sought(house, "device"), Reason.KEY_COMPROMISE)
    assert reader.generation() != before
    found = reader.standing(made.serial)
    assert found is not None
    assert found.revocation is not None
    assert (found.revocation.at, found.revocation.reason) == (NOW, "keyCompromise")


@pytest.mark.parametrize("serial", [-1, 0, 1, 2**160, 2**4000])
def test_a_number_that_was_never_given_has_no_standing(reader: LedgerReader, serial: int) -> None:
    assert reader.standing(serial) is None


def test_it_changes_nothing(reader: LedgerReader) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader._connection.execute("INSERT INTO lists VALUES (1, 1, 1, 1)")


def test_another_file_at_its_place_is_noticed(house: House, reader: LedgerReader) -> None:
    assert not reader.replaced
    path = house.place.ledger
    path.rename(path.with_name("old"))
    assert reader.replaced
    with pytest.raises(SnapshotDamaged):
        LedgerReader(path)


def test_a_revocation_that_a_disk_has_changed_is_not_believed(house: House) -> None:
    (made,) = issued(house, order())
    revoke(house, sought(house, "device"), Reason.SUPERSEDED)
    with sqlite3.connect(house.place.ledger) as raw:
        raw.execute("DROP TRIGGER revocations_no_update")
        raw.execute("UPDATE revocations SET at = ?", (int(datetime.now(UTC).timestamp()),))
    raw.close()
    with LedgerReader(house.place.ledger) as reader, pytest.raises(SnapshotDamaged):
        reader.standing(made.serial)
