"""Revocation lists (CRL, RFC 5280 section 5), read once into a view that answers by serial number.

What a list covers is sorted out here: whole lists and deltas, lists for a distribution point, for
some kinds of certificates or some reasons, and indirect ones. A list that says what we don't know
says so in ``fault`` and is good for nothing but telling.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509

from ostiary.x509.certificate import READ_FAULTS, Certificate, bearing_oddities
from ostiary.x509.der import first_inside, signature_is_whole
from ostiary.x509.entries import NO_ENTRIES, Entries, Revoked
from ostiary.x509.errors import NotACrl, Unreadable
from ostiary.x509.list_entries import entries_of_list
from ostiary.x509.list_signature import NOBODYS, ListSignature, signature_of
from ostiary.x509.names import name_key
from ostiary.x509.points import WHOLE, Scope, scope_of

__all__ = ["RevocationList", "Revoked", "is_issued_by", "parse_revocation_list", "subject_key"]

_NO_END = "it does not say until when it holds (nextUpdate)"
_ATTRIBUTES = "it is about attribute certificates only"
_NO_NUMBER = "it is a delta list without a number (cRLNumber)"


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationList:
    """One list; equal to another when the DER is the same. Plain data, for another process, too."""

    sha256: bytes
    """Digest of the DER, 32 bytes."""
    issuer: str = field(compare=False)
    """RFC 4514 text."""
    issuer_key: bytes = field(compare=False, repr=False)
    """The issuer's name as ``subject_key`` has it for the authority's certificate."""
    this_update: datetime = field(compare=False)
    """Aware, UTC; the list holds from then on, and until before ``next_update``."""
    next_update: datetime | None = field(compare=False)
    """None when the list does not say, which RFC 5280 5.1.2.5 forbids."""
    number: int = field(compare=False)
    """The authority's running number (5.2.3); -1 where there is none."""
    base: int | None = field(compare=False)
    """For a delta list the number of the whole list it begins at (5.2.4)."""
    authority_key: bytes | None = field(compare=False, repr=False)
    """authorityKeyIdentifier (5.2.1): which of the authority's keys signed."""
    scope: Scope = field(compare=False)
    fault: str | None = field(compare=False)
    """Why the list can't be used, or None."""
    entries: Mapping[bytes, Entries] = field(compare=False, repr=False)
    """By the key of the name of the authority that issued the certificates."""
    signature: ListSignature = field(compare=False, repr=False)
    signers: tuple[bytes, ...] = field(compare=False, repr=False, default=())
    """Certificates that stood beside the list in its file, DER: one of them may have signed it."""

    def holds_at(self, now: datetime) -> bool:
        """Whether the list may be believed at ``now`` (aware), as far as time goes."""
        return self.next_update is not None and self.this_update <= now < self.next_update

    @property
    def count(self) -> int:
        """How many entries, of all authorities."""
        return sum(one.count for one in self.entries.values())

    def find(self, issuer_key: bytes, serial: int) -> Revoked | None:
        """The entry of the certificate with this serial number from this authority."""
        return self.entries.get(issuer_key, NO_ENTRIES).find(serial)

    def is_signed_by(self, issuer: Certificate) -> bool:
        """Whether the list is in this authority's name, by its key, and it may sign lists.

        RFC 5280 6.3.3 (f): with a key usage extension, cRLSign must be set.
        """
        native = issuer.native
        try:
            return (
                name_key(native.subject) == self.issuer_key
                and _may_sign_lists(native)
                and self.signature.is_by(native)
            )
        except READ_FAULTS:
            return False


def parse_revocation_list(der: bytes) -> RevocationList:
    """Read one DER list and nothing after it; its signature is not looked at.

    Raises NotACrl. Takes about 5 seconds for a million entries.
    """
    try:
        with bearing_oddities():
            return _read(x509.load_der_x509_crl(der), der)
    except READ_FAULTS as error:
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


def subject_key(certificate: Certificate) -> bytes:
    """The certificate's subject as lists name it: equal for equal names (RFC 5280 7.1)."""
    with bearing_oddities():
        return name_key(certificate.native.subject)


def _read(native: x509.CertificateRevocationList, der: bytes) -> RevocationList:
    said = _Extensions(native)
    tbs = first_inside(der)
    entries, fault_of_entry = entries_of_list(native, tbs, indirect=said.scope.indirect)
    fault = said.fault or fault_of_entry
    if native.next_update_utc is None:
        fault = _NO_END
    return RevocationList(
        sha256=hashlib.sha256(der).digest(),
        issuer=native.issuer.rfc4514_string(),
        issuer_key=name_key(native.issuer),
        this_update=native.last_update_utc,
        next_update=native.next_update_utc,
        number=said.number,
        base=said.base,
        authority_key=said.authority_key,
        scope=said.scope,
        fault=fault,
        entries=entries,
        signature=signature_of(native, tbs) if signature_is_whole(der) else NOBODYS,
    )


def _may_sign_lists(issuer: x509.Certificate) -> bool:
    try:
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage)
    except x509.ExtensionNotFound:
        return True
    return usage.value.crl_sign


class _Extensions:
    """What the extensions of a list say."""

    def __init__(self, native: x509.CertificateRevocationList) -> None:
        self.number = -1
        self.base: int | None = None
        self.authority_key: bytes | None = None
        self.scope = WHOLE
        self.fault: str | None = None
        for extension in native.extensions:
            match extension.value:
                case x509.CRLNumber(crl_number=number):
                    self.number = number
                case x509.DeltaCRLIndicator(crl_number=number):
                    self.base = number
                case x509.AuthorityKeyIdentifier(key_identifier=identifier):
                    self.authority_key = identifier
                case x509.IssuingDistributionPoint() as point:
                    self._take(point, native.issuer)
                case _ if extension.critical:
                    # RFC 5280 5.2: such a list must not be used to tell that anybody is good.
                    oid = extension.oid.dotted_string
                    self.fault = f"it has the critical extension {oid}, unknown here"
                case _:
                    pass
        if self.base is not None and self.number < 0:
            self.fault = self.fault or _NO_NUMBER

    def _take(self, point: x509.IssuingDistributionPoint, issuer: x509.Name) -> None:
        self.scope = scope_of(point, issuer)
        if point.only_contains_attribute_certs:
            self.fault = self.fault or _ATTRIBUTES
