"""Whom to trust and how strictly: the part of the configuration that decides about certificates."""

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum

from ostiary.trust.anchors import AnchorSet
from ostiary.trust.names.rules import EVERYBODY, NameRules
from ostiary.x509.certificate import Certificate
from ostiary.x509.keys import KeyKind, PublicKey
from ostiary.x509.revocation import RevocationList

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


class Revocation(Enum):
    """Who is refused for what revocation lists say, or don't say."""

    OFF = "off"
    """Nobody: nothing is looked up."""
    SOFT = "soft"
    """Who is known as revoked."""
    STRICT = "strict"
    """Who isn't known as not revoked, below an anchor (OpenSSL's X509_V_FLAG_CRL_CHECK_ALL)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustPolicy:
    """What one TLS entry, or one API at it, trusts.

    Two policies with the same content have the same ``id``.
    """

    anchors: tuple[Certificate, ...]
    """Every one ends a path, whether root, intermediate or pinned end-entity; none: nobody.
    Kept as an AnchorSet; give one where many policies have the same."""
    weak: WeakPolicy = WeakPolicy()
    crls: tuple[RevocationList, ...] = ()
    """Usable or not."""
    revocation: Revocation | None = None
    """None: strict with any list, as in Node.js; off with none."""
    grace: timedelta = timedelta()
    """How long after its end a list still tells that somebody isn't revoked."""
    maximum_age: timedelta = timedelta(hours=1)
    """How long a decision may be remembered at most."""
    names: NameRules = EVERYBODY
    """Which names may pass; none given: all."""
    path_needed: bool = True
    """False, and no anchors: whoever hands the certificate over has verified its path, so only the
    certificate itself is looked at. With any anchor there must be a path all the same."""
    report_only: bool = False
    """Names that may not pass are reported, and admitted."""
    id: str = field(init=False)
    """Hash of the content, 32 hex digits; the order of anchors and lists does not matter."""

    @property
    def looks_up(self) -> Revocation:
        """What is done about revocation."""
        if self.revocation is not None:
            return self.revocation
        return Revocation.STRICT if self.crls else Revocation.OFF

    @property
    def anchor_set(self) -> AnchorSet:
        """The anchors with their id."""
        return AnchorSet(self.anchors)

    def __post_init__(self) -> None:
        """Derive the id."""
        weak, anchors = self.weak, AnchorSet(self.anchors)
        object.__setattr__(self, "anchors", anchors)
        digest = hashlib.sha256()
        for part in (
            "ostiary trust policy 3",
            anchors.id,
            f"rsa>={weak.minimum_rsa_bits} ec>={weak.minimum_ec_bits}",
            *sorted(weak.refuse_digests),
            f"age<={self.maximum_age.total_seconds()}",
            *sorted({f"crl {crl.sha256.hex()}" for crl in self.crls}),
            f"revocation {self.looks_up.value} grace {self.grace.total_seconds()}",
            f"names {self.names.id} path {self.path_needed} report {self.report_only}",
        ):
            digest.update(part.encode() + b"\n")
        object.__setattr__(self, "id", digest.hexdigest()[:32])
