from datetime import timedelta, timezone

import pytest

from ostiary.store.database.database import Database
from ostiary.store.database.errors import NameTaken, NoSuch, NotStorable, StillTrusted
from ostiary.store.database.records import Bundle
from tests.unit.store.database.samples import DAY, NOW, shelved, summary


def test_every_upload_is_kept_as_the_next_version(database: Database) -> None:
    with database.begin() as work:
        component = shelved(work, "partner", summary("CN=one"), summary("CN=two"))
    with database.reading() as work:
        newest, oldest = work.library.versions(component.id)
        assert (newest.number, newest.summary) == (2, summary("CN=two"))
        assert oldest == work.library.version(component.id, 1)
        assert work.library.pem(component.id, 1) == "PEM 1 of partner"
        assert work.library.component(component.id) == component
        assert (component.created, component.created_by) == (NOW, "ada")


def test_times_come_back_in_utc_whatever_zone_they_went_in_with(database: Database) -> None:
    with database.begin() as work:
        elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
        component = work.library.add(name="a", description="", at=elsewhere, by="")
    with database.reading() as work:
        created = work.library.component(component.id).created
    assert created == NOW
    assert created.utcoffset() == timedelta(0)


def test_a_time_without_zone_is_refused(database: Database) -> None:
    with (
        pytest.raises(Exception, match="has no time zone"),
        database.begin() as work,
    ):
        work.library.add(name="a", description="", at=NOW.replace(tzinfo=None), by="")


def test_a_name_is_given_once(database: Database) -> None:
    with database.begin() as work:
        shelved(work, "partner")
        other = shelved(work, "other")
        with pytest.raises(NameTaken, match="component 'partner'"):
            shelved(work, "partner")
        with pytest.raises(NameTaken):
            work.library.describe(other.id, name="partner", description="")
        work.library.describe(other.id, name="other", description="new words")
        assert work.library.component(other.id).description == "new words"


def test_what_is_not_there_is_told(database: Database) -> None:
    with database.begin() as work:
        component = shelved(work, "partner")
        for ask in (
            lambda: work.library.component(99),
            lambda: work.library.versions(99),
            lambda: work.library.version(component.id, 1),
            lambda: work.library.pem(component.id, 1),
            lambda: work.library.retire(component.id, 1, retired=True),
            lambda: work.library.remove(99),
            lambda: work.trusted.add(component.id, 1, at=NOW, by=""),
            lambda: work.trusted.entry(1),
            lambda: work.trusted.remove(1),
        ):
            with pytest.raises(NoSuch):
                ask()


def test_the_lookup_offers_what_is_active_and_valid(database: Database) -> None:
    with database.begin() as work:
        shelved(work, "good", summary())
        shelved(work, "expired", summary(after=NOW - DAY))
        shelved(work, "future", summary(before=NOW + DAY))
        shelved(work, "empty")
        retired = shelved(work, "retired", summary())
        older = shelved(work, "older", summary("CN=first"), summary("CN=second"))
        work.library.retire(retired.id, 1, retired=True)
        work.library.retire(older.id, 2, retired=True)
        offered = work.library.page(offered_at=NOW)
        assert [row.component.name for row in offered.items] == ["good", "older"]
        assert offered.total == 2
        row = offered.items[1]
        assert row.newest is not None
        assert (row.newest.number, row.versions) == (1, 2)
        everything = work.library.page(limit=2, offset=1)
        assert [row.component.name for row in everything.items] == ["expired", "future"]
        assert everything.total == 6


def test_searching_looks_in_names_descriptions_and_subjects(database: Database) -> None:
    with database.begin() as work:
        shelved(work, "partner 100% a_b", summary("CN=Deep,O=Example"))
        shelved(work, "another 1000 aXb", summary("CN=Other"))
        for search in ("PARTNER", "about part", "cn=deep", "100%", "a_b"):
            found = work.library.page(search=search).items
            assert [row.component.name for row in found] == ["partner 100% a_b"], search


def test_a_component_in_use_can_not_be_removed(database: Database) -> None:
    with database.begin() as work:
        component = shelved(work, "partner", summary())
        trusted = work.trusted.add(component.id, 1, at=NOW, by="ada")
        with pytest.raises(StillTrusted, match="'partner' is among"):
            work.library.remove(component.id)
        work.trusted.remove(trusted.id)
        work.library.remove(component.id)
        assert work.library.named("partner") is None
        again = shelved(work, "partner")
        assert again.id > component.id


def test_trusted_entries_tell_when_a_newer_version_exists(database: Database) -> None:
    with database.begin() as work:
        component = shelved(work, "partner", summary("CN=one"), summary("CN=two"))
        first = work.trusted.add(component.id, 1, at=NOW, by="ada")
        with pytest.raises(NameTaken):
            work.trusted.add(component.id, 1, at=NOW, by="ada")
        second = work.trusted.add(component.id, 2, at=NOW, by="eve")
        rows = work.trusted.page().items
        assert [(row.trusted, row.newest) for row in rows] == [(first, 2), (second, 2)]
        assert rows[0].version.summary.subject == "CN=one"
        assert work.trusted.entry(second.id) == rows[1]
        assert work.trusted.of_component(component.id) == (first, second)
        assert work.trusted.page(search="cn=TWO").total == 1
        assert work.trusted.count() == 2
        work.library.retire(component.id, 2, retired=True)
        assert work.trusted.entry(first.id).newest == 1


def test_the_bundles_in_force_are_those_of_trusted_versions_only(database: Database) -> None:
    with database.begin() as work:
        component = shelved(work, "partner", summary(), summary())
        shelved(work, "unused", summary())
        trusted = work.trusted.add(component.id, 2, at=NOW, by="ada")
    with database.reading() as work:
        assert list(work.trusted.in_force()) == [
            Bundle(trusted=trusted.id, component="partner", version=2, pem="PEM 2 of partner")
        ]


def test_text_that_no_database_keeps_is_refused(database: Database) -> None:
    for name, told in (
        ("x" * 201, "201 characters"),
        ("a\0b", "no database"),
        ("a\ud800", "no database"),
    ):
        with pytest.raises(NotStorable, match=told), database.begin() as work:
            work.library.add(name=name, description="", at=NOW, by="")


def test_a_number_beyond_all_databases_is_refused(database: Database) -> None:
    for number in (2**63, -(2**63) - 1, 2**200):
        with pytest.raises(NotStorable), database.reading() as work:
            work.library.component(number)


def test_names_are_data(database: Database) -> None:
    name = "Robert'); DROP TABLE components;--"
    with database.begin() as work:
        shelved(work, name)
    with database.reading() as work:
        assert [row.component.name for row in work.library.page(search="');").items] == [name]
