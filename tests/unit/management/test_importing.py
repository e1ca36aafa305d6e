"""Consumers of another gateway are taken whole, once, and never instead of somebody here."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import bcrypt
import pytest

from ostiary.consumers.model import CredentialType, Known
from ostiary.consumers.secrets import verify
from ostiary.management.consumers.taken import TakenConsumer, TakenCredential, Taking
from ostiary.management.consumers.views import TakenView
from ostiary.management.errors import Forbidden
from ostiary.store.database.consumer_directory import StoredDirectory
from ostiary.store.database.consumer_records import About
from ostiary.store.database.records import Role
from tests.support.desk import DeskRig, make_desk, run

ADA = TakenConsumer(
    id=UUID("57b8acc1-0859-47e2-ac36-2a5b9d6c2dba"), name="ada", about=About(firstname="Ada")
)
MOBILE = TakenConsumer(
    id=UUID("9e6b2013-7625-404c-96dd-9d987e10b05f"), name="mobile", user=ADA.id, active=False
)
# As Express Gateway makes them: a random UUID in base 62.
GENERATED = "1bSn02SrtJevWNBFBKhcaQ"
KEY = TakenCredential(
    type=CredentialType.KEY_AUTH, consumer=ADA.id, name="k1", secret=GENERATED, scopes=("read",)
)
CHOSEN = TakenCredential(
    type=CredentialType.KEY_AUTH, consumer=MOBILE.id, name="k2", secret="easy", active=False
)
PASSWORD = TakenCredential(
    type=CredentialType.BASIC_AUTH,
    consumer=ADA.id,
    hash=bcrypt.hashpw(b"swordfish", bcrypt.gensalt(4)).decode(),
)
ALL = Taking(scopes=("write",), users=(ADA,), apps=(MOBILE,), credentials=(KEY, CHOSEN, PASSWORD))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskRig]:
    rig = make_desk(tmp_path)
    yield rig
    rig.database.close()


def take(desk: DeskRig, taking: Taking, *, dry_run: bool = False) -> TakenView:
    order = desk.order(dry_run=dry_run)
    return run(desk.management.consumers.importing.take(order, taking))


def known(desk: DeskRig, kind: CredentialType, name: str) -> Known:
    found = StoredDirectory(lambda: desk.database).find(kind, name)
    assert found is not None
    return found


def test_ids_names_secrets_scopes_and_flags_are_taken(desk: DeskRig) -> None:
    done = take(desk, ALL)
    assert (done.users, done.apps, done.credentials, done.there) == (1, 1, 3, 0)
    assert (done.applied, set(done.scopes), done.refused) == (True, {"read", "write"}, ())
    users, apps = desk.management.consumers.users, desk.management.consumers.apps
    assert (users.one("ada").id, users.one("ada").firstname) == (ADA.id, "Ada")
    assert (apps.one("mobile").user, apps.one("mobile").active) == (ADA.id, False)
    key = known(desk, CredentialType.KEY_AUTH, "k1")
    assert verify(key.credential.secret, GENERATED)
    assert key.credential.secret.startswith("sha256$")
    assert key.credential.scopes == {"read"}
    chosen = known(desk, CredentialType.KEY_AUTH, "k2")
    assert verify(chosen.credential.secret, "easy")
    assert chosen.credential.secret.startswith("$argon2id$")
    assert not chosen.credential.active
    assert verify(known(desk, CredentialType.BASIC_AUTH, "ada").credential.secret, "swordfish")


def test_a_second_import_changes_nothing(desk: DeskRig) -> None:
    take(desk, ALL)
    credential = desk.management.consumers.credentials.named(CredentialType.KEY_AUTH, "k1")
    revision = desk.management.settings.revision()
    again = take(desk, ALL)
    assert (again.applied, again.there, again.users, again.credentials) == (False, 5, 0, 0)
    assert desk.management.settings.revision() == revision
    assert desk.management.consumers.credentials.one(credential.id) == credential


def test_what_is_new_is_added_to_what_is_there(desk: DeskRig) -> None:
    take(desk, Taking(users=(ADA,)))
    done = take(desk, ALL)
    assert (done.users, done.apps, done.credentials, done.there) == (0, 1, 3, 1)


def test_a_dry_run_tells_the_same_and_keeps_nothing(desk: DeskRig) -> None:
    revision = desk.management.settings.revision()
    looked = take(desk, ALL, dry_run=True)
    assert desk.management.settings.revision() == revision
    assert not desk.management.consumers.users.page().items
    assert replace(take(desk, ALL), applied=False) == looked


def test_the_gateway_is_told_of_new_credentials_and_the_audit_log_of_the_import(
    desk: DeskRig,
) -> None:
    take(desk, ALL)
    (changed,) = desk.withdrawn
    assert (CredentialType.KEY_AUTH, "k1") in changed.credentials
    entry = desk.management.audit.page().items[0]
    assert entry.action == "consumer.import"
    assert entry.object == "1 users, 1 apps, 3 credentials, 2 scopes"


def test_who_may_not_change_consumers_imports_none(desk: DeskRig) -> None:
    order = desk.order(actor=replace(desk.actor, role=Role.VIEWER))
    with pytest.raises(Forbidden):
        run(desk.management.consumers.importing.take(order, ALL))


BOB = replace(ADA, id=UUID("00000000-0000-4000-8000-000000000001"), name="bob")
REFUSED = {
    "an id of somebody else": (Taking(users=(replace(ADA, name="eve"),)), "another consumer's"),
    "a username": (Taking(users=(replace(BOB, name="ada"),)), "another user called 'ada'"),
    "a username twice": (
        Taking(users=(BOB, replace(BOB, id=UUID(int=7)))), "another user called 'bob'",
    ),
    "a bad username": (Taking(users=(replace(BOB, name="a:b"),)), "a colon can't be in it"),
    "an app of nobody": (Taking(apps=(replace(MOBILE, id=BOB.id, user=BOB.id),)), "no user"),
    "an app's name": (Taking(apps=(replace(MOBILE, id=BOB.id),)), "another app called"),
    "a key of another": (
        Taking(users=(BOB,), credentials=(replace(KEY, consumer=BOB.id),)), "another consumer has",
    ),
    "of nobody": (Taking(credentials=(replace(KEY, consumer=BOB.id, name="n"),)), "no consumer"),
    "a key's name": (Taking(credentials=(replace(KEY, name="a:b"),)), "can't be an id"),
    "no secret": (Taking(credentials=(replace(KEY, name="n", secret=""),)), "must have 1 to"),
    "a colon": (Taking(credentials=(replace(KEY, name="n", secret="a:b"),)), "a colon"),
    "no bcrypt": (
        Taking(users=(BOB,), credentials=(replace(PASSWORD, consumer=BOB.id, hash="sha256$00"),)),
        "no hash of bcrypt",
    ),
    "a dear hash": (
        Taking(
            users=(BOB,),
            credentials=(
                replace(PASSWORD, consumer=BOB.id, hash=PASSWORD.hash.replace("$04$", "$31$")),
            ),
        ),
        "no hash of bcrypt",
    ),
    "a certificate": (
        Taking(credentials=(replace(KEY, type=CredentialType.CERTIFICATE, name="c"),)), "no secret",
    ),
    "a scope": (Taking(credentials=(replace(KEY, name="n", scopes=("a b",)),)), "be a scope"),
}  # fmt: skip


def test_what_cannot_be_taken_is_told_and_stops_nothing_else(desk: DeskRig) -> None:
    take(desk, ALL)
    for taking, words in REFUSED.values():
        other = replace(BOB, id=UUID(int=99), name="other")
        done = take(desk, replace(taking, users=(*taking.users, other)), dry_run=True)
        told = [one.message for one in done.refused]
        assert len(told) == 1, taking
        assert words in told[0]
        assert done.users == len(taking.users) + 1 - ("/users" in done.refused[0].where)
    assert known(desk, CredentialType.KEY_AUTH, "k1").consumer.id == ADA.id
