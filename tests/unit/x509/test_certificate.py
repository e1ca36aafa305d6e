"""Reading one certificate: what it says, and what is not read at all."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ostiary.x509.certificate import LARGEST_CERTIFICATE, Certificate, parse
from ostiary.x509.errors import NotACertificate, Unreadable
from ostiary.x509.keys import KeyKind, PublicKey
from tests.support.pki import CLIENT_AUTH, Kit

VECTORS = Path(__file__).parents[2] / "vectors" / "x509"
EXPECTED = json.loads((VECTORS / "expected.json").read_text())


def refusal(der: bytes) -> Unreadable:
    with pytest.raises(NotACertificate) as caught:
        parse(der)
    assert caught.value.sentence
    return caught.value.reason


def test_a_client_certificate_tells_all_we_need(kit: Kit) -> None:
    made = kit.client(
        kit.root("root"), "leaf", serial=77, dns=["a.example"], ips=["::1"], emails=["a@b.example"]
    )
    read = made.certificate
    assert (read.subject, read.issuer, read.serial, read.version) == ("CN=leaf", "CN=root", 77, 3)
    assert read.key == PublicKey(KeyKind.EC, 256)
    assert read.signature_digest == "sha256"
    assert read.subject_alternative_names == ("DNS:a.example", "IP:::1", "email:a@b.example")
    assert read.extended_key_usages == (CLIENT_AUTH.dotted_string,)
    assert not read.is_ca
    assert not read.is_self_issued
    assert read.not_after.tzinfo is UTC
    assert read.fingerprint == read.sha256.hex()
    assert parse(read.der) == read


def test_a_root_is_an_authority_and_self_issued(kit: Kit) -> None:
    root = kit.root("root").certificate
    assert root.is_ca
    assert root.is_self_issued
    assert root.subject_der == root.issuer_der


def test_every_kind_of_alternative_name_has_a_text(kit: Kit) -> None:
    names = [
        x509.UniformResourceIdentifier("spiffe://a/b"),
        x509.DirectoryName(x509.Name.from_rfc4514_string("CN=x,O=y")),
        x509.RegisteredID(x509.ObjectIdentifier("1.2.3")),
        x509.OtherName(x509.ObjectIdentifier("1.2.4"), b"\x0c\x01a"),
    ]
    read = kit.client(None, "names", other_names=names).certificate
    assert read.subject_alternative_names == (
        "URI:spiffe://a/b",
        "dirName:CN=x,O=y",
        "RID:1.2.3",
        "otherName:1.2.4",
    )


def test_a_comma_in_a_name_can_not_forge_another_attribute(kit: Kit) -> None:
    assert kit.client(None, "comma", common_name="a,O=Bank").certificate.subject == r"CN=a\,O=Bank"


def test_version_1_is_read_and_is_never_an_authority(kit: Kit) -> None:
    read = kit.root("v1", version_1=True).certificate
    assert read.version == 1
    assert not read.is_ca


@pytest.mark.parametrize(
    ("key", "kind", "bits"),
    [
        ("p384", KeyKind.EC, 384),
        ("rsa1024", KeyKind.RSA, 1024),
        ("ed25519", KeyKind.ED25519, 256),
        ("ed448", KeyKind.ED448, 456),
        ("mldsa65", KeyKind.ML_DSA, 0),
        ("dsa1024", KeyKind.DSA, 1024),
    ],
)
def test_a_key_is_described(kit: Kit, key: str, kind: KeyKind, bits: int) -> None:
    read = kit.client(kit.root("root"), "leaf", key=key).certificate
    assert (read.key.kind, read.key.bits) == (kind, bits)


@pytest.mark.parametrize(("raw", "serial"), [(b"\x00", 0), (b"\x80", -128), (b"\xff", -1)])
def test_a_zero_or_negative_serial_is_borne_with(kit: Kit, raw: bytes, serial: int) -> None:
    patch = [(b"\x02\x01\x55", b"\x02\x01" + raw)]
    assert kit.client(None, "serial", serial=0x55, patch=patch).certificate.serial == serial


def test_nothing_after_the_certificate_is_allowed(kit: Kit) -> None:
    assert refusal(kit.root("root").der + b"\x00") is Unreadable.MALFORMED


def test_a_certificate_cut_anywhere_is_malformed(kit: Kit) -> None:
    der = kit.root("root").der
    assert refusal(b"") is Unreadable.EMPTY
    assert {refusal(der[:length]) for length in range(1, len(der), 7)} == {Unreadable.MALFORMED}


def test_a_repeated_extension_is_malformed(kit: Kit) -> None:
    # 2.5.29.54 (inhibitAnyPolicy) becomes a second 2.5.29.36 (policyConstraints).
    constraints = x509.PolicyConstraints(require_explicit_policy=3, inhibit_policy_mapping=None)
    other = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.99"), b"\x30\x03\x80\x01\x03")
    patch = [(b"\x06\x03\x55\x1d\x63", b"\x06\x03\x55\x1d\x24")]
    made = kit.client(None, "twice", extensions=[(constraints, True), (other, True)], patch=patch)
    assert refusal(made.der) is Unreadable.MALFORMED


def test_a_certificate_larger_than_any_sensible_one_is_not_even_read(kit: Kit) -> None:
    assert refusal(kit.client(None, "fat", padding=LARGEST_CERTIFICATE).der) is Unreadable.TOO_LARGE


def test_the_last_second_of_year_9999_is_no_problem(kit: Kit) -> None:
    # RFC 5280 4.1.2.5: what a certificate without an end says.
    end = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert kit.client(None, "forever", not_after=end).certificate.not_after == end


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_vectors_are_read_or_refused_as_written(name: str) -> None:
    der = (VECTORS / f"{name}.der").read_bytes()
    wanted = EXPECTED[name]
    if wanted == "read":
        assert isinstance(parse(der), Certificate)
    else:
        assert refusal(der).value == wanted


def test_every_vector_is_expected_and_the_other_way_round() -> None:
    assert {path.stem for path in VECTORS.glob("*.der")} == set(EXPECTED)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_fall_over(data: bytes) -> None:
    with pytest.raises(NotACertificate):
        parse(data)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_change_to_a_vector_makes_the_reader_fall_over(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(EXPECTED)))
    der = bytearray((VECTORS / f"{name}.der").read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        der[data.draw(st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))
    try:
        read = parse(bytes(der))
    except NotACertificate:
        return
    assert read.der == bytes(der)
    assert "\x00" not in read.subject + read.issuer + "".join(read.subject_alternative_names)
