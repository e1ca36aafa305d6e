"""Alembic is imported only where it has something to do."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from ostiary.store.database.database import Database
from ostiary.store.database.engines import sqlite_url

OPEN = """
import sys
from datetime import UTC, datetime
from ostiary.store.database.database import Database
Database.open(sys.argv[1], now=datetime.now(UTC)).close()
print("alembic" in sys.modules)
"""


def test_a_database_of_today_is_opened_without_alembic(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "ostiary.db")
    Database.open(url, now=datetime.now(UTC)).close()
    done = subprocess.run(
        [sys.executable, "-c", OPEN, url], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
