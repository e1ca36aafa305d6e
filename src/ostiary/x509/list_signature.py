"""The signature of a revocation list, kept apart from the list: of 50 MB a digest is enough."""

import hashlib
from dataclasses import dataclass, field
from enum import Enum

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

_DIGESTS: dict[str, hashes.HashAlgorithm] = {
    one.name: one
    for one in (hashes.SHA1(), hashes.SHA224(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512())  # noqa: S303
}


class Scheme(Enum):
    """How it was signed."""

    RSA = "rsa"
    RSA_PSS = "rsa-pss"
    ECDSA = "ecdsa"
    EDDSA = "eddsa"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ListSignature:
    """Everything that is needed to verify it."""

    scheme: Scheme
    digest: str
    """Name of the digest (``sha256``); empty with EdDSA, which signs the message itself."""
    salt: int
    """Octets of the salt, with RSA-PSS."""
    signed: bytes = field(repr=False)
    """The digest of what is signed; with EdDSA all of it."""
    signature: bytes = field(repr=False)

    def is_by(self, certificate: x509.Certificate) -> bool:
        """Whether the certificate's key made it."""
        try:
            return self._is_by(certificate.public_key())
        except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError, OverflowError):
            return False

    def _is_by(self, key: object) -> bool:
        """Raises InvalidSignature."""
        match key, self.scheme:
            case rsa.RSAPublicKey(), Scheme.RSA | Scheme.RSA_PSS:
                digest = _DIGESTS[self.digest]
                key.verify(self.signature, self.signed, self._padding(digest), Prehashed(digest))
            case ec.EllipticCurvePublicKey(), Scheme.ECDSA:
                way = ec.ECDSA(Prehashed(_DIGESTS[self.digest]))
                key.verify(self.signature, self.signed, way)
            case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey(), Scheme.EDDSA:
                key.verify(self.signature, self.signed)
            case _:
                return False
        return True

    def _padding(self, digest: hashes.HashAlgorithm) -> padding.AsymmetricPadding:
        if self.scheme is Scheme.RSA:
            return padding.PKCS1v15()
        return padding.PSS(padding.MGF1(digest), self.salt)


NOBODYS = ListSignature(Scheme.UNKNOWN, "", 0, b"", b"")
"""A signature that no key made."""


def signature_of(native: x509.CertificateRevocationList, message: bytes) -> ListSignature:
    """The signature of ``message``; ``NOBODYS`` for what we don't know."""
    try:
        algorithm, given = native.signature_hash_algorithm, native.signature_algorithm_parameters
    except (UnsupportedAlgorithm, ValueError):
        return NOBODYS
    if algorithm is None:
        return ListSignature(Scheme.EDDSA, "", 0, message, native.signature)
    if algorithm.name not in _DIGESTS:
        return NOBODYS
    scheme, salt = _scheme(given, algorithm)
    signed = hashlib.new(algorithm.name, message).digest()
    return ListSignature(scheme, algorithm.name, salt, signed, native.signature)


def _scheme(given: object, algorithm: hashes.HashAlgorithm) -> tuple[Scheme, int]:
    match given:
        case padding.PKCS1v15():
            return Scheme.RSA, 0
        case padding.PSS(_mgf=padding.MGF1(_algorithm=mask), _salt_length=int(salt)):
            # pyca has no public names for these two; a mask of another digest is not in use.
            return (Scheme.RSA_PSS, salt) if mask.name == algorithm.name else (Scheme.UNKNOWN, 0)
        case ec.ECDSA():
            return Scheme.ECDSA, 0
        case _:
            return Scheme.UNKNOWN, 0
