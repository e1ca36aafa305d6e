"""Keys as certificates carry them: what kind, how strong; and private keys, kept opaque."""

from dataclasses import dataclass, field
from enum import Enum

from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, mldsa, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)


class KeyKind(Enum):
    """The family of a public key."""

    RSA = "rsa"
    EC = "ec"
    ED25519 = "ed25519"
    ED448 = "ed448"
    ML_DSA = "ml-dsa"
    DSA = "dsa"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key as far as policy cares: its kind, its size, and RSA's exponent."""

    kind: KeyKind
    bits: int
    """Modulus bits (RSA, DSA), field bits (EC, Edwards curves); 0 where size means nothing."""
    exponent: int = 0
    """RSA's public exponent; 0 for the others."""

    def __str__(self) -> str:
        return f"{self.kind.value} {self.bits} bits" if self.bits else self.kind.value


# SubjectPublicKeyInfo (RFC 5480) up to the point, not compressed, and its length: nearly all keys.
_POINTS = {
    bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004"): (91, 256),
    bytes.fromhex("3076301006072a8648ce3d020106052b8104002203620004"): (120, 384),
}


def plain_key_of(key: bytes) -> PublicKey | None:
    """The same of a SubjectPublicKeyInfo (DER) with a point on P-256 or P-384; None for others.

    Whether the point is on the curve is not looked at."""
    for head, (size, bits) in _POINTS.items():
        if len(key) == size and key.startswith(head):
            return PublicKey(KeyKind.EC, bits)
    return None


def public_key_of(key: object) -> PublicKey:
    """Describe a pyca public key; anything without a rule of its own is ``OTHER``."""
    found = PublicKey(KeyKind.OTHER, 0)
    match key:
        case ec.EllipticCurvePublicKey():
            found = PublicKey(KeyKind.EC, key.curve.key_size)
        case rsa.RSAPublicKey():
            found = PublicKey(KeyKind.RSA, key.key_size, key.public_numbers().e)
        case ed25519.Ed25519PublicKey():
            found = PublicKey(KeyKind.ED25519, 256)
        case ed448.Ed448PublicKey():
            found = PublicKey(KeyKind.ED448, 456)
        case mldsa.MLDSA44PublicKey() | mldsa.MLDSA65PublicKey() | mldsa.MLDSA87PublicKey():
            found = PublicKey(KeyKind.ML_DSA, 0)
        case dsa.DSAPublicKey():
            found = PublicKey(KeyKind.DSA, key.key_size)
        case _:
            pass
    return found


@dataclass(frozen=True, slots=True, repr=False)
class PrivateKey:
    """A private key that shows itself only when asked to; never in a repr or a log."""

    native: PrivateKeyTypes = field(compare=False)
    """The library's own object, for the rooms that sign with it."""

    def pem(self) -> bytes:
        """PKCS#8 PEM without encryption: a secret, for a file only its owner may read."""
        return self.native.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def public_der(self) -> bytes:
        """The SubjectPublicKeyInfo this key belongs to, DER."""
        public = self.native.public_key()
        return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def __repr__(self) -> str:
        return "PrivateKey(…)"
