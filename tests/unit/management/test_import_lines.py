"""Lines of consumers: each says one thing, and a batch of them is taken whole or not at all."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import bcrypt
import pytest
from argon2 import PasswordHasher

from ostiary.consumers.model import CredentialType, Known
from ostiary.consumers.refusal import ConsumerRefused
from ostiary.consumers.secrets import kept_generated, verify
from ostiary.management.consumers.lines import LONGEST_LINE, read_line
from ostiary.management.consumers.views import TakenView
from ostiary.management.errors import Unacceptable
from ostiary.store.database.consumer_directory import StoredDirectory
from tests.support.desk import DeskRig, make_desk, run

KEY, PASSWORD = CredentialType.KEY_AUTH, CredentialType.BASIC_AUTH
GENERATED = "1bSn02SrtJevWNBFBKhcaQ"
FINGERPRINT = "ab" * 32
USER = {"user": "ada", "firstname": "Ada", "email": "ada@example.com"}
APP = {"app": "phone", "user": "ada", "redirectUri": "https://app.example/cb"}
API_KEY = {
    "credential": "key-auth", "user": "ada", "app": "phone", "name": "k1", "secret": GENERATED,
    "scopes": ["read"],
}  # fmt: skip


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskRig]:
    rig = make_desk(tmp_path)
    yield rig
    rig.database.close()


def take(desk: DeskRig, *lines: object, dry_run: bool = False) -> TakenView:
    text = "\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines)
    importing = desk.management.consumers.importing
    return run(importing.take_lines(desk.order(dry_run=dry_run), text.encode()))


def faults(desk: DeskRig, *lines: object) -> list[tuple[str, str]]:
    """Where, and what."""
    with pytest.raises(Unacceptable) as refused:
        take(desk, *lines)
    return [(one.where, one.message) for one in refused.value.faults]


def known(desk: DeskRig, kind: CredentialType, name: str) -> Known:
    found = StoredDirectory(lambda: desk.database).find(kind, name)
    assert found is not None
    return found


def test_a_user_an_app_their_credentials_and_scopes_are_taken(desk: DeskRig) -> None:
    password = {"credential": "basic-auth", "user": "ada", "secret": "swordfish"}
    done = take(desk, USER, APP, API_KEY, "", password, {"scope": "write"})
    assert (done.applied, done.users, done.apps, done.credentials) == (True, 1, 1, 2)
    assert set(done.scopes) == {"read", "write"}
    key = known(desk, KEY, "k1")
    assert verify(key.credential.secret, GENERATED)
    assert key.credential.secret.startswith("sha256$")
    assert (key.consumer.name, key.credential.scopes) == ("phone", {"read"})
    chosen = known(desk, PASSWORD, "ada").credential.secret
    assert chosen.startswith("$argon2id$")
    assert verify(chosen, "swordfish")
    assert desk.management.consumers.users.one("ada").firstname == "Ada"


@pytest.mark.parametrize(
    ("kept", "secret"),
    [
        (kept_generated("s" * 22), "s" * 22),
        (bcrypt.hashpw(b"tea", bcrypt.gensalt(4)).decode(), "tea"),
        (PasswordHasher(1, 64, 1).hash("coffee"), "coffee"),
    ],
    ids=["sha256", "bcrypt", "argon2id"],
)
def test_a_hash_is_kept_as_it_is(desk: DeskRig, kept: str, secret: str) -> None:
    take(desk, USER, {"credential": "key-auth", "user": "ada", "name": "k", "hash": kept})
    assert known(desk, KEY, "k").credential.secret == kept
    assert verify(kept, secret)


def test_ids_are_kept_where_they_are_given_and_users_can_be_called_by_them(desk: DeskRig) -> None:
    ada = "57b8acc1-0859-47e2-ac36-2a5b9d6c2dba"
    take(desk, {**USER, "id": ada}, {"app": "phone", "user": ada})
    take(desk, {"app": "watch", "user": ada}, {**API_KEY, "user": ada, "app": "watch"})
    assert desk.management.consumers.users.one("ada").id == UUID(ada)
    assert known(desk, KEY, "k1").consumer.name == "watch"


def test_a_certificate_credential_has_rules_and_dates(desk: DeskRig) -> None:
    rules = [{"fingerprint": FINGERPRINT}, {"distinguishedName": "CN=ada,**"}]
    line = {
        "credential": "certificate", "user": "ada", "name": "laptop", "rules": rules,
        "validUntil": "2031-01-31T12:00:00Z",
    }  # fmt: skip
    take(desk, USER, line)
    view = desk.management.consumers.credentials.named(CredentialType.CERTIFICATE, "laptop")
    assert list(view.rules) == rules
    assert view.valid_until is not None


def test_who_is_named_may_be_there_already_or_in_the_same_batch_in_any_order(
    desk: DeskRig,
) -> None:
    done = take(desk, API_KEY, APP, USER)
    assert (done.users, done.apps, done.credentials) == (1, 1, 1)
    done = take(desk, {**API_KEY, "name": "k2"})
    assert (done.credentials, done.there) == (1, 0)


def test_the_same_lines_again_change_nothing(desk: DeskRig) -> None:
    take(desk, USER, APP, API_KEY)
    revision = desk.management.settings.revision()
    again = take(desk, USER, APP, {**API_KEY, "secret": "another"})
    assert (again.applied, again.there) == (False, 3)
    assert desk.management.settings.revision() == revision
    assert verify(known(desk, KEY, "k1").credential.secret, GENERATED)


def test_a_dry_run_keeps_nothing(desk: DeskRig) -> None:
    done = take(desk, USER, APP, API_KEY, dry_run=True)
    assert (done.applied, done.users, done.apps, done.credentials) == (False, 1, 1, 1)
    assert not desk.management.consumers.users.page().items


def test_one_entry_of_the_audit_log_tells_of_a_batch_and_the_gateway_of_each_credential(
    desk: DeskRig,
) -> None:
    take(desk, USER, APP, *({**API_KEY, "name": f"k{n}"} for n in range(50)))
    entries = desk.management.audit.page().items
    assert [one.object for one in entries] == ["1 users, 1 apps, 50 credentials, 1 scopes"]
    (changed,) = desk.withdrawn
    assert len(changed.credentials) == 50
    assert changed.only_new


def test_a_batch_with_a_line_that_cannot_be_taken_changes_nothing_and_all_are_told(
    desk: DeskRig,
) -> None:
    take(desk, {"user": "eve"}, {**API_KEY, "user": "eve", "app": None, "name": "hers"})
    found = faults(
        desk,
        USER,
        {**API_KEY, "app": "watch"},
        {**API_KEY, "user": "bob"},
        "",
        {**API_KEY, "app": "", "name": "hers"},
    )
    assert found == [
        ("/lines/2", "user 'ada' has no app 'watch'"),
        ("/lines/3", "there is no user 'bob'"),
        ("/lines/5", "another consumer has the key-auth credential 'hers'"),
    ]
    assert [one.name for one in desk.management.consumers.users.page().items] == ["eve"]


def test_lines_that_cannot_be_read_are_told_before_anything_is_looked_up(desk: DeskRig) -> None:
    found = faults(desk, USER, "{", [], {"user": "a:b"})
    assert [where for where, _ in found] == ["/lines/2", "/lines/3", "/lines/4"]


def test_somebody_else_may_write_between_the_look_and_the_change(
    desk: DeskRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    importing = desk.management.consumers.importing
    look = importing._look

    def looked(sort: object) -> object:
        found = look(sort)  # type: ignore[arg-type]
        # Another process, on PostgreSQL: by its own connection.
        with desk.database.begin() as work:
            if not work.scopes.missing(["meanwhile"]):
                return found
            work.scopes.add(["meanwhile", "read"])
            work.revision.grow()
        return found

    monkeypatch.setattr(importing, "_look", looked)
    done = take(desk, USER, APP, API_KEY)
    assert (done.applied, done.scopes, done.credentials) == (True, (), 1)


REFUSED = {
    "no JSON": ("{", "it isn't JSON"),
    "no object": ("[]", "it isn't an object"),
    "too deep": ("[" * 50_000, "it isn't JSON"),
    "too long": (json.dumps({"user": "a" * LONGEST_LINE}), "bytes"),
    "nobody": ('{"name": "x"}', "it names nobody"),
    "a strange word": ('{"user": "ada", "phone": "1"}', "phone: there is no such thing here"),
    "a number for a text": ('{"user": 7}', "user: it can't be read"),
    "a text for a flag": ('{"user": "ada", "active": "no"}', "active: it can't be read"),
    "a bad username": ('{"user": "a:b"}', "a colon can't be in it"),
    "a bad id": ('{"user": "ada", "id": "7"}', "it is no UUID"),
    "a bad address": ('{"user": "ada", "email": "ada"}', "is no address"),
    "an app of nobody": ('{"app": "phone"}', "can't be a name"),
    "a type": ('{"credential": "oauth2", "user": "ada"}', "there is no such type"),
    "a key without an id": (json.dumps({**API_KEY, "name": None}), "can't be an id"),
    "a name for a password": (
        json.dumps({**API_KEY, "credential": "basic-auth"}), "it is the username",
    ),
    "no secret": (json.dumps({**API_KEY, "secret": None}), "its secret must have"),
    "a colon in a key's secret": (json.dumps({**API_KEY, "secret": "a:b"}), "a colon"),
    "secret and hash": (json.dumps({**API_KEY, "hash": "sha256$" + "a" * 64}), "there is a secret"),
    "a hash of MD5": (json.dumps({**API_KEY, "secret": "", "hash": "a" * 32}), "it is no hash"),
    "an argon2id hash that would take seconds": (
        json.dumps(
            {**API_KEY, "secret": "",
             "hash": "$argon2id$v=19$m=2097152,t=1,p=4$c2FsdHNhbHQ$" + "a" * 43}
        ), "too dear",
    ),
    "a scope": (json.dumps({**API_KEY, "scopes": ["a b"]}), "can't be a scope"),
    "scopes that are no texts": (json.dumps({**API_KEY, "scopes": [1]}), "they aren't texts"),
    "rules of a key": (
        json.dumps({**API_KEY, "rules": [{"fingerprint": FINGERPRINT}]}), "neither rules nor dates",
    ),
    "a certificate without rules": (
        '{"credential": "certificate", "user": "ada", "name": "c"}', "0 rules can't be kept",
    ),
    "a rule that names everybody": (
        '{"credential": "certificate", "user": "ada", "name": "c", "rules": [{"issuer": "CN=x"}]}',
        "names nobody",
    ),
    "a date without a zone": (
        json.dumps({"credential": "certificate", "user": "ada", "name": "c",
                    "rules": [{"fingerprint": FINGERPRINT}], "validFrom": "2030-01-01"}),
        "time zone",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "why"), REFUSED.values(), ids=REFUSED)
def test_a_line_that_says_nothing_sound_is_refused_with_a_way_out(text: str, why: str) -> None:
    with pytest.raises(ConsumerRefused) as refused:
        read_line(text.encode())
    assert why in str(refused.value)
    assert refused.value.way_out
