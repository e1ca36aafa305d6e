"""Users, apps, credentials and scopes: each change whole, audited, and told to the gateway."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest

from ostiary.consumers.changes import Changed
from ostiary.consumers.model import CredentialType
from ostiary.consumers.secrets import verify
from ostiary.management.actors import Actor
from ostiary.management.consumers.accounts import Patch
from ostiary.management.consumers.credentials import CredentialPatch
from ostiary.management.consumers.making import Wanted
from ostiary.management.consumers.views import CredentialView
from ostiary.management.errors import Conflicting, Forbidden, NotThere, Stale, Unacceptable
from ostiary.store.database.consumer_directory import StoredDirectory
from ostiary.store.database.consumer_records import About
from ostiary.store.database.records import Role
from tests.support.desk import DeskRig, forget_consumers, make_desk, run

KEY, BASIC = CredentialType.KEY_AUTH, CredentialType.BASIC_AUTH
CERTIFICATE = CredentialType.CERTIFICATE


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskRig]:
    rig = make_desk(tmp_path_factory.mktemp("desk"))
    yield rig
    rig.database.close()


@pytest.fixture
def desk(shared: DeskRig) -> DeskRig:
    forget_consumers(shared)
    return shared


def user(desk: DeskRig, name: str = "ada") -> str:
    return run(desk.management.consumers.users.create(desk.order(), name)).object


def app(desk: DeskRig, name: str = "mobile", user: str = "ada") -> str:
    return run(desk.management.consumers.apps.create(desk.order(), name, user=user)).object


def credential(
    desk: DeskRig, consumer: str = "ada", kind: CredentialType = KEY, **more: object
) -> CredentialView:
    wanted = Wanted(type=kind, **more)  # type: ignore[arg-type] # of tests
    return run(desk.management.consumers.credentials.create(desk.order(), consumer, wanted))


def change(desk: DeskRig, number: int, **patch: object) -> None:
    one = CredentialPatch(**patch)  # type: ignore[arg-type] # of tests
    run(desk.management.consumers.credentials.change(desk.order(), number, one))


def last_audit(desk: DeskRig) -> tuple[str, str, object, object]:
    one = desk.management.audit.page(limit=1).items[0]
    return one.action, one.object, one.before, one.after


def found(desk: DeskRig, kind: CredentialType, name: str):  # type: ignore[no-untyped-def] # short
    return StoredDirectory(lambda: desk.database).find(kind, name)


def test_a_user_is_called_by_name_or_id(desk: DeskRig) -> None:
    uuid = user(desk)
    users = desk.management.consumers.users
    assert UUID(uuid).version == 4
    assert users.one("ada") == users.one(uuid)
    assert last_audit(desk)[:2] == ("user.create", uuid)
    for nobody in ("bob", uuid[:-1] + "0", "", "\0", "x" * 1_000):
        with pytest.raises(NotThere):
            users.one(nobody)
    with pytest.raises(Conflicting, match="already"):
        user(desk)
    with pytest.raises(NotThere):
        desk.management.consumers.apps.one(uuid)


def test_what_is_wrong_is_told_with_its_place(desk: DeskRig) -> None:
    users = desk.management.consumers.users
    with pytest.raises(Unacceptable) as refused:
        run(users.create(desk.order(), "ada", about=About(email="nobody")))
    assert (refused.value.faults[0].where, refused.value.faults[0].way_out) == (
        "/email",
        "give one as a@example.com",
    )
    assert users.page().items == ()


def test_a_viewer_changes_nothing_and_a_dry_run_neither(desk: DeskRig) -> None:
    users = desk.management.consumers.users
    viewer = Actor(name="token:look", role=Role.VIEWER)
    with pytest.raises(Forbidden):
        run(users.create(desk.order(actor=viewer), "ada"))
    assert not run(users.create(desk.order(dry_run=True), "ada")).applied
    assert users.page().total == 0
    user(desk)
    made = run(
        desk.management.consumers.credentials.create(
            desk.order(dry_run=True), "ada", Wanted(type=KEY)
        )
    )
    assert made.secret is None
    with pytest.raises(Stale):
        run(users.remove(desk.order(if_match=0), "ada"))
    assert users.page().total == 1


def test_an_app_belongs_to_a_user_and_is_found_by_name_where_that_is_clear(desk: DeskRig) -> None:
    user(desk)
    user(desk, "bob")
    first = app(desk)
    apps = desk.management.consumers.apps
    assert (apps.one("mobile").id, apps.one("mobile").user_name) == (UUID(first), "ada")
    second = app(desk, user="bob")
    with pytest.raises(Unacceptable, match=second):
        apps.one("mobile")
    assert [one.id for one in apps.page(user="bob").items] == [UUID(second)]
    with pytest.raises(Conflicting):
        app(desk)
    with pytest.raises(NotThere):
        app(desk, user="nobody")


def test_a_key_is_shown_once_and_kept_as_a_hash(desk: DeskRig) -> None:
    user(desk)
    made = credential(desk)
    assert made.secret is not None
    assert (len(made.name), len(made.secret)) == (22, 22)
    assert desk.management.consumers.credentials.one(made.id).secret is None
    known = found(desk, KEY, made.name)
    assert verify(known.credential.secret, made.secret)
    assert known.credential.secret.startswith("sha256$")
    assert made.secret.encode() not in (desk.state / "ostiary.db").read_bytes()
    action, number, before, after = last_audit(desk)
    assert (action, number, before) == ("credential.create", str(made.id), None)
    assert made.secret not in str(after)


def test_a_supplied_secret_is_made_dear_to_guess(desk: DeskRig) -> None:
    user(desk)
    made = credential(desk, name="my-key", secret="swordfish")
    known = found(desk, KEY, "my-key")
    assert made.secret == "swordfish"
    assert known.credential.secret.startswith("$argon2id$")
    assert verify(known.credential.secret, "swordfish")
    with pytest.raises(Conflicting):
        credential(desk, name="my-key")
    for bad in ("a:b", ""):
        with pytest.raises(Unacceptable):
            credential(desk, secret=bad)
    with pytest.raises(Unacceptable):
        credential(desk, name="my:key")


def test_basic_auth_is_named_after_its_consumer_and_there_is_one(desk: DeskRig) -> None:
    user(desk)
    mobile = app(desk)
    of_user, of_app = credential(desk, kind=BASIC), credential(desk, mobile, BASIC)
    assert (of_user.name, of_app.name) == ("ada", mobile)
    credentials = desk.management.consumers.credentials
    assert credentials.named(BASIC, str(of_user.consumer)).id == of_user.id
    assert credentials.named(BASIC, mobile).id == of_app.id
    with pytest.raises(Conflicting, match="deactivate it first"):
        credential(desk, kind=BASIC)
    change(desk, of_user.id, active=False)
    again = credential(desk, kind=BASIC, secret="swordfish")
    assert verify(found(desk, BASIC, "ada").credential.secret, "swordfish")
    assert again.id != of_user.id
    with pytest.raises(NotThere):
        credentials.one(of_user.id)
    with pytest.raises(Unacceptable):
        credential(desk, mobile, BASIC, name="x")


def test_certificates_are_tied_by_rules_that_can_be_read(desk: DeskRig) -> None:
    user(desk)
    rules = [{"fingerprint": "AB" * 32}, {"distinguishedName": "CN=ada,**", "issuer": "CN=ca,**"}]
    begin = desk.clock.now
    made = credential(
        desk, kind=CERTIFICATE, rules=rules, valid_from=begin, valid_until=begin + timedelta(days=9)
    )
    assert made.secret is None
    assert [dict(rule) for rule in made.rules] == [{"fingerprint": "ab" * 32}, rules[1]]
    second = credential(desk, kind=CERTIFICATE, rules=[{"dns": "ada.example"}])
    directory = StoredDirectory(lambda: desk.database)
    assert [name for name, _ in directory.rules()] == [made.name, second.name]
    first = directory.certificate(made.name)
    assert first is not None
    assert first.good_at(begin)
    ends = begin + timedelta(days=1)
    change(desk, made.id, dates={"valid_until": ends})
    assert desk.management.consumers.credentials.one(made.id).valid_until == ends
    assert last_audit(desk)[0] == "credential.change"
    change(desk, second.id, rules=[{"uri": "spiffe://a/b"}])
    with pytest.raises(Unacceptable):
        change(desk, made.id, dates={"valid_from": ends})


@pytest.mark.parametrize(
    ("kind", "more", "where"),
    [
        (CERTIFICATE, {}, "/rules"),
        (CERTIFICATE, {"rules": [{"dns": "a"}, {"fingerprint": "xyz"}]}, "/rules/1"),
        (CERTIFICATE, {"rules": [{"issuer": "CN=ca"}]}, "/rules/0"),
        (CERTIFICATE, {"rules": [{"nose": "long"}]}, "/rules/0"),
        (CERTIFICATE, {"rules": [{"dns": "a"}], "secret": "x"}, "/secret"),
        (KEY, {"rules": [{"dns": "a"}]}, "/rules"),
        (KEY, {"scopes": ("nothing",)}, "/scopes"),
        (KEY, {"scopes": ("a b",)}, "/scopes"),
    ],
)
def test_what_fits_no_credential_is_refused(
    desk: DeskRig, kind: CredentialType, more: dict[str, object], where: str
) -> None:
    user(desk)
    with pytest.raises(Unacceptable) as refused:
        credential(desk, kind=kind, **more)
    assert refused.value.faults[0].where == where


def test_scopes_are_given_taken_and_removed_everywhere(desk: DeskRig) -> None:
    user(desk)
    scopes = desk.management.consumers.scopes
    run(scopes.create(desk.order(), ["read", "write"]))
    with pytest.raises(Conflicting):
        run(scopes.create(desk.order(), ["new", "read"]))
    assert scopes.all() == ("read", "write")
    one = credential(desk, scopes=("read",))
    change(desk, one.id, add_scopes=("write",))
    assert found(desk, KEY, one.name).credential.scopes == {"read", "write"}
    change(desk, one.id, remove_scopes=("read", "never-had"))
    assert desk.management.consumers.credentials.one(one.id).scopes == ("write",)
    with pytest.raises(Unacceptable, match="create it first"):
        change(desk, one.id, add_scopes=("new",))
    desk.withdrawn.clear()
    run(scopes.remove(desk.order(), "write"))
    assert found(desk, KEY, one.name).credential.scopes == frozenset()
    assert desk.withdrawn == [Changed(credentials=frozenset({(KEY, one.name)}))]
    for nobody in ("write", "a b", "\0"):
        with pytest.raises(NotThere):
            run(scopes.remove(desk.order(), nobody))


def test_the_gateway_hears_whose_verdicts_are_void(desk: DeskRig) -> None:
    ada, consumers = user(desk), desk.management.consumers
    mobile = app(desk)
    key = credential(desk, mobile)
    assert desk.withdrawn[-1] == Changed(credentials=frozenset({(KEY, key.name)}))
    both = Changed(consumers=frozenset({UUID(ada), UUID(mobile)}))
    for work in (
        lambda: consumers.users.change(desk.order(), "ada", Patch(active=False)),
        lambda: consumers.users.change(desk.order(), "ada", Patch(active=True)),
        lambda: consumers.users.remove(desk.order(), "ada"),
    ):
        desk.withdrawn.clear()
        run(work())
        assert desk.withdrawn == [both]
    assert found(desk, KEY, key.name) is None


def test_what_is_refused_or_foreseen_is_told_to_nobody(desk: DeskRig) -> None:
    user(desk)
    desk.withdrawn.clear()
    with pytest.raises(Conflicting):
        user(desk)
    run(desk.management.consumers.users.remove(desk.order(dry_run=True), "ada"))
    assert desk.withdrawn == []


def test_apps_of_a_deactivated_user_stay_so_until_they_are_activated(desk: DeskRig) -> None:
    user(desk)
    mobile = app(desk)
    key, consumers = credential(desk, mobile), desk.management.consumers

    def switch(whom: str, active: bool) -> None:
        accounts = consumers.users if whom == "ada" else consumers.apps
        run(accounts.change(desk.order(), whom, Patch(active=active)))

    switch("ada", active=False)
    assert last_audit(desk)[0] == "user.deactivate"
    assert not found(desk, KEY, key.name).consumer.active
    with pytest.raises(Conflicting, match="activate the user first"):
        switch(mobile, active=True)
    late = app(desk, "late")
    switch("ada", active=True)
    assert [one.active for one in consumers.apps.page().items] == [False, False]
    switch(mobile, active=True)
    assert found(desk, KEY, key.name).consumer.active
    assert not consumers.apps.one(late).active


def test_a_change_says_what_it_changes(desk: DeskRig) -> None:
    user(desk)
    mobile = app(desk)
    consumers = desk.management.consumers
    run(
        consumers.users.change(desk.order(), "ada", Patch(firstname="Ada", email="ada@example.com"))
    )
    action, _, before, after = last_audit(desk)
    assert (action, before) == ("user.change", {"firstname": "", "email": ""})
    assert after == {"firstname": "Ada", "email": "ada@example.com"}
    run(consumers.apps.change(desk.order(), mobile, Patch(name="web")))
    assert consumers.apps.one("web").id == UUID(mobile)
    with pytest.raises(Unacceptable, match="stays"):
        run(consumers.users.change(desk.order(), "ada", Patch(name="eve")))
    with pytest.raises(Unacceptable, match="nothing"):
        run(consumers.users.change(desk.order(), "ada", Patch()))
    with pytest.raises(Unacceptable, match="nothing"):
        change(desk, 1)


def test_a_removed_credential_frees_its_name(desk: DeskRig) -> None:
    user(desk)
    one = credential(desk, name="k")
    run(desk.management.consumers.credentials.remove(desk.order(), one.id))
    assert last_audit(desk)[0] == "credential.remove"
    assert found(desk, KEY, "k") is None
    credential(desk, name="k")
    with pytest.raises(NotThere):
        change(desk, one.id, active=True)
    page = desk.management.consumers.credentials.page(consumer="ada", kind=KEY)
    assert [found.name for found in page.items] == ["k"]


def test_whose_claims_will_meet_is_told_when_the_second_is_made(desk: DeskRig) -> None:
    user(desk)
    user(desk, "bob")
    print_, begin = "ab" * 32, desk.clock.now
    numbered = {"issuer": "CN=ca", "serial": "0A:1F"}
    first = credential(desk, kind=CERTIFICATE, rules=[{"fingerprint": print_}, numbered])
    assert first.warnings == ()
    assert credential(desk, kind=CERTIFICATE, rules=[{"fingerprint": print_}]).warnings == ()

    def claims(*rules: dict[str, str], **more: object) -> tuple[str, ...]:
        made = credential(desk, "bob", CERTIFICATE, rules=rules, **more)
        run(desk.management.consumers.credentials.remove(desk.order(), made.id))
        return made.warnings

    spelt = ":".join([print_[:2].upper()] * 32)
    assert len(claims({"fingerprint": spelt, "dns": "a.example"})) == 2
    assert "of ada" in claims({"issuer": "CN=ca", "serial": "a1f"})[0]
    assert claims({"issuer": "CN=other", "serial": "a1f"}) == ()
    assert claims({"distinguishedName": "CN=ada,**"}) == ()
    change(desk, first.id, dates={"valid_until": begin + timedelta(days=1)})
    later = begin + timedelta(days=1)
    assert len(claims({"fingerprint": print_}, valid_from=later)) == 1
    second = credential(desk, "bob", CERTIFICATE, rules=[{"distinguishedName": "CN=ada,**"}])
    patch = CredentialPatch(rules=[{"fingerprint": print_}])
    changed = run(desk.management.consumers.credentials.change(desk.order(), second.id, patch))
    assert len(changed.warnings) == 2
