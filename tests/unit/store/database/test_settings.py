import pytest

from ostiary.store.database.database import Database
from ostiary.store.database.records import JsonValue, Scope
from ostiary.store.database.work import Work
from tests.unit.store.database.samples import NOW


def test_any_json_comes_back(database: Database) -> None:
    values: tuple[JsonValue, ...] = (None, True, 0, 1.5, "", "\0 \ud800 ü", [], {"a": [{}]}, 2**80)
    for value in values:
        with database.begin() as work:
            work.settings.put(Scope(), "key", value)
        with database.reading() as work:
            assert work.settings.of(Scope()) == {"key": value}


def test_what_is_not_set_has_no_row(database: Database) -> None:
    orders = Scope("orders")
    with database.begin() as work:
        work.settings.put(orders, "required", False)
        work.settings.put(orders, "required", True)
        work.settings.put(orders, "deny", [])
        work.settings.put(Scope(), "type", "certificate")
        assert work.settings.all() == {
            Scope(): {"type": "certificate"},
            orders: {"required": True, "deny": []},
        }
        assert work.settings.remove(orders, "deny")
        assert not work.settings.remove(orders, "deny")
        assert work.settings.clear(orders) == 1
        assert work.settings.of(orders) == {}


def test_not_a_number_is_no_setting(database: Database) -> None:
    with pytest.raises(ValueError, match="JSON"), database.begin() as work:
        work.settings.put(Scope(), "key", float("nan"))


def test_the_revision_grows_with_each_change_and_not_with_one_undone(database: Database) -> None:
    with database.begin() as work:
        assert work.revision.current() == 0
        assert work.revision.grow() == 1
    with pytest.raises(ValueError, match="JSON"), database.begin() as work:
        spoilt(work)
    with database.begin() as work:
        assert work.library.named("gone") is None
        assert work.revision.grow() == 2
        assert work.revision.grow(beyond=9) == 10
        assert work.revision.grow(beyond=3) == 11


def spoilt(work: Work) -> None:
    work.revision.grow()
    work.library.add(name="gone", description="", at=NOW, by="")
    work.settings.put(Scope(), "key", float("inf"))
