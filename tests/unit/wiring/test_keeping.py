"""A damaged database at the start: what its last good copy lacks is told, or that nobody knows."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ostiary.config.model.client_auth import Truststore
from ostiary.config.model.document import Document
from ostiary.store.database.database import Database
from ostiary.store.database.engines import sqlite_url
from ostiary.store.truststore import TrustStore
from ostiary.wiring.keeping import RolledBack, open_database, open_kept

COPIED = 2
"""Revision of the last good copy."""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A folder with a damaged database, and its last good copy."""
    file = tmp_path / "ostiary.db"
    database = Database.open(sqlite_url(file), now=datetime.now(UTC))
    with database.begin() as work:
        for _ in range(COPIED):
            work.revision.grow()
    database.save_last_good()
    database.close()
    file.write_bytes(b"no database at all" * 1000)
    return tmp_path


def lost(state: Path) -> str:
    with capture_logs() as logs:
        open_database(Document(), state).close()
    (restored,) = [one for one in logs if one["event"] == "database-restored"]
    assert restored["revision"] == COPIED
    return str(restored["lost"])


def test_what_the_copy_lacks_is_told_by_the_truststore(state: Path) -> None:
    TrustStore(state).rebuild((), revision=COPIED + 3)
    assert lost(state).endswith("changes made since are missing from it, 3 in all")


def test_a_copy_of_the_last_change_lacks_nothing(state: Path) -> None:
    TrustStore(state).rebuild((), revision=COPIED)
    assert lost(state) == "nothing"


def test_without_a_truststore_it_is_said_that_nobody_knows(state: Path) -> None:
    TrustStore(state).rebuild((), revision=COPIED + 3)
    shutil.rmtree(state / "truststore")
    assert lost(state).startswith("unknown: ")


def test_a_loss_is_refused_unless_the_file_accepts_it_and_then_told(state: Path) -> None:
    TrustStore(state).rebuild((), revision=COPIED + 1)
    with pytest.raises(RolledBack, match="missing from it, 1 in all"):
        open_kept(Document(), state)
    forced = Document(truststore=Truststore(force_recovery=True))
    with capture_logs() as logs:
        open_kept(forced, state).database.close()
    (told,) = [one for one in logs if one["event"] == "changes-lost"]
    assert told["detail"].endswith("1 in all")
