"""Whom to trust and how strictly: the part of the configuration that decides about certificates."""

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum

from ostiary.trust.anchors import AnchorSet
from ostiary.trust.names.rules import EVERYBODY, NameRules
from ostiary.trust.ocsp import OcspRules
from ostiary.trust.weak import WeakPolicy
from ostiary.x509.certificate import Certificate
from ostiary.x509.revocation import RevocationList


class Revocation(Enum):
    """Who is refused for what revocation lists say, or don't say."""

    OFF = "off"
    """Nobody: nothing is looked up."""
    SOFT = "soft"
    """Who is known as revoked."""
    STRICT = "strict"
    """Who isn't known as not revoked, below an anchor (OpenSSL's X509_V_FLAG_CRL_CHECK_ALL)."""


class Preference(Enum):
    """Which source tells that somebody isn't revoked, where there are lists and OCSP.

    Whoever is revoked by one of them, as far as it is at hand, is revoked.
    """

    CRL_FIRST = "crl-first"
    """OCSP is asked where no list tells."""
    OCSP_FIRST = "ocsp-first"
    """A list counts where no OCSP answer does."""
    OCSP_IF_NO_CRL = "ocsp-if-no-crl"
    """OCSP is asked where there is no list in the authority's name, not even an old one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustPolicy:
    """What one TLS entry, or one API at it, trusts.

    Two policies with the same content have the same ``id``.
    """

    anchors: tuple[Certificate, ...]
    """Every one ends a path, whether root, intermediate or pinned end-entity; none: nobody.
    Kept as an AnchorSet; give one where many policies have the same."""
    weak: WeakPolicy = field(default_factory=WeakPolicy)
    crls: tuple[RevocationList, ...] = ()
    """Usable or not."""
    revocation: Revocation | None = None
    """None: strict with any list, as in Node.js, or OCSP; off without both."""
    ocsp: OcspRules | None = None
    """None: no responder is asked, and no answer believed."""
    preference: Preference = Preference.CRL_FIRST
    grace: timedelta = timedelta()
    """How long after its end a list or answer still tells that somebody isn't revoked."""
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
        return Revocation.STRICT if self.crls or self.ocsp else Revocation.OFF

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
            "ostiary trust policy 4",
            anchors.id,
            f"rsa>={weak.minimum_rsa_bits} ec>={weak.minimum_ec_bits}",
            *sorted(weak.refuse_digests),
            f"age<={self.maximum_age.total_seconds()}",
            *sorted({f"crl {crl.sha256.hex()}" for crl in self.crls}),
            f"revocation {self.looks_up.value} grace {self.grace.total_seconds()}",
            f"ocsp {self.ocsp and self.ocsp.id} {self.preference.value}",
            f"names {self.names.id} path {self.path_needed} report {self.report_only}",
        ):
            digest.update(part.encode() + b"\n")
        object.__setattr__(self, "id", digest.hexdigest()[:32])
