"""What a fetched list replaces, and when the next one is looked for."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.services.list_sources import (
    MOST_COPIES,
    Held,
    NotTaken,
    nearest_end,
    next_look,
    next_try,
    take_in,
)
from ostiary.services.lists import ListFile
from ostiary.trust.believing import believed
from ostiary.trust.finding import Listed
from ostiary.trust.revocation import Register
from ostiary.x509.revocation import RevocationList
from tests.support.lists import ELSEWHERE, HERE, list_of, point
from tests.support.pki import DAY, Kit, Made

NOW = datetime(2026, 5, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    return Kit(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def root(kit: Kit) -> Made:
    return kit.root("root")


@pytest.fixture(scope="module")
def other(kit: Kit) -> Made:
    return kit.root("other")


def by(*known: Made) -> Callable[[RevocationList], bool]:
    path = [one.certificate for one in known]
    return lambda one: believed(one, path) is not None


def content(*lists: RevocationList) -> ListFile:
    return ListFile("".join(one.sha256.hex() for one in lists), lists)


def held(*lists: RevocationList) -> Held:
    return Held((content(*lists),))


def test_a_newer_list_replaces_the_one_before(root: Made) -> None:
    old, new = list_of(root, number=5), list_of(root, number=6)
    assert take_in(held(old), content(new), by(root)).every == (new,)
    assert take_in(Held(), content(new), by(root)).every == (new,)


def test_an_older_list_replaces_nothing(root: Made, kit: Kit) -> None:
    with pytest.raises(NotTaken, match="older"):
        take_in(held(list_of(root, number=6)), content(list_of(root, number=5)), by(root))
    early, late = (list_of(root, begin=kit.now - days * DAY) for days in (3, 2))
    with pytest.raises(NotTaken, match="older"):
        take_in(held(late), content(early), by(root))
    assert take_in(held(early), content(late), by(root)).every == (late,)


def test_the_same_number_again_is_taken(root: Made) -> None:
    first, again = list_of(root, number=5), list_of(root, number=5, end=datetime.now(UTC) + DAY)
    assert take_in(held(first), content(again), by(root)).every == (again,)


def test_a_list_that_nobody_has_signed_pushes_out_none_that_is_believed(
    root: Made, other: Made
) -> None:
    good, forged = list_of(root, number=5), list_of(root, number=99, signer=other)
    with pytest.raises(NotTaken, match="signed by nobody"):
        take_in(held(good), content(forged), by(root))
    # Where nothing is believed yet, as with an intermediate that nobody has met, it may wait there.
    assert take_in(Held(), content(forged), by(root)).every == (forged,)
    assert take_in(held(forged), content(good), by(root)).every == (good,)


def test_an_older_list_replaces_none_while_its_issuer_is_not_known(root: Made, kit: Kit) -> None:
    client = kit.client(root, "client")
    new, old = list_of(root, {client: None}, number=6), list_of(root, number=5)
    found = take_in(held(new), content(old), by())
    assert set(found.every) == {new, old}
    # Once it is known, numbers tell which of them counts.
    register = Register(found.every, [root.certificate])
    path = [client.certificate, root.certificate]
    assert isinstance(register.look_up(path, datetime.now(UTC)), Listed)
    with pytest.raises(NotTaken, match="older"):
        take_in(found, content(old), by(root))
    newer = list_of(root, number=7)
    assert take_in(found, content(newer), by(root)).every == (newer,)


def test_of_what_nobody_can_verify_yet_few_wait_those_with_the_highest_numbers(root: Made) -> None:
    found = Held()
    for number in (6, 3, 2, 1, 2):
        found = take_in(found, content(list_of(root, number=number)), by())
    assert [one.number for one in found.every] == [2, 6, 3]


def test_what_nobody_can_verify_pushes_out_no_list_that_is_believed(
    root: Made, other: Made
) -> None:
    urls = [f"http://a.example/{number}.crl" for number in range(MOST_COPIES)]
    mine = [list_of(root, number=2, extensions=point(url)) for url in urls]
    *first, replaced, last = mine
    older = list_of(root, number=1, extensions=point(urls[-2]))
    found = Held()
    for lists in (*((one,) for one in first), (older, list_of(other)), (replaced,), (last,)):
        found = take_in(found, content(*lists), by(root))
    assert set(found.every) == set(mine)


def test_another_authority_s_list_comes_beside(root: Made, other: Made) -> None:
    mine, foreign = list_of(root, number=5), list_of(other, number=99)
    both = take_in(held(mine), content(foreign), by(root, other))
    assert set(both.every) == {mine, foreign}
    assert both.newest == (foreign,)
    newer = list_of(root, number=6)
    assert set(take_in(both, content(newer), by(root, other)).every) == {newer, foreign}


def test_of_a_bundle_what_is_missing_in_the_next_one_stays(root: Made) -> None:
    here = list_of(root, number=5, extensions=point(HERE))
    there = list_of(root, number=5, extensions=point(ELSEWHERE))
    newer = list_of(root, number=6, extensions=point(HERE))
    found = take_in(held(here, there), content(newer), by(root))
    assert {newer, there} <= set(found.every)


def test_what_is_kept_beside_is_bounded(root: Made) -> None:
    found = Held()
    for number in range(MOST_COPIES + 4):
        url = f"http://a.example/{number}.crl"
        one = list_of(root, number=1, extensions=point(url))
        found = take_in(found, content(one), by(root))
    assert len(found.copies) == MOST_COPIES


@given(st.floats(0, 1), st.integers(1, 10**7))
def test_the_next_look_comes_before_the_end_and_not_at_once(chance: float, left: int) -> None:
    ends = NOW + timedelta(seconds=left)
    at = next_look(NOW, ends, HOUR, chance)
    assert NOW + timedelta(seconds=15) <= at <= NOW + HOUR
    if left >= 60:
        assert at < ends


@given(st.floats(0, 1), st.integers(1, 10**6))
def test_tries_come_more_rarely_and_never_stop(chance: float, failures: int) -> None:
    at = next_try(NOW, failures, HOUR, chance)
    assert NOW + timedelta(seconds=7) <= at <= NOW + HOUR
    assert next_try(NOW, failures + 1, HOUR, chance) >= at


def test_of_lists_about_the_same_the_newest_ends(root: Made, kit: Kit) -> None:
    old = list_of(root, number=5, end=kit.now + DAY)
    new = list_of(root, number=6, end=kit.now + 3 * DAY)
    assert nearest_end((old, new)) == new.next_update
    assert nearest_end(()) is None
