"""Other encodings of the same certificate that verify just as well.

An ECDSA signature (r, s) has a twin, (r, n - s), that whoever holds the certificate can compute and
that verifies under the same key (SEC 1 section 4.1.4 computes the same point but for its sign, and
looks at its x alone). The twin certificate is equal in all that was signed, and has another
fingerprint: who is named by a fingerprint could step out of the name. Other signatures have none:
RSA's and EdDSA's are one number in one form, and both parsers take DER only.
"""

import hashlib
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric import ec

from ostiary.x509.der import inside

# 1.2.840.10045.4: the arc of ECDSA's signature algorithms, as DER has it.
_ECDSA = bytes.fromhex("2a8648ce3d04")
_ORDERS = tuple(
    (curve.group_order, curve.group_order.bit_length())
    for curve in (
        ec.SECP192R1(), ec.SECP224R1(), ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1(),
        ec.SECP256K1(), ec.BrainpoolP256R1(), ec.BrainpoolP384R1(), ec.BrainpoolP512R1(),
    )
)  # fmt: skip
_SMALLER = 64
"""Bits that ``s`` may be shorter than the order: one signature in 2^64 is, and nobody chooses."""


def twin_fingerprints(der: bytes) -> tuple[bytes, ...]:
    """SHA-256 of each twin; empty where there is none, or the bytes are no certificate.

    On which curve the issuer's key lies is not said in the certificate, so that each of fitting
    size is tried.
    """
    try:
        return tuple(hashlib.sha256(twin).digest() for twin in _twins(der))
    except (IndexError, ValueError):
        return ()


def _twins(der: bytes) -> Iterator[bytes]:
    # Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue } (RFC 5280 4.1)
    begin = _opened(der, 0, len(der), 0x30)
    signed_end = _end(der, begin)
    signature = _end(der, signed_end)
    identifier = _opened(der, signed_end, signature, 0x30)
    if der[identifier] != 0x06 or not der.startswith(_ECDSA, inside(der, identifier)[0]):
        return
    # Ecdsa-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER } (RFC 3279 2.2.3), no bit unused
    r = _opened(der, _opened(der, signature, len(der), 0x03) + 1, len(der), 0x30)
    s = _end(der, r)
    number = int.from_bytes(der[_opened(der, s, len(der), 0x02) :], "big", signed=True)
    bits = number.bit_length()
    for order, order_bits in _ORDERS:
        if 0 < number < order and order_bits - bits <= _SMALLER:
            pair = _wrapped(0x30, der[r:s] + _integer(order - number))
            yield _wrapped(0x30, der[begin:signature] + _wrapped(0x03, b"\0" + pair))


def _opened(data: bytes, at: int, end: int, tag: int) -> int:
    """Where the content of the element of this tag begins, if it reaches from ``at`` to ``end``."""
    begin, found = inside(data, at)
    if data[at] != tag or found != end:
        raise ValueError(f"no element of tag {tag:#x}")
    return begin


def _end(data: bytes, at: int) -> int:
    """As ``inside``, of bytes that nobody has decoded yet."""
    end = inside(data, at)[1]
    if end > len(data):
        raise ValueError("cut short")
    return end


def _wrapped(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    width = (size.bit_length() + 7) // 8
    return bytes((tag, 0x80 + width)) + size.to_bytes(width, "big") + content


def _integer(number: int) -> bytes:
    return _wrapped(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))
