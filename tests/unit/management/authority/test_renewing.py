"""What is published is made anew in time; deltas tell what came after a list that still holds."""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from ostiary.ca.ocsp import Responder
from ostiary.ca.signing import Reason
from ostiary.management.authority.errors import BadProfile, NoSuchCertificate
from ostiary.management.authority.founding import rotate
from ostiary.management.authority.house import House
from ostiary.management.authority.issuing import renew
from ostiary.management.authority.orders import Renewal
from ostiary.management.authority.profile import Lists, Profile, Publishing, read_profile
from ostiary.management.authority.public import is_due, public_name
from ostiary.management.authority.publishing import make_lists
from ostiary.management.authority.renewing import new_responder, renew_due
from ostiary.management.authority.revoking import revoke, sought
from ostiary.store.ledger.records import Kind, Written
from ostiary.x509.certificate import parse
from ostiary.x509.keys import KeyKind
from ostiary.x509.revocation import RevocationList, parse_revocation_list
from tests.unit.management.authority.scene import DAY, NOW, World, issued, order, refused

PUBLISHED = Profile(publish=Publishing(url="http://pki.example"))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "ca")


def read(path: Path) -> RevocationList:
    return parse_revocation_list(path.read_bytes())


def revoked(house: House, name: str) -> int:
    """Issued and revoked at once; the serial number."""
    (made,) = issued(house, order(name))
    revoke(house, sought(house, name), Reason.SUPERSEDED)
    return made.serial


def names(several: tuple[Written, ...]) -> list[str]:
    return [one.entry.name for one in several]


def test_whatever_lacks_is_made_and_nothing_twice(world: World) -> None:
    with world.founded(PUBLISHED) as house:
        first = renew_due(house)
        assert [one.name for one in first.lists] == ["Example", "Example issuing 1"]
        assert names(first.responders) == ["Example OCSP", "Example issuing 1 OCSP"]
        assert first.faults == ()
        again = renew_due(house)
        assert (again.lists, again.responders, again.files) == ((), (), ())


def test_half_of_its_time_makes_a_list_and_a_responder_due(world: World) -> None:
    with world.founded(Profile(crl=Lists(files=("lists.pem",)))) as house:
        renew_due(house)
        world.now = NOW + 3 * DAY
        assert renew_due(house).lists == ()
        world.now = NOW + 4 * DAY
        done = renew_due(house)
        assert [one.name for one in done.lists] == ["Example issuing 1"]
        assert names(done.responders) == ["Example issuing 1 OCSP"]
        # The file for gateways has the lists of all, the root's among them.
        assert done.files == (world.folder / "lists.pem",)
        assert done.files[0].read_bytes().count(b"BEGIN X509 CRL") == 2


@pytest.mark.parametrize(
    ("hours", "due"), [(-3, False), (0, False), (11, False), (12, True), (25, True)]
)
def test_due_is_what_has_half_of_its_time_behind_it(hours: int, due: bool) -> None:
    assert is_due(NOW, NOW + DAY, NOW + timedelta(hours=hours)) is due


def test_a_responder_is_in_the_ledger_before_it_answers(world: World) -> None:
    with world.founded() as house:
        below = house.issuing()
        made = new_responder(house, below)
        written = house.ledger.of_fingerprint(made.fingerprint)
        assert written is not None
        assert (written.entry.kind, written.entry.issuer) == (Kind.RESPONDER, below.id)
        path = house.place.public.responder(below.fingerprint)
        assert path.stat().st_mode & 0o777 == 0o600
        assert Responder(path.read_bytes()).certificate.sha256 == made.fingerprint
        assert parse(written.entry.der).not_after <= NOW + 7 * DAY + timedelta(minutes=1)


def test_a_responder_that_is_revoked_or_damaged_is_followed_by_another(world: World) -> None:
    with world.founded() as house:
        renew_due(house)
        revoke(house, sought(house, "Example OCSP"), Reason.KEY_COMPROMISE)
        assert names(renew_due(house).responders) == ["Example OCSP"]
        house.place.public.responder(house.root().fingerprint).write_bytes(b"damaged")
        assert names(renew_due(house).responders) == ["Example OCSP"]


def test_nobody_orders_or_renews_a_responder(world: World) -> None:
    with world.founded() as house:
        renew_due(house)
        assert "authority's own name" in str(refused(house, order("Example OCSP")))
        with pytest.raises(NoSuchCertificate):
            renew(house, Renewal(name="Example OCSP"))


def test_an_authority_whose_key_is_elsewhere_keeps_nobody_else_from_being_renewed(
    world: World,
) -> None:
    with world.founded(PUBLISHED) as house:
        renew_due(house)
        house.place.public.key(house.root().fingerprint).unlink()
    world.now = NOW + 100 * DAY
    with world.opened() as house:
        done = renew_due(house)
        assert [one.name for one in done.lists] == ["Example issuing 1"]
        (fault,) = done.faults
        assert "the key of 'Example' is not here" in str(fault)


def test_a_delta_has_what_came_after_the_list_that_it_begins_with(world: World) -> None:
    with world.founded(PUBLISHED) as house:
        files, below = house.place.public, house.issuing().fingerprint
        before = revoked(house, "before")
        make_lists(house)
        whole, delta = read(files.whole(below)), read(files.delta(below))
        assert (whole.number, delta.number, delta.base, delta.count) == (1, 1, 1, 0)
        # A clock that is set back hides nobody.
        world.now = NOW - DAY / 2
        after = revoked(house, "after")
        world.now = NOW + DAY
        make_lists(house)
        whole, delta = read(files.whole(below)), read(files.delta(below))
        assert (whole.number, delta.number, delta.base, delta.count) == (2, 2, 1, 1)
        assert delta.find(delta.issuer_key, after)
        assert whole.find(whole.issuer_key, before)
        assert whole.find(whole.issuer_key, after)


def test_a_delta_begins_anew_when_nobody_can_have_its_base_any_more(world: World) -> None:
    with world.founded(PUBLISHED) as house:
        make_lists(house)
        revoked(house, "gone")
        world.now = NOW + 8 * DAY
        make_lists(house)
        delta = read(house.place.public.delta(house.issuing().fingerprint))
        assert (delta.number, delta.base, delta.count) == (2, 2, 0)


@pytest.mark.parametrize("content", [b"", b"damaged", b"0" * 1000])
def test_a_base_that_can_not_be_read_keeps_no_list_from_being_made(
    world: World, content: bytes
) -> None:
    with world.founded(PUBLISHED) as house:
        files, below = house.place.public, house.issuing().fingerprint
        make_lists(house)
        files.base(below).write_bytes(content)
        serial = revoked(house, "gone")
        make_lists(house)
        whole, delta = read(files.whole(below)), read(files.delta(below))
        assert whole.find(whole.issuer_key, serial)
        assert (delta.number, delta.base) == (2, 2)


def test_who_publishes_nowhere_any_more_has_no_old_deltas(world: World) -> None:
    with world.founded(PUBLISHED) as house:
        make_lists(house)
        assert house.place.public.delta(house.issuing().fingerprint).exists()
    profile = world.folder / "profile.yml"
    profile.write_text(profile.read_text().replace("url: http://pki.example", ""))
    with world.opened() as house:
        make_lists(house)
        below = house.issuing().fingerprint
        assert not house.place.public.delta(below).exists()
        with pytest.raises(x509.ExtensionNotFound):
            x509.load_der_x509_crl(
                house.place.public.whole(below).read_bytes()
            ).extensions.get_extension_for_class(x509.FreshestCRL)


def test_addresses_of_an_authority_that_takes_over_are_its_own(world: World) -> None:
    with world.founded(PUBLISHED) as house:
        new = rotate(house, None, KeyKind.EC)
        (made,) = issued(house, order())
        url = f"http://pki.example/crl/{public_name(new.fingerprint)}.crl"
        assert url.encode() in made.der
        assert f"/ca/{public_name(house.root().fingerprint)}.crt".encode() in new.entry.der


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://pki.example", "isn't plain HTTP"),
        ("pki.example", "isn't a URL"),
        ("http://pki.example/?a=b", "query"),
        ("http://a b/", "host"),
    ],
)
def test_an_address_that_can_not_stand_in_a_certificate_is_refused(url: str, told: str) -> None:
    with pytest.raises(BadProfile, match=told):
        read_profile(f"publish: {{url: '{url}'}}".encode(), "profile.yml")


def test_an_address_may_have_a_path_and_its_slash_is_nothing() -> None:
    profile = read_profile(b"publish: {url: 'http://example.org/pki/'}", "profile.yml")
    found = profile.publish.addresses_of("0" * 16)
    assert found is not None
    assert found.ocsp == "http://example.org/pki/ocsp"
