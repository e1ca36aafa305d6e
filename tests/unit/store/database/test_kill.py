"""Nothing acknowledged is lost when the process is killed at any moment."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from ostiary.store.database.database import Database
from ostiary.store.database.engines import sqlite_url
from ostiary.store.database.records import Scope
from ostiary.store.soundness import Sound
from tests.unit.store.database.samples import NOW

COMMITTER = """
import sys
from datetime import UTC, datetime
from ostiary.store.database.database import Database
from ostiary.store.database.records import AuditEntry, Scope
now = datetime(2026, 7, 1, tzinfo=UTC)
database = Database.open(sys.argv[1], now=now)
while True:
    with database.begin() as work:
        number = work.revision.grow()
        work.settings.put(Scope(), "number", number)
        work.names.add(Scope(), f"CN={number}", at=now, by="")
        work.audit.append(AuditEntry(at=now, actor="", action="", object="", before=None,
                                     after=number, request_id=""))
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
    if number % 7 == 0:
        database.save_last_good()
"""


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_what_was_acknowledged_survives_kill_9(url: str) -> None:
    acknowledged = 0
    for round_ in range(3):
        child = subprocess.Popen(
            [sys.executable, "-c", COMMITTER, url], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        with child.stdout:
            # Killed at another point each time, the first time while it is just beginning.
            lines = [child.stdout.readline() for _ in range(1 + 12 * round_)]
            time.sleep(0.003 * round_)
            child.kill()
            lines += child.stdout.readlines()
        child.wait()
        acknowledged = max(acknowledged, *(int(line) for line in lines if line.endswith("\n")))
        with Database.open(url, now=NOW) as database:
            assert database.check() == Sound()
            with database.reading() as work:
                number = work.revision.current()
                # At most the commit whose answer could not be told any more.
                assert acknowledged <= number <= acknowledged + 1
                assert work.settings.of(Scope()) == {"number": number}
                assert work.names.count(Scope()) == number
                assert [one.entry.after for one in work.audit.page(limit=1)] == [number]


def test_killed_while_making_the_tables_the_next_start_makes_them(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "ostiary.db")
    opener = "import sys; from datetime import *; from ostiary.store.database.database import *; "
    opener += "print(flush=True); Database.open(sys.argv[1], now=datetime.now(UTC))"
    for delay in (0.01, 0.05):
        child = subprocess.Popen(
            [sys.executable, "-c", opener, url], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert child.stdout is not None
        with child.stdout:
            child.stdout.readline()
            time.sleep(delay)
            child.kill()
        child.wait()
        with Database.open(url, now=NOW) as database, database.reading() as work:
            assert work.revision.current() == 0
        for file in tmp_path.iterdir():
            file.unlink()
