"""Which keys and signature digests are too weak to be believed."""

from dataclasses import dataclass

from ostiary.x509.certificate import Certificate
from ostiary.x509.keys import KeyKind, PublicKey

LARGEST_RSA_BITS = 16_384
"""OPENSSL_RSA_MAX_MODULUS_BITS: OpenSSL refuses to verify with more, and it takes too long."""

_KINDS_WITHOUT_SIZES = frozenset({KeyKind.ED25519, KeyKind.ED448, KeyKind.ML_DSA})


@dataclass(frozen=True, slots=True, kw_only=True)
class WeakPolicy:
    """Which keys and signature digests are too weak to be believed.

    The defaults are what OpenSSL's security level 2 asks (112 bits; Debian's default), so a
    looser policy only helps where the engine's own handshake is loosened too.
    """

    minimum_rsa_bits: int = 2048
    minimum_ec_bits: int = 256
    refuse_digests: frozenset[str] = frozenset({"md2", "md4", "md5", "sha1", "unknown"})

    def fault_of_key(self, key: PublicKey) -> str | None:
        """Why the key is not acceptable, or None. DSA and unknown kinds never are."""
        fault = oversized(key)
        match key.kind:
            case KeyKind.RSA if fault is None:
                fault = self._fault_of_rsa(key)
            case KeyKind.EC if key.bits < self.minimum_ec_bits:
                fault = f"EC key of {key.bits} bits is below {self.minimum_ec_bits}"
            case KeyKind.DSA:
                fault = "DSA keys are not accepted"
            case KeyKind.OTHER:
                fault = "a key of this kind is not accepted"
            case _:
                pass
        return fault

    def _fault_of_rsa(self, key: PublicKey) -> str | None:
        if key.bits < self.minimum_rsa_bits:
            return f"RSA key of {key.bits} bits is below {self.minimum_rsa_bits}"
        # An exponent of 1 makes every signature valid; an even one is no RSA key at all.
        if key.exponent < 3 or key.exponent % 2 == 0:
            return f"RSA public exponent {key.exponent} is no exponent"
        return None

    def fault_of_digest(self, certificate: Certificate) -> str | None:
        """Why the certificate's signature can't be believed, or None."""
        if certificate.signature_digest in self.refuse_digests:
            return f"signed with {certificate.signature_digest}"
        return None


def oversized(key: PublicKey) -> str | None:
    """Why a key is too large to compute with, or None."""
    if key.kind is KeyKind.RSA and key.bits > LARGEST_RSA_BITS:
        return f"RSA key of {key.bits} bits is beyond {LARGEST_RSA_BITS}"
    return None
