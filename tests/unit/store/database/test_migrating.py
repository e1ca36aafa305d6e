"""Alembic is fetched where it has something to do, and agrees about what that is."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from ostiary.store.database.database import Database
from ostiary.store.database.engines import sqlite_url
from ostiary.store.database.migrating import KEPT_HISTORY, SEEN_HISTORY, History
from ostiary.store.ledger.ledger import _HISTORY as LEDGER_HISTORY

OPEN = """
import sys
from datetime import UTC, datetime
from ostiary.store.database.database import Database
Database.open(sys.argv[1], now=datetime.now(UTC)).close()
print("alembic" in sys.modules)
"""


@pytest.mark.parametrize("history", [KEPT_HISTORY, SEEN_HISTORY, LEDGER_HISTORY])
def test_a_script_is_in_a_file_named_by_its_number(history: History) -> None:
    config = Config()
    config.set_main_option("script_location", str(history.scripts))
    config.set_main_option("path_separator", "os")
    walked = ScriptDirectory.from_config(config).walk_revisions()
    assert tuple(script.revision for script in walked) == history.numbers[::-1]


def test_a_database_of_today_is_opened_without_alembic(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "ostiary.db")
    Database.open(url, now=datetime.now(UTC)).close()
    done = subprocess.run(
        [sys.executable, "-c", OPEN, url], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
