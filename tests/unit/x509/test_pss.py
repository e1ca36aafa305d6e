"""Parameters of RSA-PSS: as other programs write them than openssl, and broken ones."""

import contextlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from ostiary.x509.pss import pss_of
from tests.support.der import elements, inside, tlv

OID = bytes.fromhex("06092a864886f70d01010a")
MGF1 = bytes.fromhex("06092a864886f70d010108")
SHA1, SHA256 = bytes.fromhex("06052b0e03021a"), bytes.fromhex("0609608648016503040201")
NULL = b"\x05\x00"


def hashed(oid: bytes = SHA256, more: bytes = NULL) -> bytes:
    return tlv(0xA0, tlv(0x30, oid + more))


def masked(oid: bytes = SHA256, more: bytes = NULL, way: bytes = MGF1) -> bytes:
    return tlv(0xA1, tlv(0x30, way + tlv(0x30, oid + more)))


def salted(*octets: int) -> bytes:
    return tlv(0xA2, tlv(0x02, bytes(octets)))


def identifier(*parts: bytes, oid: bytes = OID) -> bytes:
    return tlv(0x30, oid + tlv(0x30, b"".join(parts)))


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (identifier(hashed(), masked(), salted(32)), ("sha256", 32)),
        # RFC 4055 2.1 and 3.1: without NULL, with the default salt.
        (identifier(hashed(more=b""), masked(more=b""), salted(0, 200)), ("sha256", 200)),
        (identifier(hashed(), masked()), ("sha256", 20)),
        # The defaults are SHA-1.
        (identifier(), None),
        (tlv(0x30, OID), None),
        (tlv(0x30, OID + NULL), None),
        (identifier(hashed(SHA1), masked(SHA1), salted(20)), None),
        (identifier(hashed(), salted(32)), None),
        (identifier(hashed(), masked(SHA1), salted(32)), None),
        (identifier(hashed(), masked(way=SHA256), salted(32)), None),
        (identifier(hashed(more=SHA1), masked(), salted(32)), None),
        (identifier(hashed(), masked(), salted(0xFF)), None),
        (identifier(hashed(), masked(), tlv(0xA2, tlv(0x04, b"a"))), None),
        (identifier(hashed(), masked(), salted(32), tlv(0xA3, b"\x02\x01\x01")), None),
        (identifier(hashed(), masked(), salted(32), oid=MGF1), None),
    ],
)
def test_parameters_are_taken_or_refused(written: bytes, found: tuple[str, int] | None) -> None:
    assert pss_of(written) == found


@pytest.mark.parametrize("digest", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
def test_what_pyca_writes_is_taken(digest: hashes.HashAlgorithm) -> None:
    key = rsa.generate_private_key(65537, 2048)
    way = padding.PSS(padding.MGF1(digest), 24)
    builder = x509.CertificateSigningRequestBuilder(x509.Name([]))
    made = builder.sign(key, digest, rsa_padding=way)  # type: ignore[arg-type]
    algorithm = elements(inside(made.public_bytes(Encoding.DER)))[1]
    assert pss_of(algorithm) == (digest.name, 24)


@given(st.binary(max_size=80))
def test_no_bytes_make_it_fall_over(junk: bytes) -> None:
    for written in (junk, tlv(0x30, OID + junk), identifier(junk)):
        with contextlib.suppress(IndexError):
            pss_of(written)
