"""The other encoding of an ECDSA-signed certificate: as good, and under another fingerprint."""

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from tests.support.pki import Made

CURVES = {
    "ec": ec.SECP256R1(),
    "p384": ec.SECP384R1(),
    "p521": ec.SECP521R1(),
}


def twin_of(made: Made, curve: ec.EllipticCurve) -> bytes:
    """(r, n - s) in place of (r, s), by the library's own encoder."""
    signature = made.native.signature
    r, s = decode_dss_signature(signature)
    other = encode_dss_signature(r, curve.group_order - s)
    # Lengths may differ by a byte or two: those of what stands around are written anew.
    signed = made.native.tbs_certificate_bytes
    at = made.der.index(signed) + len(signed)
    algorithm = made.der[at : at + 2 + made.der[at + 1]]
    return sequence(signed + algorithm + element(0x03, b"\0" + other))


def sequence(content: bytes) -> bytes:
    return element(0x30, content)


def element(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes((tag, size)) + content
    octets = size.to_bytes(1 if size < 256 else 2, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content
