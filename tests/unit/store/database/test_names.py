import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ostiary.store.database.database import Database
from ostiary.store.database.errors import NameTaken, NoSuch, NotStorable, TooMany
from ostiary.store.database.names import LONGEST_LIST
from ostiary.store.database.records import Scope
from tests.unit.store.database.samples import DAY, NOW

GATEWAY = Scope()
ORDERS = Scope("orders")


def test_patterns_keep_the_operators_order(database: Database) -> None:
    wanted = ("CN=z", "CN=a,**", "CN=ü ' \"")
    with database.begin() as work:
        assert work.names.replace(GATEWAY, [*wanted, "CN=z"], at=NOW, by="ada") == 3
    with database.reading() as work:
        assert work.names.patterns(GATEWAY) == wanted
        assert work.names.count(GATEWAY) == 3
        assert work.names.patterns(ORDERS) == ()


def test_scopes_are_apart_even_if_an_api_is_called_gateway(database: Database) -> None:
    tricky = Scope("gateway")
    with database.begin() as work:
        work.names.add(GATEWAY, "CN=a", at=NOW, by="")
        work.names.add(tricky, "CN=a", at=NOW, by="")
        work.names.add(tricky, "CN=b", at=NOW, by="")
        assert work.names.clear(tricky) == 2
        assert work.names.patterns(GATEWAY) == ("CN=a",)
        work.names.add(ORDERS, "CN=c", at=NOW, by="")
        assert set(work.names.scopes()) == {GATEWAY, ORDERS}


def test_a_pattern_that_stays_keeps_its_note_and_who_added_it(database: Database) -> None:
    with database.begin() as work:
        work.names.add(GATEWAY, "CN=old", note="why", at=NOW, by="ada")
        work.names.replace(
            GATEWAY, ["CN=new", "CN=old"], notes={"CN=new": "later"}, at=NOW + DAY, by="eve"
        )
        new, old = work.names.page(GATEWAY).items
        assert (old.note, old.added, old.added_by) == ("why", NOW, "ada")
        assert (new.note, new.added, new.added_by) == ("later", NOW + DAY, "eve")
        work.names.replace(GATEWAY, ["CN=new", "CN=old"], notes={"CN=old": "x"}, at=NOW, by="")
        assert work.names.name(old.id).note == "x"


@given(lists=st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=10), min_size=2, max_size=6))
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_after_any_replacements_the_list_is_what_was_given_last(
    database: Database, lists: list[list[str]]
) -> None:
    with database.begin() as work:
        for patterns in lists:
            work.names.replace(GATEWAY, patterns, at=NOW, by="")
            assert work.names.patterns(GATEWAY) == tuple(dict.fromkeys(patterns))


def test_adding_goes_to_the_end_and_once_only(database: Database) -> None:
    with database.begin() as work:
        work.names.replace(GATEWAY, ["CN=a", "CN=b"], at=NOW, by="")
        added = work.names.add(GATEWAY, "CN=0", note="n", at=NOW, by="ada")
        with pytest.raises(NameTaken, match="'CN=a'"):
            work.names.add(GATEWAY, "CN=a", at=NOW, by="")
        assert work.names.patterns(GATEWAY) == ("CN=a", "CN=b", "CN=0")
        work.names.note(added.id, "other")
        assert work.names.name(added.id).note == "other"
        work.names.remove(added.id)
        for act in (work.names.name, work.names.remove, lambda n: work.names.note(n, "")):
            with pytest.raises(NoSuch):
                act(added.id)


def test_pages_and_searches_follow_the_order(database: Database) -> None:
    with database.begin() as work:
        work.names.replace(GATEWAY, [f"CN=d{n}" for n in range(20)], at=NOW, by="")
        page = work.names.page(GATEWAY, offset=5, limit=2)
        assert ([name.pattern for name in page.items], page.total) == (["CN=d5", "CN=d6"], 20)
        found = work.names.page(GATEWAY, search="cn=D1", limit=3)
        patterns = [name.pattern for name in found.items]
        assert (patterns, found.total) == (["CN=d1", "CN=d10", "CN=d11"], 11)


def test_a_list_has_an_end(database: Database) -> None:
    with database.begin() as work:
        work.names.add(GATEWAY, "CN=kept", at=NOW, by="")
        with pytest.raises(TooMany):
            work.names.replace(GATEWAY, map(str, range(LONGEST_LIST + 1)), at=NOW, by="")
        assert work.names.patterns(GATEWAY) == ("CN=kept",)


def test_a_pattern_longer_than_any_index_takes_is_kept_whole(database: Database) -> None:
    long = "CN=" + "é" * 8_000
    with database.begin() as work:
        work.names.replace(GATEWAY, [long], at=NOW, by="")
        assert work.names.patterns(GATEWAY) == (long,)
    with pytest.raises(NotStorable), database.begin() as work:
        work.names.add(GATEWAY, "x" * 8_193, at=NOW, by="")
