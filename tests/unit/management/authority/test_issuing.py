"""What the authority issues, and what it refuses with which reason."""

from pathlib import Path

import pytest

from ostiary.ca.signing import Purpose, Reason
from ostiary.management.authority.errors import Exhausted, NoSuchCertificate, NotIssued, Why
from ostiary.management.authority.issuing import issue, renew
from ostiary.management.authority.orders import Certified, Order, Renewal
from ostiary.management.authority.profile import Days, Profile
from ostiary.management.authority.revoking import numbered, revoke, sought
from ostiary.store.ledger.records import Kind
from ostiary.x509.keys import KeyKind
from ostiary.x509.verify import PathVerifier, VerifiedPath
from tests.unit.management.authority.scene import (
    DAY,
    DICE,
    NOW,
    World,
    allowing,
    certificate,
    issued,
    order,
    refused,
    request,
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "ca")


def test_a_certificate_is_in_the_ledger_and_verified_up_to_the_root(world: World) -> None:
    with world.founded() as house:
        (done,) = issued(house, order(attributes={"O": "Acme"}, alternatives=("dns:a.example",)))
        (written,) = sought(house, "device")
        assert (written.entry.der, written.entry.serial) == (done.der, done.serial)
        assert (written.entry.kind, written.entry.issued_by) == (Kind.CLIENT, "local:0")
        below, root = map(certificate, _chain(done))
        found = PathVerifier((root,)).verify(certificate(done), (below,), NOW)
        assert isinstance(found, VerifiedPath)
        assert certificate(done).subject == "CN=device,O=Acme"
        assert done.not_after == NOW + 365 * DAY


def _chain(done: Certified) -> list[Certified]:
    assert len(done.chain) == 2
    return [
        Certified(name="", der=der, serial=0, not_after=done.not_after, chain=())
        for der in done.chain
    ]


def test_a_name_never_stands_for_another_ones_number(world: World) -> None:
    with world.founded() as house:
        (done,) = issued(house, order())
        digest = certificate(done).sha256.hex()
        for number in (f"{done.serial:x}", digest):
            issued(house, order(number))
            assert numbered(house, number).entry.serial == done.serial
            assert [one.entry.serial for one in sought(house, number)] == [done.serial]
        with pytest.raises(NoSuchCertificate):
            numbered(house, "device")


def test_asking_twice_for_the_same_brings_the_same_certificate(world: World) -> None:
    with world.founded() as house:
        wanted = order(alternatives=("dns:a.example",))
        (first,) = issued(house, wanted)
        (again,) = issued(house, wanted)
        assert (again.der, again.chain, again.there_already) == (first.der, first.chain, True)
        assert len(sought(house, "device")) == 1


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"alternatives": ("dns:b.example",)},
        {"attributes": {"O": "Other"}},
        {"purpose": Purpose.SERVER, "alternatives": ("dns:a.example",)},
    ],
    ids=["key", "names", "subject", "purpose"],
)
def test_a_name_that_is_in_use_is_refused_unless_another_is_wanted(
    world: World, other: dict[str, object]
) -> None:
    with world.founded() as house:
        first = order(alternatives=("dns:a.example",))
        issued(house, first)
        key = first.key if other else DICE.key(KeyKind.EC).public_der()
        second = order(**{"alternatives": ("dns:a.example",), **other, "key": key})
        told = refused(house, second)
        assert told.why is Why.NAME_TAKEN
        assert "renew or revoke" in str(told)
        issued(house, order(**{**other, "key": key, "another": True}))
        assert len(sought(house, "device")) == 2


def test_a_name_is_free_again_when_its_certificates_are_revoked_or_ended(world: World) -> None:
    with world.founded() as house:
        issued(house, order(days=3))
        world.now += 4 * DAY
        issued(house, order())
        revoke(house, [one for one in sought(house, "device") if one.good_at(world.now)],
               Reason.SUPERSEDED)  # fmt: skip
        issued(house, order())
        assert len(sought(house, "device")) == 3


def test_the_name_of_an_authority_is_nobodys(world: World) -> None:
    with world.founded() as house:
        for name in ("Example", "Example issuing 1"):
            assert refused(house, order(name, another=True)).why is Why.NAME_TAKEN


def test_a_key_that_is_compromised_is_not_certified_again_for_anybody(world: World) -> None:
    with world.founded() as house:
        leaked, spent = order("leaked"), order("spent")
        issued(house, leaked, spent)
        revoke(house, sought(house, "leaked"), Reason.KEY_COMPROMISE)
        revoke(house, sought(house, "spent"), Reason.SUPERSEDED)
        told = refused(house, order("other", key=leaked.key))
        assert told.why is Why.KEY_COMPROMISED
        issued(house, order("another", key=spent.key))


@pytest.mark.parametrize(
    ("wanted", "rule"),
    [
        ({"name": "device", "attributes": {"O": "Other"}}, "allowed.distinguishedNames"),
        ({"alternatives": ("dns:a.b.example",)}, "allowed.dns"),
        ({"alternatives": ("dns:good.example", "dns:bad.test")}, "allowed.dns"),
        ({"alternatives": ("ip:11.0.0.1",)}, "allowed.ips"),
        ({"alternatives": ("ip:2001:db8::1",)}, "allowed.ips"),
        ({"alternatives": ("uri:spiffe://other/x",)}, "allowed.uris"),
        ({"alternatives": ("email:a@b.example",)}, "allowed.emails"),
    ],
)
def test_a_name_that_no_rule_allows_is_refused_and_the_rule_is_told(
    world: World, wanted: dict[str, object], rule: str
) -> None:
    profile = allowing(
        distinguishedNames=["CN=*,O=Acme", "CN=device"],
        dns=["*.example"],
        ips=["10.0.0.0/8"],
        uris=["spiffe://example/*"],
        emails=[],
    )
    with world.founded(profile) as house:
        told = refused(house, order(**{"name": "device", **wanted}))
        assert told.why is Why.NOT_ALLOWED
        assert rule in str(told)
        assert "profile.yml" in str(told)
        good = ("dns:good.example", "ip:10.1.2.3", "uri:spiffe://example/x")
        issued(house, order(attributes={"O": "Acme"}, alternatives=good))


def test_the_profile_is_read_anew_by_each_who_opens(world: World) -> None:
    with world.founded() as house:
        issued(house, order("before"))
    profile = world.folder / "profile.yml"
    profile.write_text("allowed: {distinguishedNames: ['CN=x-*']}\ndays: {client: 7, longest: 9}\n")
    with world.opened() as house:
        assert refused(house, order("after")).why is Why.NOT_ALLOWED
        assert issued(house, order("x-1"))[0].not_after == NOW + 7 * DAY
        told = refused(house, order("x-2", days=10))
        assert (told.why, "days.longest" in str(told)) == (Why.TOO_LONG, True)


def test_a_request_gives_key_and_names_unless_the_operator_does(world: World) -> None:
    with world.founded() as house:
        asked = request("device", "a.example", O="Acme", OU="Lab")
        (first,) = issued(house, order(request=asked))
        assert certificate(first).subject == "CN=device,OU=Lab,O=Acme"
        assert certificate(first).subject_alternative_names == ("DNS:a.example",)
        told = order(
            "device", request=asked, attributes={"O": "Other"}, alternatives=("dns:b.example",),
            another=True,
        )  # fmt: skip
        (second,) = issued(house, told)
        assert certificate(second).subject == "CN=device,OU=Lab,O=Other"
        assert certificate(second).subject_alternative_names == ("DNS:b.example",)
        assert certificate(first).public_key_der == certificate(second).public_key_der


def test_a_request_for_somebody_else_is_refused(world: World) -> None:
    with world.founded() as house:
        told = refused(house, order("device", request=request("admin")))
        assert (told.why, "'admin'" in str(told)) == (Why.BAD_NAME, True)
        assert refused(house, order(request=b"nothing")).why is Why.BAD_REQUEST
        assert refused(house, Order(name="device")).why is Why.BAD_REQUEST


@pytest.mark.parametrize("name", ["", "x" * 65, "a\nb", "a\0b"])
def test_a_name_that_can_not_stand_is_refused(world: World, name: str) -> None:
    with world.founded() as house:
        assert refused(house, order(name)).why is Why.BAD_NAME


def test_a_server_is_known_by_its_name_unless_others_are_given(world: World) -> None:
    with world.founded() as house:
        done = issued(
            house,
            order("a.example", purpose=Purpose.SERVER),
            order("10.0.0.1", purpose=Purpose.SERVER),
            order("::1", purpose=Purpose.SERVER),
            order("b", purpose=Purpose.SERVER, alternatives=("dns:*.b.example",)),
        )
        names = [certificate(one).subject_alternative_names for one in done]
        assert names == [("DNS:a.example",), ("IP:10.0.0.1",), ("IP:::1",), ("DNS:*.b.example",)]
        assert refused(house, order("not a host", purpose=Purpose.SERVER)).why is Why.BAD_NAME


def test_who_is_refused_stops_nobody_else(world: World) -> None:
    with world.founded(allowing(distinguishedNames=["CN=x-*"])) as house:
        done = issue(house, [order("x-1"), order("y"), order("x-2"), order("x-1")])
        kinds = [one.why if isinstance(one, NotIssued) else one.name for one in done]
        assert kinds == ["x-1", Why.NOT_ALLOWED, "x-2", Why.NAME_TAKEN]


def test_a_serial_number_that_is_taken_is_drawn_again(world: World) -> None:
    with world.founded() as house:
        (first,) = issued(house, order("a"))
        world.dice.serials = [first.serial, 77]
        assert issued(house, order("b"))[0].serial == 77
        world.dice.serials = [78, 78]
        assert len({one.serial for one in issued(house, order("c"), order("d"))}) == 2
        world.dice.serials = [first.serial] * 9
        with pytest.raises(Exhausted):
            issue(house, [order("e")])
        with pytest.raises(NoSuchCertificate):
            sought(house, "e")


def test_a_renewal_has_the_same_names_and_the_old_one_stays_good(world: World) -> None:
    with world.founded() as house:
        (old,) = issued(house, order(attributes={"O": "Acme"}, alternatives=("dns:a.example",)))
        world.now += 100 * DAY
        key = DICE.key(KeyKind.EC).public_der()
        new = renew(house, Renewal(name="device", key=key))
        assert certificate(new).subject == certificate(old).subject
        assert certificate(new).names.alternatives == certificate(old).names.alternatives
        assert certificate(new).public_key_der == key
        assert new.not_after == world.now + 365 * DAY
        first, second = sought(house, "device")
        assert (first.revocation, second.entry.renews) == (None, first.id)


def test_a_renewal_may_keep_the_key_take_a_request_and_end_the_old_one(world: World) -> None:
    with world.founded() as house:
        (old,) = issued(house, order())
        same = renew(house, Renewal(name="device", days=5))
        assert certificate(same).public_key_der == certificate(old).public_key_der
        asked = renew(house, Renewal(name="device", request=request(), revoke_old=True))
        states = [(one.entry.serial, one.revocation is None) for one in sought(house, "device")]
        assert states == [(old.serial, False), (same.serial, False), (asked.serial, True)]


def test_what_may_not_be_issued_is_not_renewed(world: World) -> None:
    with world.founded(Profile(days=Days(longest=400))) as house:
        with pytest.raises(NoSuchCertificate, match="no certificates"):
            renew(house, Renewal(name="device"))
        wanted = order()
        issued(house, wanted)
        with pytest.raises(NotIssued, match="400"):
            renew(house, Renewal(name="device", days=401))
        revoke(house, sought(house, "device"), Reason.KEY_COMPROMISE)
        with pytest.raises(NoSuchCertificate, match="revoked"):
            renew(house, Renewal(name="device"))
        issued(house, order(another=True))
        with pytest.raises(NotIssued, match="compromised"):
            renew(house, Renewal(name="device", key=wanted.key))
    (world.folder / "profile.yml").write_text("allowed: {distinguishedNames: []}\n")
    with world.opened() as house, pytest.raises(NotIssued, match="not allowed"):
        renew(house, Renewal(name="device"))
