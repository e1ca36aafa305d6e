"""Revocation lists as authorities make them: read into a view, or told why they can't be used."""

import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from ostiary.x509.entries import REMOVED, Revoked
from ostiary.x509.errors import NotACrl, Unreadable
from ostiary.x509.pem import read_crls
from ostiary.x509.revocation import (
    RevocationList,
    is_issued_by,
    parse_revocation_list,
    subject_key,
)
from tests.support.der import elements, inside, tlv
from tests.support.lists import HERE, Extensions, crl_of, der_of_list, list_of, point
from tests.support.pki import DAY, Kit, Made

UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.2"), b"\x05\x00")
SOMEBODY = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "somebody")])


def said(found: RevocationList, made: Made) -> Revoked | None:
    """What the list says of a certificate of its issuer."""
    return found.find(found.issuer_key, made.certificate.serial)


@pytest.fixture(scope="session")
def root(kit: Kit) -> Made:
    return kit.root("root")


@pytest.fixture(scope="session")
def leaf(kit: Kit, root: Made) -> Made:
    return kit.client(root, "leaf")


def test_a_list_tells_who_is_revoked_when_and_why(kit: Kit, root: Made, leaf: Made) -> None:
    plain = kit.client(root, "plain")
    found = list_of(root, {leaf: x509.ReasonFlags.key_compromise, plain: None}, begin=kit.now - DAY)
    assert found.issuer_key == subject_key(root.certificate)
    assert found.count == 2
    entry = said(found, leaf)
    assert entry
    assert (entry.date, entry.reason) == (kit.now - DAY, "keyCompromise")
    assert said(found, plain) == Revoked(kit.now - DAY, "unspecified")
    assert said(found, root) is None
    assert found.fault is None


def test_what_was_taken_off_a_list_and_what_is_on_hold_is_told(root: Made, leaf: Made) -> None:
    off = said(list_of(root, {leaf: x509.ReasonFlags.remove_from_crl}), leaf)
    assert off
    assert off.reason == REMOVED
    on = said(list_of(root, {leaf: x509.ReasonFlags.certificate_hold}), leaf)
    assert on
    assert on.reason == "certificateHold"


def test_a_list_holds_from_its_first_moment_until_before_its_last(kit: Kit, root: Made) -> None:
    found = list_of(root, begin=kit.now, end=kit.now + DAY)
    little = timedelta(microseconds=1)
    assert not found.holds_at(kit.now - little)
    assert found.holds_at(kit.now)
    assert found.holds_at(kit.now + DAY - little)
    assert not found.holds_at(kit.now + DAY)


def test_a_list_is_believed_of_its_issuer_only(kit: Kit, root: Made) -> None:
    twin, other = kit.root("twin", common_name="root"), kit.root("other")
    no_lists = kit.root("no-lists", key=root.key, common_name="root", usage=["key_cert_sign"])
    unsaid = kit.root("unsaid", key=root.key, common_name="root", usage=None)
    found = list_of(root)
    assert found.is_signed_by(root.certificate)
    assert found.is_signed_by(unsaid.certificate)
    for stranger in (twin, other, no_lists):
        assert not found.is_signed_by(stranger.certificate)
    assert not list_of(root, signer=other).is_signed_by(root.certificate)
    assert not list_of(root, signer=other).is_signed_by(other.certificate)


@pytest.mark.parametrize("key", ["rsa2048", "p384"])
def test_lists_are_verified_by_every_usual_kind_of_key(kit: Kit, key: str) -> None:
    authority = kit.root(f"root-{key}", key=key)
    assert list_of(authority).is_signed_by(authority.certificate)


def test_a_changed_list_is_not_signed(root: Made, leaf: Made) -> None:
    der = der_of_list(crl_of(root, {leaf: None}))
    serial = leaf.native.serial_number
    raw = serial.to_bytes(serial.bit_length() // 8 + 1)
    changed = parse_revocation_list(der.replace(raw, raw[:-1] + bytes([raw[-1] ^ 1])))
    assert changed.find(changed.issuer_key, serial) is None
    assert not changed.is_signed_by(root.certificate)


@pytest.mark.parametrize(
    ("extensions", "words"),
    [
        ([(x509.DeltaCRLIndicator(1), True)], "without a number"),
        (point(HERE), None),
        (point(only_contains_attribute_certs=True), "attribute certificates"),
        (point(indirect_crl=True), None),
        ([(UNKNOWN, True)], "1.3.6.1.4.1.99999.2"),
        ([*point(HERE), (UNKNOWN, True)], "1.3.6.1.4.1.99999.2"),
        ([(UNKNOWN, False), (x509.CRLNumber(7), False)], None),
        ([(x509.CRLNumber(7), True)], None),
    ],
)
def test_a_list_that_says_less_or_more_than_we_know_is_unusable(
    root: Made, extensions: Extensions, words: str | None
) -> None:
    fault = list_of(root, extensions=extensions).fault
    assert (fault is None) if words is None else (fault is not None and words in fault)


@pytest.mark.parametrize(
    ("extension", "words"),
    [
        ((x509.CertificateIssuer([x509.DirectoryName(SOMEBODY)]), True), "no indirect list"),
        ((UNKNOWN, True), "1.3.6.1.4.1.99999.2"),
        ((UNKNOWN, False), None),
        ((x509.InvalidityDate(datetime(2026, 1, 1, tzinfo=UTC)), True), None),
    ],
)
def test_an_entry_we_do_not_understand_makes_the_list_unusable(
    root: Made, leaf: Made, extension: tuple[x509.ExtensionType, bool], words: str | None
) -> None:
    fault = list_of(root, {leaf: None}, entry_extensions=[extension]).fault
    assert (fault is None) if words is None else (fault is not None and words in fault)


def test_a_list_without_an_end_is_unusable(root: Made, kit: Kit) -> None:
    tbs, *rest = elements(inside(der_of_list(crl_of(root))))
    version, algorithm, issuer, begin, _end, *others = elements(inside(tbs))
    endless = tlv(0x30, b"".join([version, algorithm, issuer, begin, *others]))
    found = parse_revocation_list(tlv(0x30, b"".join([endless, *rest])))
    assert found.next_update is None
    assert not found.holds_at(kit.now)
    assert found.fault is not None
    assert "nextUpdate" in found.fault


def test_bytes_that_are_no_list_are_refused(root: Made) -> None:
    for data in (b"", b"\x30\x00", root.der, der_of_list(crl_of(root))[:-1]):
        with pytest.raises(NotACrl) as caught:
            parse_revocation_list(data)
        assert caught.value.reason is Unreadable.MALFORMED


def test_what_openssl_makes_is_read(kit: Kit, root: Made, leaf: Made, tmp_path: Path) -> None:
    (tmp_path / "index").write_text("")
    (tmp_path / "number").write_text("1000\n")
    (tmp_path / "ca.cnf").write_text(
        "[ca]\ndefault_ca=a\n[a]\ndatabase=index\ncrlnumber=number\ndefault_md=sha256\n"
        "default_crl_days=3\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n"
    )
    ca = ["openssl", "ca", "-config", "ca.cnf", "-batch"]
    ca += ["-cert", str(root.certificate_file), "-keyfile", str(root.key_file)]
    revoke = ["-revoke", str(leaf.certificate_file), "-crl_reason", "superseded"]
    for more in (revoke, ["-gencrl", "-out", "list.pem"]):
        subprocess.run([*ca, *more], cwd=tmp_path, check=True, capture_output=True)
    (found,) = read_crls((tmp_path / "list.pem").read_bytes())
    assert found.is_signed_by(root.certificate)
    entry = said(found, leaf)
    assert entry
    assert entry.reason == "superseded"
    assert (found.number, found.fault) == (0x1000, None)


def test_a_hundred_thousand_entries_are_read_in_seconds(kit: Kit, root: Made) -> None:
    builder = (
        x509.CertificateRevocationListBuilder(
            revoked_certificates=[
                x509.RevokedCertificateBuilder(number, kit.now).build()
                for number in range(2**80, 2**80 + 100_000)
            ]
        )
        .issuer_name(root.native.subject)
        .last_update(kit.now)
        .next_update(kit.now + DAY)
    )
    data = builder.sign(root.key, hashes.SHA256()).public_bytes(Encoding.PEM)
    begun = time.perf_counter()
    (found,) = read_crls(data)
    assert found.is_signed_by(root.certificate)
    assert time.perf_counter() - begun < 5
    assert found.count == 100_000


def test_who_issued_a_certificate_is_told_by_name_and_key(kit: Kit, root: Made, leaf: Made) -> None:
    twin = kit.root("root-twin", common_name="root")
    assert is_issued_by(leaf.certificate, root.certificate)
    assert is_issued_by(root.certificate, root.certificate)
    assert not is_issued_by(leaf.certificate, twin.certificate)
    assert not is_issued_by(root.certificate, leaf.certificate)
