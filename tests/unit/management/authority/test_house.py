"""An authority begins, is locked up, is followed by another, and tells what is revoked."""

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from cryptography import x509

from ostiary.ca.packing import KeyStaysShut
from ostiary.ca.signing import Reason
from ostiary.kernel.errors import OstiaryError
from ostiary.management.authority.errors import (
    AuthorityThere,
    BadProfile,
    NoAuthority,
    NoSuchCertificate,
    NotIssued,
)
from ostiary.management.authority.founding import rotate
from ostiary.management.authority.house import House
from ostiary.management.authority.profile import Lists, Profile, read_profile, text_of
from ostiary.management.authority.publishing import make_lists, publish
from ostiary.management.authority.revoking import of_content, revoke, sought
from ostiary.store.files import FileTrouble
from ostiary.x509.certificate import parse
from ostiary.x509.keys import KeyKind
from ostiary.x509.pem import read_crls
from ostiary.x509.revocation import RevocationList, parse_revocation_list
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
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "ca")


def lists(house: House) -> dict[str, RevocationList]:
    return {one.name: parse_revocation_list(one.der) for one in make_lists(house)}


def serials(house: House, authority: str) -> set[int]:
    (der,) = (one.der for one in make_lists(house) if one.name == authority)
    return {one.serial_number for one in x509.load_der_x509_crl(der)}


@pytest.mark.parametrize("kind", [KeyKind.EC, KeyKind.RSA, KeyKind.ED25519])
def test_nothing_of_a_key_is_readable_and_nothing_is_anybody_elses(
    world: World, kind: KeyKind
) -> None:
    with world.founded(kind=kind) as house:
        issued(house, order())
        make_lists(house)
    files = [path for path in world.folder.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    keys = list((world.folder / "keys").iterdir())
    assert len(keys) == 2
    for path in keys:
        assert path.read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
        secret = f"file:{world.folder / 'passphrase'}"
        told = ["openssl", "pkey", "-in", str(path), "-passin", secret, "-noout", "-check"]
        assert subprocess.run(told, capture_output=True, check=False).returncode == 0


def test_a_passphrase_of_the_operators_is_nowhere_in_the_folder(
    world: World, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a very long passphrase\nand nothing else\n")
    with world.founded(passphrase_file=secret) as house:
        issued(house, order())
    assert not (world.folder / "passphrase").exists()
    for path in world.folder.rglob("*"):
        assert path.is_dir() or b"very long" not in path.read_bytes()
    with world.opened(secret) as house:
        issued(house, order("another"))
    with world.opened() as house, pytest.raises(KeyStaysShut, match="passphrase-file"):
        issued(house, order("third"))
    secret.write_text("another passphrase\n")
    with world.opened(secret) as house, pytest.raises(KeyStaysShut, match="another one"):
        issued(house, order("third"))


@pytest.mark.parametrize("text", ["short\n", "", "\nthe second line does not count\n"])
def test_a_passphrase_that_is_guessed_is_refused_and_nothing_begins(
    world: World, tmp_path: Path, text: str
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(text)
    with pytest.raises(KeyStaysShut, match="at least 12"), world.founded(passphrase_file=secret):
        pass
    secret.write_text("a very long passphrase\n")
    with world.founded(passphrase_file=secret) as house:
        issued(house, order())


def test_there_is_one_authority_in_a_folder(world: World) -> None:
    with world.founded():
        pass
    with pytest.raises(AuthorityThere), world.founded():
        pass
    with world.opened() as house:
        issued(house, order())


def test_a_profile_goes_there_and_back(world: World) -> None:
    profile = allowing(dns=["*.example"], ips=[])
    assert read_profile(text_of(profile).encode(), "x") == profile
    assert yaml.safe_load(text_of(Profile()))["days"]["client"] == 365


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("allowed: {dnss: []}", "allowed.dnss"),
        ("days: {client: 0}", "days.client"),
        ("days: {client: true}", "days.client"),
        ("allowed: {ips: [10.0.0.1/8]}", "allowed.ips"),
        ("allowed: {distinguishedNames: ['CN']}", "allowed.distinguishedNames"),
        ("allowed: {dns: ['']}", "allowed.dns"),
        ("[1, 2]", "profile.yml"),
        ("a: [", "YAML"),
        ("!!python/object:os.system {}", "YAML"),
    ],
)
def test_a_profile_that_can_not_be_used_is_refused_with_the_place(
    world: World, text: str, told: str
) -> None:
    with world.founded():
        pass
    (world.folder / "profile.yml").write_text(text)
    with pytest.raises(BadProfile) as caught, world.opened():
        pass
    assert told in str(caught.value)
    assert "profile.yml" in str(caught.value)


@pytest.mark.parametrize("name", ["", "x" * 65, "a\nb"])
def test_a_name_that_no_authority_can_have_begins_none(world: World, name: str) -> None:
    with pytest.raises(NotIssued), world.founded(name=name):
        pass
    assert not (world.folder / "profile.yml").exists()


def test_a_bad_pattern_begins_no_authority(world: World) -> None:
    with pytest.raises(BadProfile, match="nonsense"), world.founded(allowing(ips=["nonsense"])):
        pass
    with world.founded():
        pass


def test_revoked_certificates_are_on_the_list_of_their_authority_alone(world: World) -> None:
    with world.founded() as house:
        first, second = issued(house, order("a"), order("b"))
        (done,) = revoke(house, sought(house, "a"), Reason.CESSATION_OF_OPERATION)
        assert done.entry.serial == first.serial
        found = lists(house)
        assert serials(house, "Example issuing 1") == {first.serial}
        assert serials(house, "Example") == set()
        told = found["Example issuing 1"]
        entry = told.find(told.issuer_key, first.serial)
        assert entry is not None
        assert entry.reason == "cessationOfOperation"
        below, root = map(parse, second.chain)
        assert found["Example"].is_signed_by(root)
        assert found["Example issuing 1"].is_signed_by(below)
        assert revoke(house, sought(house, "a"), Reason.SUPERSEDED) == ()


def test_certificates_are_found_by_name_number_fingerprint_and_content(world: World) -> None:
    with world.founded() as house:
        (done,) = issued(house, order("device"))
        fingerprint = certificate(done).fingerprint
        spaced = ":".join(fingerprint[at : at + 2] for at in range(0, 64, 2)).upper()
        for given in ("device", f"{done.serial:x}", f"0x{done.serial:032X}", fingerprint, spaced):
            assert [one.entry.serial for one in sought(house, given)] == [done.serial]
        assert of_content(house, certificate(done).sha256, "x").entry.name == "device"
        for given in ("nobody", "", "0xzz", "f" * 64, "f" * 65):
            with pytest.raises(NoSuchCertificate):
                sought(house, given)


def test_numbers_of_lists_grow_and_the_next_is_due_when_the_profile_says(world: World) -> None:
    with world.founded(Profile(crl=Lists(days=3, root_days=40))) as house:
        for number in (1, 2):
            found = lists(house)
            assert {one.number for one in found.values()} == {number}
        assert found["Example issuing 1"].next_update == NOW + 3 * DAY
        assert found["Example"].next_update == NOW + 40 * DAY
        assert {one.next_update for one in make_lists(house, 1)} == {NOW + DAY}


def test_a_revoked_certificate_is_listed_once_more_after_its_end_and_then_no_longer(
    world: World,
) -> None:
    with world.founded() as house:
        (done,) = issued(house, order(days=2))
        revoke(house, sought(house, "device"), Reason.SUPERSEDED)
        assert serials(house, "Example issuing 1") == {done.serial}
        world.now += 5 * DAY
        assert serials(house, "Example issuing 1") == {done.serial}
        world.now += timedelta(minutes=1)
        assert serials(house, "Example issuing 1") == set()


def test_all_lists_go_into_each_file_of_the_profile(world: World, tmp_path: Path) -> None:
    outside = tmp_path / "outside.crl"
    profile = Profile(crl=Lists(files=("inside.crl", str(outside))))
    with world.founded(profile) as house:
        more = tmp_path / "more.crl"
        written = publish(house, make_lists(house), [more, outside])
    assert written == (world.folder / "inside.crl", outside, more)
    for path in written:
        found = read_crls(path.read_bytes())
        assert [one.issuer for one in found] == ["CN=Example", "CN=Example issuing 1"]
        assert path.stat().st_mode & 0o777 == 0o644


def test_another_issuing_authority_takes_over_and_nobody_is_cut_off(world: World) -> None:
    with world.founded() as house:
        (old,) = issued(house, order("old"))
        assert rotate(house, None, KeyKind.EC).entry.name == "Example issuing 2"
        (new,) = issued(house, order("new"))
        assert parse(new.chain[0]).subject == "CN=Example issuing 2"
        for one in (old, new):
            below, root = map(parse, one.chain)
            found = PathVerifier((root,)).verify(certificate(one), (below,), NOW)
            assert isinstance(found, VerifiedPath)
        revoke(house, sought(house, "old"), Reason.SUPERSEDED)
        assert serials(house, "Example issuing 1") == {old.serial}
        assert serials(house, "Example issuing 2") == set()
        with pytest.raises(NotIssued):
            rotate(house, "Example issuing 1", KeyKind.EC)
        with pytest.raises(NotIssued):
            rotate(house, "Example", KeyKind.EC)


def test_an_issuing_authority_is_revoked_on_the_roots_list_and_issues_no_more(world: World) -> None:
    with world.founded() as house:
        (below,) = sought(house, "Example issuing 1")
        revoke(house, [below], Reason.CA_COMPROMISE)
        assert serials(house, "Example") == {below.entry.serial}
        with pytest.raises(NoAuthority, match="rotate"):
            issued(house, order())
        rotate(house, None, KeyKind.ED25519)
        issued(house, order())
        with pytest.raises(NoSuchCertificate, match="root"):
            revoke(house, sought(house, "Example"), Reason.CA_COMPROMISE)


def test_without_the_roots_key_its_last_list_is_used_while_it_holds(world: World) -> None:
    with world.founded(Profile(crl=Lists(days=3, root_days=40))) as house:
        before = lists(house)["Example"]
        key = next(
            path
            for path in (world.folder / "keys").iterdir()
            if path.stem == house.root().fingerprint.hex()
        )
    elsewhere = world.folder.parent / "safe.key"
    key.rename(elsewhere)
    with world.opened() as house:
        issued(house, order())
        world.now += DAY
        found = lists(house)
        assert found["Example"] == before
        assert found["Example issuing 1"].number == 2
        for work in (
            lambda: rotate(house, None, KeyKind.EC),
            lambda: revoke(house, [house.issuing()], Reason.CA_COMPROMISE),
        ):
            with pytest.raises(FileTrouble, match="no such file"):
                work()
        assert house.issuing().revocation is None
        world.now += 40 * DAY
        with pytest.raises(OstiaryError, match="is not here"):
            make_lists(house)
    elsewhere.rename(key)
    with world.opened() as house:
        assert lists(house)["Example"].number == 2


def test_an_authority_that_has_ended_issues_and_lists_no_more(world: World) -> None:
    with world.founded(days=10) as house:
        world.now += 11 * DAY
        with pytest.raises(NoAuthority):
            issued(house, order())
        assert make_lists(house) == ()


def test_serial_numbers_of_authorities_are_in_the_ledger_too(world: World) -> None:
    with world.founded() as house:
        world.dice.serials = [house.root().entry.serial, DICE.serial()]
        (done,) = issued(house, order())
        assert done.serial != house.root().entry.serial
