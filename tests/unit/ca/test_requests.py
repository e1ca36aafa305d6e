"""Requests: whoever asks has the key, the key is strong, and nothing is copied blindly."""

from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st

from ostiary.ca.authority import IssueRefusedError
from ostiary.ca.requests import key_to_certify, read_request

EC = ec.generate_private_key(ec.SECP256R1())


def request(
    key: Any = EC, *extensions: x509.ExtensionType, subject: dict[Any, str] | None = None
) -> bytes:
    names = {NameOID.COMMON_NAME: "device"} if subject is None else subject
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(oid, value) for oid, value in names.items()])
    )
    for one in extensions:
        builder = builder.add_extension(one, critical=False)
    edwards = isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey)
    return builder.sign(key, None if edwards else hashes.SHA256()).public_bytes(Encoding.DER)


def refused(data: bytes) -> str:
    with pytest.raises(IssueRefusedError) as caught:
        read_request(data)
    return str(caught.value)


def test_a_request_tells_its_key_its_subject_and_its_names() -> None:
    names = x509.SubjectAlternativeName(
        [x509.DNSName("a.example"), x509.UniformResourceIdentifier("spiffe://example/a")]
    )
    data = request(
        EC, names, subject={NameOID.ORGANIZATION_NAME: "Acme", NameOID.COMMON_NAME: "device"}
    )
    for form in (data, x509.load_der_x509_csr(data).public_bytes(Encoding.PEM)):
        read = read_request(form)
        assert read.attributes == {"O": "Acme", "CN": "device"}
        assert read.alternatives == ("dns:a.example", "uri:spiffe://example/a")
        spki = EC.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        assert read.key.der() == spki


def test_a_request_that_was_changed_after_it_was_signed_is_refused() -> None:
    data = request()
    assert "signature" in refused(data.replace(b"device", b"divece"))


def test_a_request_for_an_authority_is_refused() -> None:
    assert "authority" in refused(request(EC, x509.BasicConstraints(ca=True, path_length=None)))


def test_extensions_that_nobody_asked_us_about_are_not_heard() -> None:
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])
    assert read_request(request(EC, usage)).alternatives == ()


def test_names_of_kinds_that_are_not_certified_are_refused() -> None:
    names = x509.SubjectAlternativeName([x509.RegisteredID(NameOID.COMMON_NAME)])
    assert "kind" in refused(request(EC, names))
    assert "not certified" in refused(request(subject={NameOID.TITLE: "Dr."}))
    hostile = x509.SubjectAlternativeName([x509.DNSName("a b.example")])
    assert "a b.example" in refused(request(EC, hostile))


@pytest.mark.parametrize(
    "key",
    [
        EC,
        ec.generate_private_key(ec.SECP384R1()),
        ed25519.Ed25519PrivateKey.generate(),
        ed448.Ed448PrivateKey.generate(),
        rsa.generate_private_key(public_exponent=65537, key_size=2048),
    ],
    ids=["p256", "p384", "ed25519", "ed448", "rsa2048"],
)
def test_strong_keys_are_certified(key: Any) -> None:
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert read_request(request(key)).key.der() == spki
    assert key_to_certify(spki).der() == spki


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(public_exponent=65537, key_size=1024),
        rsa.generate_private_key(public_exponent=3, key_size=2048),
        ec.generate_private_key(ec.SECP192R1()),
        dsa.generate_private_key(key_size=2048),
    ],
    ids=["rsa1024", "exponent3", "p192", "dsa"],
)
def test_weak_keys_are_not(key: Any) -> None:
    assert "not certified" in refused(request(key))
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(IssueRefusedError, match="not certified"):
        key_to_certify(spki)


@pytest.mark.parametrize("data", [b"", b"hello", b"-----BEGIN CERTIFICATE REQUEST-----", b"0\x80"])
def test_what_is_no_request_is_told_so(data: bytes) -> None:
    assert "not a proper" in refused(data)
    assert "larger" in refused(b"0" * 100_000)


@given(at=st.integers(0, 10_000), bit=st.integers(0, 7), cut=st.integers(0, 10_000))
def test_damaged_requests_are_refused_and_nothing_else_happens(at: int, bit: int, cut: int) -> None:
    whole = bytearray(request(EC, x509.SubjectAlternativeName([x509.DNSName("a.example")])))
    whole[at % len(whole)] ^= 1 << bit
    for data in (bytes(whole), bytes(whole[: cut % len(whole)])):
        with pytest.raises(IssueRefusedError):
            read_request(data)


def test_a_signature_with_unused_bits_is_no_proper_one() -> None:
    for _ in range(20):
        whole = bytearray(request(EC, x509.SubjectAlternativeName([x509.DNSName("a.example")])))
        native = x509.load_der_x509_csr(bytes(whole))
        if native.signature[-1] % 2 == 0:  # else no parser takes it
            break
    whole[whole.rindex(native.signature) - 1] = 1
    assert "signature is not by the key" in refused(bytes(whole))
