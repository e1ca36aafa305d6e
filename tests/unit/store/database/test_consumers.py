import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from ostiary.consumers.certificates import CertificateRule
from ostiary.consumers.model import ConsumerKind, CredentialType
from ostiary.store.database.consumer_directory import StoredDirectory
from ostiary.store.database.consumer_records import (
    About,
    NewConsumer,
    NewCredential,
    StoredConsumer,
    StoredCredential,
)
from ostiary.store.database.database import Database
from ostiary.store.database.engines import sqlite_url
from ostiary.store.database.errors import NameTaken, NoSuch, NotStorable
from ostiary.store.database.work import Work
from tests.unit.store.database.samples import DAY, NOW

KEY = CredentialType.KEY_AUTH


def uuid(number: int) -> UUID:
    return UUID(int=number)


def user(work: Work, number: int, name: str, about: About | None = None) -> StoredConsumer:
    new = NewConsumer(uuid=uuid(number), name=name, about=about or About())
    return work.consumers.add(new, at=NOW)


def app(work: Work, number: int, name: str, owner: int) -> StoredConsumer:
    return work.consumers.add(NewConsumer(uuid=uuid(number), name=name, owner=uuid(owner)), at=NOW)


def key(work: Work, consumer: int, name: str, *scopes: str) -> StoredCredential:
    new = NewCredential(
        consumer=uuid(consumer), type=KEY, name=name, secret="sha256$00", scopes=scopes
    )
    return work.credentials.add(new, at=NOW)


@pytest.fixture
def work(database: Database) -> Iterator[Work]:
    """Two users, an app of each with the same name, and a key of the first one's app."""
    with database.begin() as work:
        user(work, 1, "ada", About(firstname="Ada", lastname="L", email="ada@example.com"))
        user(work, 2, "bob")
        app(work, 11, "mobile", 1)
        app(work, 12, "mobile", 2)
        key(work, 11, "k1", "read", "write")
        yield work


def test_a_credential_is_found_with_its_consumer(work: Work) -> None:
    found = work.credentials.find(KEY, "k1")
    assert found is not None
    assert (found.consumer.id, found.consumer.kind) == (uuid(11), ConsumerKind.APP)
    assert (found.consumer.name, found.consumer.active) == ("mobile", True)
    assert (found.credential.id, found.credential.secret) == ("k1", "sha256$00")
    assert found.credential.scopes == {"read", "write"}
    assert found.credential.active
    assert work.credentials.find(KEY, "K1") is None
    assert work.credentials.find(CredentialType.JWT, "k1") is None


@pytest.mark.parametrize("whom", [1, 11])
def test_an_app_of_an_inactive_user_is_inactive_too(work: Work, whom: int) -> None:
    work.consumers.switch([uuid(whom)], active=False, at=NOW + DAY)
    found = work.credentials.find(KEY, "k1")
    assert found is not None
    assert (found.consumer.active, found.credential.active) == (False, True)
    assert not work.consumers.one(uuid(11)).active
    assert work.consumers.one(uuid(whom)).updated == NOW + DAY


def test_an_inactive_credential_is_found_all_the_same(work: Work) -> None:
    one = work.credentials.named(KEY, "k1")
    assert one is not None
    assert not work.credentials.switch(one.number, active=False, at=NOW + DAY).active
    found = work.credentials.find(KEY, "k1")
    assert found is not None
    assert (found.consumer.active, found.credential.active) == (True, False)


def test_usernames_are_unique_and_app_names_are_for_each_user(work: Work) -> None:
    with pytest.raises(NameTaken):
        user(work, 3, "ada")
    with pytest.raises(NameTaken):
        app(work, 13, "mobile", 1)
    user(work, 3, "Ada")
    user(work, 4, "mobile")
    assert [one.owner_name for one in work.consumers.named(ConsumerKind.APP, "mobile")] == [
        "ada",
        "bob",
    ]
    with pytest.raises(NameTaken):
        key(work, 1, "k1")
    with pytest.raises(NoSuch):
        key(work, 99, "k2")
    with pytest.raises(NoSuch):
        app(work, 13, "x", 99)


def test_a_name_that_no_database_keeps_is_nobody_s(database: Database) -> None:
    with pytest.raises(NotStorable), database.begin() as work:
        user(work, 5, "x" * 201)
    for name in ("x" * 201, "a\0b", "\ud800"):
        assert StoredDirectory(lambda: database).find(KEY, name) is None


def test_a_user_goes_with_apps_and_credentials(work: Work) -> None:
    key(work, 1, "k2")
    key(work, 12, "k3")
    assert work.consumers.remove(uuid(1)) == {uuid(1), uuid(11)}
    assert [work.credentials.find(KEY, name) is None for name in ("k1", "k2", "k3")] == [
        True,
        True,
        False,
    ]
    with pytest.raises(NoSuch):
        work.consumers.one(uuid(11))
    with pytest.raises(NoSuch):
        work.consumers.remove(uuid(1))
    assert work.credentials.page().total == 1


def test_what_is_told_of_a_consumer_can_be_changed_and_a_username_can_not(work: Work) -> None:
    changed = work.consumers.describe(uuid(1), {"email": "a@b"}, at=NOW + DAY)
    assert changed.about == About(firstname="Ada", lastname="L", email="a@b")
    assert (changed.created, changed.updated) == (NOW, NOW + DAY)
    app(work, 13, "web", 1)
    with pytest.raises(NameTaken):
        work.consumers.describe(uuid(13), {}, name="mobile", at=NOW)
    renamed = work.consumers.describe(uuid(13), {"redirect_uri": "a:b"}, name="w2", at=NOW)
    assert (renamed.name, renamed.about.redirect_uri) == ("w2", "a:b")
    assert work.credentials.find(KEY, "k1") is not None


def test_lists_come_by_pages_and_can_be_searched(work: Work) -> None:
    for number in range(20, 25):
        user(work, number, f"user{number}")
        key(work, number, f"key{number}")
    users = work.consumers.page(ConsumerKind.USER, offset=1, limit=3)
    assert [one.name for one in users.items] == ["bob", "user20", "user21"]
    assert users.total == 7
    assert [one.name for one in work.consumers.page(ConsumerKind.USER, search="ADA@").items] == [
        "ada"
    ]
    assert work.consumers.page(ConsumerKind.APP, owner=uuid(2)).items[0].uuid == uuid(12)
    keys = work.credentials.page(consumer=uuid(21))
    assert [(one.name, one.consumer_name) for one in keys.items] == [("key21", "user21")]
    assert work.credentials.page(kind=CredentialType.JWT).total == 0
    assert work.credentials.page(search="key2", limit=1).total == 5


def test_scopes_exist_first_and_go_from_all_credentials(work: Work) -> None:
    work.scopes.add(["read", "write", "read"])
    with pytest.raises(NameTaken):
        work.scopes.add(["new", "read"])
    assert work.scopes.all() == ("read", "write")
    assert work.scopes.missing(["write", "x"]) == ("x",)
    key(work, 1, "k2", "reader", "read")
    work.scopes.remove("read")
    assert {one.name for one in work.credentials.take("read", at=NOW)} == {"k1", "k2"}
    assert [one.scopes for one in work.credentials.page().items] == [("write",), ("reader",)]
    assert work.credentials.take("_ead", at=NOW) == ()
    with pytest.raises(NoSuch):
        work.scopes.remove("read")


def test_certificate_credentials_keep_rules_in_order_and_dates(work: Work) -> None:
    rules = (CertificateRule(fingerprint="ab" * 32), CertificateRule(issuer="CN=ca", serial="1"))
    new = NewCredential(
        consumer=uuid(2),
        type=CredentialType.CERTIFICATE,
        name="laptop",
        rules=rules,
        valid_from=NOW,
        valid_until=NOW + DAY,
    )
    kept = work.credentials.add(new, at=NOW)
    assert (kept.rules, kept.valid_from, kept.valid_until) == (rules, NOW, NOW + DAY)
    (named,) = work.credentials.rules(after=0, limit=10)
    assert (named.number, named.name, named.rules) == (kept.number, "laptop", rules)
    assert work.credentials.rules(after=kept.number, limit=10) == ()
    found = work.credentials.certificate("laptop")
    assert found is not None
    assert (found.known.consumer.name, found.rules) == ("bob", rules)
    assert found.good_at(NOW)
    work.credentials.remove(kept.number)
    assert work.credentials.certificate("laptop") is None
    assert work.credentials.rules(after=0, limit=10) == ()


def test_one_look_into_an_index_finds_a_credential(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "ostiary.db")
    with Database.open(url, now=NOW) as database, database.begin() as work:
        raw = work.credentials._connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        statements: list[str] = []
        raw.set_trace_callback(statements.append)
        work.credentials.find(KEY, "k")
        raw.set_trace_callback(None)
        (asked,) = statements
        plan = [row[3] for row in raw.execute("EXPLAIN QUERY PLAN " + asked)]
    assert "autoindex_credentials" in plan[0]
    assert not [step for step in plan if step.startswith("SCAN")]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE credentials SET active = 1",
        "UPDATE credentials SET scopes = 'admin'",
        "UPDATE credentials SET secret = 'sha256$11'",
        "UPDATE credentials SET consumer = 2",
        "UPDATE consumers SET active = 1",
        "UPDATE consumers SET owner = 2 WHERE owner IS NOT NULL",
    ],
)
def test_a_row_that_the_disk_changed_is_not_believed(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "ostiary.db"
    with Database.open(sqlite_url(path), now=NOW) as database:
        with database.begin() as work:
            user(work, 1, "ada")
            user(work, 2, "bob")
            app(work, 11, "mobile", 1)
            one = key(work, 11, "k1")
            work.credentials.switch(one.number, active=False, at=NOW)
            work.consumers.switch([uuid(1), uuid(11)], active=False, at=NOW)
        with closing(sqlite3.connect(path)) as raw:
            raw.execute(statement)
            raw.commit()
        with pytest.raises(OSError, match="isn't what was written"):
            StoredDirectory(lambda: database).find(KEY, "k1")


def test_the_directory_says_so_when_it_can_t_be_asked(tmp_path: Path) -> None:
    path = tmp_path / "ostiary.db"
    with Database.open(sqlite_url(path), now=NOW) as database:
        with database.begin() as work:
            user(work, 1, "ada")
            key(work, 1, "k1")
        directory = StoredDirectory(lambda: database)
        found = directory.find(KEY, "k1")
        assert found is not None
        assert found.consumer.name == "ada"
        assert list(directory.rules()) == []
        assert directory.certificate("k1") is None
        with closing(sqlite3.connect(path)) as raw:
            raw.execute("ALTER TABLE credentials RENAME TO gone")
        with pytest.raises(OSError, match="no such table"):
            directory.find(KEY, "k1")
        with pytest.raises(OSError, match="no such table"):
            directory.certificate("k1")
        with pytest.raises(OSError, match="no such table"):
            list(directory.rules())
