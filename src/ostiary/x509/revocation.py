"""Revocation lists (CRL, RFC 5280 section 5), read once into a view that answers by serial number.

Only whole lists are understood: one authority's, about all its certificates. A list that says
less, or more than we know, says so in ``fault`` and is good for nothing but telling.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from ostiary.x509.certificate import Certificate
from ostiary.x509.errors import NotACrl, Unreadable

_READ_FAULTS = (
    ValueError,
    TypeError,
    OverflowError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)

_NO_END = "it does not say until when it holds (nextUpdate)"
_DELTA = "it is a delta list; only whole lists are understood"
_PARTIAL = (
    "it is issued for a distribution point (issuingDistributionPoint) and may cover a part of "
    "the certificates only; only whole lists are understood"
)
_INDIRECT = "it is an indirect list, with certificates of other authorities"


@dataclass(frozen=True, slots=True)
class Revoked:
    """One certificate's entry in a list."""

    date: datetime
    """Aware, UTC."""
    reason: str
    """As RFC 5280 5.3.1 writes it (``keyCompromise``); ``unspecified`` where nothing is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationList:
    """One list; equal to another when the DER is the same."""

    sha256: bytes
    """Digest of the DER, 32 bytes."""
    issuer: str = field(compare=False)
    """RFC 4514 text."""
    issuer_der: bytes = field(compare=False, repr=False)
    """The issuer's Name: the ``subject_der`` of the authority's certificate."""
    this_update: datetime = field(compare=False)
    """Aware, UTC; the list holds from then on, and until before ``next_update``."""
    next_update: datetime | None = field(compare=False)
    """None when the list does not say, which RFC 5280 5.1.2.5 forbids."""
    number: int = field(compare=False)
    """The authority's running number (5.2.3); -1 where there is none."""
    fault: str | None = field(compare=False)
    """Why the list can't be used, or None."""
    revoked: Mapping[int, Revoked] = field(compare=False, repr=False)
    """By serial number. Entries with the reason removeFromCRL are not among them."""
    native: x509.CertificateRevocationList = field(compare=False, repr=False)
    """pyca's object, for the room x509 only."""

    def holds_at(self, now: datetime) -> bool:
        """Whether the list may be believed at ``now`` (aware), as far as time goes."""
        return self.next_update is not None and self.this_update <= now < self.next_update

    def is_signed_by(self, issuer: Certificate) -> bool:
        """Whether the list is in this authority's name, by its key, and it may sign lists.

        RFC 5280 6.3.3 (f): with a key usage extension, cRLSign must be set.
        """
        if issuer.subject_der != self.issuer_der:
            return False
        native = issuer.native
        try:
            return _may_sign_lists(native) and self.native.is_signature_valid(
                native.public_key()  # type: ignore[arg-type]  # other kinds raise TypeError
            )
        except _READ_FAULTS:
            return False


def parse_revocation_list(der: bytes) -> RevocationList:
    """Read one DER list and nothing after it; its signature is not looked at.

    Raises NotACrl. Takes about 3 seconds for a million entries.
    """
    try:
        native = x509.load_der_x509_crl(der)
        fault = _fault_of_list(native)
        revoked, fault_of_entry = _entries(native)
        return RevocationList(
            sha256=hashlib.sha256(der).digest(),
            issuer=native.issuer.rfc4514_string(),
            issuer_der=native.issuer.public_bytes(),
            this_update=native.last_update_utc,
            next_update=native.next_update_utc,
            number=_number(native),
            fault=fault or fault_of_entry,
            revoked=MappingProxyType(revoked),
            native=native,
        )
    except _READ_FAULTS as error:
        raise NotACrl(
            Unreadable.MALFORMED, f"not a proper revocation list: {' '.join(str(error).split())}"
        ) from error


def is_issued_by(certificate: Certificate, issuer: Certificate) -> bool:
    """Whether the names match and the signature is this issuer's; validity is not looked at."""
    try:
        certificate.native.verify_directly_issued_by(issuer.native)
    except Exception:  # noqa: BLE001 - InvalidSignature and whatever a strange key may raise
        # Every failure means the same: this certificate does not stand above that one.
        return False
    return True


def _may_sign_lists(issuer: x509.Certificate) -> bool:
    try:
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage)
    except x509.ExtensionNotFound:
        return True
    return usage.value.crl_sign


def _number(native: x509.CertificateRevocationList) -> int:
    numbers = (one.value for one in native.extensions)
    return next((one.crl_number for one in numbers if isinstance(one, x509.CRLNumber)), -1)


def _fault_of_list(native: x509.CertificateRevocationList) -> str | None:
    if native.next_update_utc is None:
        return _NO_END
    for extension in native.extensions:
        match extension.value:
            case x509.DeltaCRLIndicator():
                return _DELTA
            case x509.IssuingDistributionPoint() as point:
                return _INDIRECT if point.indirect_crl else _PARTIAL
            case x509.CRLNumber() | x509.AuthorityKeyIdentifier():
                pass
            case _ if extension.critical:
                # RFC 5280 5.2: such a list must not be used to tell that anybody is good.
                return f"it has the critical extension {extension.oid.dotted_string}, unknown here"
            case _:
                pass
    return None


def _entries(native: x509.CertificateRevocationList) -> tuple[dict[int, Revoked], str | None]:
    found: dict[int, Revoked] = {}
    fault = None
    for entry in native:
        reason = x509.ReasonFlags.unspecified
        for extension in entry.extensions:
            match extension.value:
                case x509.CRLReason(reason=stated):
                    reason = stated
                case x509.CertificateIssuer():
                    fault = _INDIRECT
                case x509.InvalidityDate():
                    pass
                case _ if extension.critical:
                    oid = extension.oid.dotted_string
                    fault = f"an entry has the critical extension {oid}, unknown here"
                case _:
                    pass
        if reason is not x509.ReasonFlags.remove_from_crl:
            found[entry.serial_number] = Revoked(entry.revocation_date_utc, reason.value)
    return found, fault
