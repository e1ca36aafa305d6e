"""What a driver says, in our words: what is wrong, and the way out that fits."""

import sqlite3

import pytest

from ostiary.store.database.errors import StoreUnavailable
from ostiary.store.database.faults import sqlite_damage, translated
from ostiary.store.soundness import Condition, SnapshotDamaged


def error(code: int) -> sqlite3.OperationalError:
    found = sqlite3.OperationalError("disk I/O error")
    found.sqlite_errorcode = code
    return found


@pytest.mark.parametrize("code", [sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE])
def test_a_full_disk_is_called_so_and_is_no_damage(code: int) -> None:
    # The second is what SQLite says where its index beside the database can't grow.
    assert sqlite_damage(error(code), "'ledger.db'") is None
    with pytest.raises(StoreUnavailable, match="the disk is full") as told, translated("'x.db'"):
        raise error(code)
    assert "recover" not in str(told.value)


def test_what_can_not_be_read_is_damage() -> None:
    damage = sqlite_damage(error(sqlite3.SQLITE_IOERR_READ), "'x.db'")
    assert damage is not None
    assert damage.condition is Condition.UNREADABLE
    with pytest.raises(SnapshotDamaged, match="trust recover"), translated("'x.db'"):
        raise error(sqlite3.SQLITE_IOERR_READ)
