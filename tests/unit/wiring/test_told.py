"""Which rows are whose, also where something had to be forgotten."""

from uuid import UUID

from ostiary.consumers.changes import Changed
from ostiary.consumers.model import CredentialType
from ostiary.wiring.told import Told

KEY = CredentialType.KEY_AUTH
A, B = UUID(int=1), UUID(int=2)


def credentials(*names: str) -> Changed:
    return Changed(credentials=frozenset((KEY, one) for one in names))


def consumers(*ids: UUID) -> Changed:
    return Changed(consumers=frozenset(ids))


def test_rows_are_found_by_credential_and_by_consumer() -> None:
    told = Told()
    told.note((KEY, "a"), A, (7, "r1"), now=0, until=10)
    told.note((KEY, "a"), A, (8, "r1"), now=0, until=10)
    told.note((KEY, "a2"), A, (7, "r2"), now=0, until=10)
    told.note((KEY, "b"), B, (7, "r3"), now=0, until=10)
    assert told.rows_of(credentials("a"), 0) == {(7, "r1"), (8, "r1")}
    assert told.rows_of(consumers(A), 0) == {(7, "r1"), (8, "r1"), (7, "r2")}
    assert told.rows_of(consumers(B), 0) == {(7, "r3")}
    assert told.rows_of(credentials("unheard"), 0) == frozenset()


def test_a_wrong_one_is_found_by_the_name_it_claimed_and_changes_no_owner() -> None:
    told = Told()
    told.note((KEY, "a"), A, (7, "good"), now=0, until=100)
    told.note((KEY, "a"), None, (7, "wrong"), now=0, until=10)
    assert told.rows_of(consumers(A), 0) == {(7, "good"), (7, "wrong")}
    told.note((KEY, "new"), None, (7, "early"), now=0, until=10)
    assert told.rows_of(credentials("new"), 0) == {(7, "early")}
    told.note((KEY, "new"), B, (7, "then"), now=0, until=10)
    assert told.rows_of(consumers(B), 0) == {(7, "early"), (7, "then")}


def test_what_was_forgotten_may_hold_until_its_time_is_up() -> None:
    told = Told(capacity=1)
    told.note((KEY, "a"), A, (7, "r1"), now=0, until=50)
    told.note((KEY, "b"), B, (7, "r2"), now=0, until=90)
    assert told.rows_of(credentials("b"), 49) is None
    assert told.rows_of(credentials("b"), 50) == {(7, "r2")}


def test_rows_that_have_ended_make_room_and_too_many_are_forgotten_together() -> None:
    told = Told()
    for number in range(200):
        told.note((KEY, "a"), A, (7, f"r{number}"), now=number, until=number + 5)
    found = told.rows_of(credentials("a"), 200)
    assert found is not None
    assert (7, "r199") in found
    for number in range(200):
        told.note((KEY, "a"), A, (7, f"s{number}"), now=300, until=400)
    assert told.rows_of(credentials("a"), 399) is None


def test_a_credential_that_became_another_s_leaves_the_first_one_s() -> None:
    told = Told()
    told.note((KEY, "a"), A, (7, "r1"), now=0, until=50)
    told.note((KEY, "a"), B, (7, "r2"), now=0, until=50)
    assert told.rows_of(consumers(A), 49) is None
    assert told.rows_of(consumers(A), 50) == frozenset()


def test_a_worker_that_ended_has_no_rows() -> None:
    told = Told()
    told.note((KEY, "a"), A, (7, "r1"), now=0, until=50)
    told.note((KEY, "a"), A, (8, "r1"), now=0, until=50)
    told.forget_worker(7)
    assert told.rows_of(consumers(A), 0) == {(8, "r1")}
