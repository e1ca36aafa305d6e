"""Blocked certificates in the database."""

from datetime import datetime

import pytest
from sqlalchemy import text

from ostiary.kernel.blocked import NOBODY, Blocked
from ostiary.store.database import blocked as module
from ostiary.store.database.blocked import NewBlock
from ostiary.store.database.database import Database
from ostiary.store.database.errors import NoSuch, NotStorable, TooMany
from tests.unit.store.database.samples import DAY, NOW


def mark(number: int) -> bytes:
    return number.to_bytes(32, "big")


def add(
    database: Database, *numbers: int, note: str = "", until: datetime | None = None, **more: str
) -> tuple[int, ...]:
    blocks = [NewBlock(mark=mark(one), fingerprint=mark(one).hex(), **more) for one in numbers]
    with database.begin() as work:
        return work.blocked.add(blocks, note=note, until=until, at=NOW, by="ada")


def in_force(database: Database, known: Blocked = NOBODY) -> Blocked:
    with database.reading() as work:
        return work.blocked.in_force(known)


def test_what_was_blocked_is_found_by_its_mark(database: Database) -> None:
    add(database, 1, note="stolen", until=NOW + DAY)
    found = in_force(database).find([mark(2), mark(1)], NOW)
    assert found is not None
    assert (found.note, found.by, found.at, found.until) == ("stolen", "ada", NOW, NOW + DAY)
    assert in_force(database).find([mark(1)], NOW + DAY) is None


def test_issuer_and_serial_are_kept_as_they_were_written(database: Database) -> None:
    with database.begin() as work:
        one = NewBlock(mark=mark(1), issuer="CN=ca, O=x", serial="A1F")
        (number,) = work.blocked.add([one], note="", until=None, at=NOW, by="ada")
        kept = work.blocked.one(number)
        assert (kept.issuer, kept.serial, kept.fingerprint) == ("CN=ca, O=x", "A1F", "")
        assert work.blocked.in_force(NOBODY).serials == {0xA1F}


def test_whoever_is_blocked_again_is_so_once_with_the_new_words(database: Database) -> None:
    add(database, 1, 2, note="first")
    (again,) = add(database, 1, note="second")
    with database.reading() as work:
        page = work.blocked.page()
    assert [(one.id, one.note) for one in page.items] == [(again, "second"), (2, "first")]


def test_a_known_state_is_brought_up_to_date_by_what_changed(database: Database) -> None:
    known = in_force(database)
    assert known is NOBODY
    for change in (
        lambda: add(database, 1, 2, 3),
        lambda: add(database, 4),
        lambda: add(database, 2, note="anew"),
        lambda: removed(database, 1),
        lambda: (removed(database, 5), add(database, 6)),
        lambda: [removed(database, one) for one in (3, 4, 6)],
    ):
        change()
        known = in_force(database, known)
        assert dict(known.by_mark) == dict(in_force(database).by_mark)
    assert len(known) == 0
    assert in_force(database, known) is known


def removed(database: Database, number: int) -> None:
    with database.begin() as work:
        work.blocked.remove(number)


def test_numbers_are_never_used_again(database: Database) -> None:
    (first,) = add(database, 1)
    removed(database, first)
    (second,) = add(database, 1)
    assert second > first


def test_one_more_reads_one_more(database: Database) -> None:
    add(database, *range(50))
    known = in_force(database)
    add(database, 99)
    with database.begin() as work:
        # Whatever else is in the table is not looked at again.
        work.blocked._connection.execute(text("UPDATE blocked SET seal = mark WHERE id <= 50"))
        assert len(work.blocked.in_force(known)) == 51


def test_pages_search_all_that_is_told(database: Database) -> None:
    add(database, 0xABC, note="Lost in Lyon", subject="CN=device-7")
    add(database, 2, subject="CN=100%")
    for search, found in (("lyon", 1), ("DEVICE", 1), ("abc", 1), ("0%", 1), ("%", 1), ("x", 0)):
        with database.reading() as work:
            page = work.blocked.page(search=search)
        assert (len(page.items), page.total) == (found, found), search


def test_what_is_not_there_can_not_be_removed(database: Database) -> None:
    with pytest.raises(NoSuch, match="blocked certificate '7'"), database.begin() as work:
        work.blocked.remove(7)
    with pytest.raises(NoSuch), database.reading() as work:
        work.blocked.one(7)


def test_hostile_words_are_cut_or_refused(database: Database) -> None:
    add(database, 1, subject="CN=\0" + "x" * 1_000)
    with database.reading() as work:
        (one,) = work.blocked.page().items
    assert len(one.subject) == 512
    with pytest.raises(NotStorable):
        add(database, 2, note="\0")


def test_too_many_are_refused_and_none_of_them_kept(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_BLOCKED", 3)
    add(database, 1, 2, 3)
    with pytest.raises(TooMany):
        add(database, 4)
    add(database, 3, note="again")
    assert len(in_force(database)) == 3
