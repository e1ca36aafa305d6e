"""Many consumers at once are the same as one after the other."""

from uuid import UUID

import pytest

from ostiary.consumers.certificates import CertificateRule
from ostiary.consumers.model import ConsumerKind, CredentialType
from ostiary.store.database.consumer_records import About, NewConsumer, NewCredential
from ostiary.store.database.database import Database
from ostiary.store.database.errors import NotStorable
from tests.unit.store.database.conftest import Opener
from tests.unit.store.database.samples import NOW

KEY = CredentialType.KEY_AUTH
MANY = 1_201


def uuid(number: int) -> UUID:
    return UUID(int=number, version=4)


@pytest.fixture
def database(opened: Opener) -> Database:
    return opened()


def fill(database: Database) -> None:
    """Users, each with an app, and a key of each app."""
    users = [NewConsumer(uuid=uuid(n), name=f"user-{n}") for n in range(MANY)]
    apps = [
        NewConsumer(uuid=uuid(n + MANY), name="phone", owner=uuid(n), active=n % 2 == 0)
        for n in range(MANY)
    ]
    keys = [
        NewCredential(consumer=uuid(n + MANY), type=KEY, name=f"key-{n}", secret="kept")
        for n in range(MANY)
    ]
    with database.begin() as work:
        # Owners come first, whatever the order.
        work.consumer_bulk.add_consumers([*apps, *users], at=NOW)
        work.consumer_bulk.add_credentials(keys, at=NOW)


def test_who_was_added_with_many_is_found_by_id_by_name_and_by_credential(
    database: Database,
) -> None:
    fill(database)
    with database.reading() as work:
        found = work.consumer_bulk.by_id([uuid(3), uuid(MANY + 3), uuid(5 * MANY)])
        assert {one.name for one in found.values()} == {"user-3", "phone"}
        assert found[uuid(MANY + 3)].owner == uuid(3)
        names = [f"user-{n}" for n in range(2 * MANY)]
        assert len(work.consumer_bulk.users([*names, "phone"])) == MANY
        numbers = [found[uuid(3)].number, found[uuid(3)].number + 1]
        apps = work.consumer_bulk.apps((number, "phone") for number in numbers)
        assert {(uuid(3), "phone"), (uuid(4), "phone")} == apps.keys()
        named = [(KEY, f"key-{n}") for n in range(2 * MANY)]
        holders = work.consumer_bulk.holders([*named, (CredentialType.JWT, "key-1")])
        assert len(holders) == MANY
        assert holders[KEY, "key-7"] == uuid(MANY + 7)


def test_what_was_added_with_many_reads_as_what_was_added_alone(database: Database) -> None:
    about = About(firstname="Ada", email="ada@example.com")
    rule = CertificateRule(fingerprint="ab" * 32)
    user = NewConsumer(uuid=uuid(1), name="ada", about=about, active=False)
    alone = NewConsumer(uuid=uuid(2), name="eve", about=about, active=False)
    with database.begin() as work:
        work.consumer_bulk.add_consumers([user], at=NOW)
        work.consumers.add(alone, at=NOW)
        for whose, name in ((user, "a"), (alone, "b")):
            new = NewCredential(
                consumer=whose.uuid,
                type=CredentialType.CERTIFICATE,
                name=name,
                scopes=("read", "write"),
                rules=(rule,),
                valid_until=NOW,
            )
            if name == "a":
                work.consumer_bulk.add_credentials([new], at=NOW)
            else:
                work.credentials.add(new, at=NOW)
    with database.reading() as work:
        bulk, single = work.consumers.page(ConsumerKind.USER).items
        same = ("about", "active", "kind", "owner", "created", "updated")
        assert [getattr(bulk, one) for one in same] == [getattr(single, one) for one in same]
        first, second = work.credentials.page().items
        same = ("type", "scopes", "active", "rules", "valid_from", "valid_until", "created")
        assert [getattr(first, one) for one in same] == [getattr(second, one) for one in same]
        assert first.valid_until == NOW


def test_a_name_that_no_database_keeps_adds_nobody(database: Database) -> None:
    users = [NewConsumer(uuid=uuid(n), name=name) for n, name in enumerate(("ada", "e\0ve"))]
    with pytest.raises(NotStorable), database.begin() as work:
        work.consumer_bulk.add_consumers(users, at=NOW)
    with database.reading() as work:
        assert not work.consumers.page(ConsumerKind.USER).items
