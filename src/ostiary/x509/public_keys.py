"""Public keys by themselves: from a PEM file, or out of a certificate."""

from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)

from ostiary.x509.errors import NotAKey, Unreadable
from ostiary.x509.forms import CERTIFICATE_LABELS, blocks_of, certificate_in, kind_of, refusal_of
from ostiary.x509.keys import PublicKey, public_key_of

_PUBLIC = frozenset({"PUBLIC KEY", "RSA PUBLIC KEY"})


@dataclass(frozen=True, slots=True)
class BareKey:
    """A public key, and what is to be known of it."""

    about: PublicKey
    curve: str
    """The name of an elliptic curve as OpenSSL gives it (``secp256r1``); else empty."""
    pem: bytes
    """SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) in PEM."""


def read_public_key(data: bytes) -> BareKey:
    """The first public key or certificate in a PEM file.

    Raises NotAKey, which says what the bytes are instead; also for private keys, which nobody who
    only verifies should have.
    """
    blocks = blocks_of(data, NotAKey)
    for number, block in enumerate(blocks, 1):
        try:
            if block.label in _PUBLIC:
                return _bare(load_pem_public_key(block.text))
            if block.label in CERTIFICATE_LABELS:
                return _bare(load_der_public_key(certificate_in(block, number).public_key_der))
        except (ValueError, TypeError, UnsupportedAlgorithm) as fault:
            raise NotAKey(
                Unreadable.MALFORMED, "the public key does not decode, or is of an unsupported kind"
            ) from fault
    raise refusal_of(NotAKey, "a public key", kind_of(data, blocks))


def is_binary_form(data: bytes) -> bool:
    """Whether these bytes are a key, a certificate or the like in DER."""
    return kind_of(data, []) not in (Unreadable.EMPTY, Unreadable.NO_PEM, Unreadable.MALFORMED)


def _bare(key: object) -> BareKey:
    curve = key.curve.name if isinstance(key, ec.EllipticCurvePublicKey) else ""
    pem = key.public_bytes(  # type: ignore[attr-defined]  # every public key of the library has it
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    return BareKey(public_key_of(key), curve, pem)
