import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ostiary.store.database.database import Database
from ostiary.store.database.lazily import Lazily
from ostiary.store.database.records import AuditFilter
from tests.unit.store.database.samples import DAY, NOW, entry


def test_entries_come_back_the_newest_first_page_by_page(database: Database) -> None:
    with database.begin() as work:
        numbers = [work.audit.append(entry(of=str(n), after={"n": [n]})) for n in range(5)]
    assert numbers == sorted(set(numbers))
    with database.reading() as work:
        first = work.audit.page(limit=3)
        rest = work.audit.page(before=first[-1].id, limit=3)
    assert [one.entry.object for one in (*first, *rest)] == ["4", "3", "2", "1", "0"]
    assert first[0].entry == entry(of="4", after={"n": [4]})


def test_entries_are_found_by_who_what_and_when(database: Database) -> None:
    with database.begin() as work:
        work.audit.append(entry("trusted.add", actor="ada", of="a"))
        work.audit.append(entry("trusted.remove", actor="eve", of="b", at=NOW + DAY))
        work.audit.append(entry("trustedness", actor="eve", of="c", at=NOW + 2 * DAY))

        def found(only: AuditFilter) -> list[str]:
            return [one.entry.object for one in work.audit.page(only)]

        assert found(AuditFilter(actor="eve")) == ["c", "b"]
        assert found(AuditFilter(action="trusted.")) == ["b", "a"]
        assert found(AuditFilter(action="trusted.add")) == ["a"]
        assert found(AuditFilter(object="c")) == ["c"]
        assert found(AuditFilter(since=NOW + DAY, until=NOW + 2 * DAY)) == ["b"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit SET actor = 'nobody'",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit",
    ],
)
def test_the_database_itself_refuses_to_change_what_was_logged(
    database: Database, url: str, change: str
) -> None:
    if ("TRUNCATE" in change and url.startswith("sqlite")) or (
        "OR REPLACE" in change and url.startswith("postgresql")
    ):
        pytest.skip("this database has no such statement")
    with database.begin() as work:
        work.audit.append(entry())
    with (
        pytest.raises(DBAPIError, match="append only"),
        Lazily(database._place.kept, writes=True) as raw,
    ):
        raw.connection().execute(text(change))
    with database.reading() as work:
        assert [one.entry for one in work.audit.page()] == [entry()]
