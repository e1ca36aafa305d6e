"""An authority at work: certificates for keys of others, and revocation lists."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from ostiary.ca.addresses import Addresses
from ostiary.ca.authority import (
    BACKDATING,
    IssueRefusedError,
    digest_for,
    end_of,
    usage_of,
)
from ostiary.ca.names import MOST_ALTERNATIVES, alternative_of, subject_of
from ostiary.ca.requests import CertifiedKey
from ostiary.x509.certificate import Certificate
from ostiary.x509.keys import KeyKind, PrivateKey
from ostiary.x509.structure import AlternativeNames, Attribute, alternatives_of, attributes_of


class Purpose(Enum):
    """What an end entity's certificate is for; the values are stable."""

    CLIENT = "client"
    SERVER = "server"


_USES = {
    Purpose.CLIENT: ExtendedKeyUsageOID.CLIENT_AUTH,
    Purpose.SERVER: ExtendedKeyUsageOID.SERVER_AUTH,
}


class Reason(Enum):
    """Why a certificate is revoked: RFC 5280 5.3.1, those that end it for good.

    ``certificateHold`` is none of them: what is to be let in again later is blocked, not revoked.
    """

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "keyCompromise"
    CA_COMPROMISE = "cACompromise"
    AFFILIATION_CHANGED = "affiliationChanged"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessationOfOperation"
    PRIVILEGE_WITHDRAWN = "privilegeWithdrawn"


@dataclass(frozen=True, slots=True)
class Naming:
    """The names that are asked for, ready to be looked at and to be signed."""

    subject: x509.Name
    alternatives: tuple[x509.GeneralName, ...]

    @classmethod
    def of_certificate(cls, certificate: Certificate) -> "Naming":
        """The names of a certificate of ours."""
        try:
            found = certificate.native.extensions.get_extension_for_class(
                x509.SubjectAlternativeName
            )
        except x509.ExtensionNotFound:
            return cls(certificate.native.subject, ())
        return cls(certificate.native.subject, tuple(found.value))

    def subject_attributes(self) -> tuple[tuple[Attribute, ...], ...]:
        """For rules."""
        return attributes_of(self.subject)

    def alternative_names(self) -> AlternativeNames:
        """For rules."""
        return alternatives_of(self.alternatives)

    def subject_text(self) -> str:
        """RFC 4514."""
        return self.subject.rfc4514_string()


def naming_of(common_name: str, attributes: dict[str, str], alternatives: Iterable[str]) -> Naming:
    """Names from text. Raises IssueRefusedError."""
    subject = subject_of(common_name, attributes)
    names = tuple(dict.fromkeys(map(alternative_of, alternatives)))
    if len(names) > MOST_ALTERNATIVES:
        raise IssueRefusedError(f"more than {MOST_ALTERNATIVES} alternative names")
    return Naming(subject, names)


@dataclass(frozen=True, slots=True)
class Signed:
    """A certificate as it was signed."""

    der: bytes
    not_before: datetime
    not_after: datetime


class Signer:
    """An authority with its key. What all its certificates have in common is made once."""

    def __init__(
        self, certificate: Certificate, key: PrivateKey, addresses: Addresses | None = None
    ) -> None:
        """``addresses``: where it publishes, if it does."""
        self.certificate = certificate
        self._addresses = addresses
        self._key = key.native
        self._digest = digest_for(key.native)
        self._issuer = certificate.native.subject
        above = certificate.native.extensions
        own = above.get_extension_for_class(x509.SubjectKeyIdentifier).value
        self._identifier = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)

    def sign(
        self,
        naming: Naming,
        key: CertifiedKey,
        purpose: Purpose,
        *,
        serial: int,
        now: datetime,
        days: int,
    ) -> Signed:
        """An end entity's certificate. It ends with its issuer's, if that is sooner."""
        begin = (now - BACKDATING).replace(microsecond=0)
        end = end_of(begin + BACKDATING + timedelta(days=days), self.certificate)
        # RSA servers may still be asked for key transport, which TLS 1.2 without (EC)DHE uses.
        transport = key.kind is KeyKind.RSA and purpose is Purpose.SERVER
        builder = (
            x509.CertificateBuilder(self._issuer, naming.subject, key.native, serial, begin, end)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(
                usage_of(digital_signature=True, key_encipherment=transport), critical=True
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.native), critical=False)
            .add_extension(self._identifier, critical=False)
            .add_extension(x509.ExtendedKeyUsage([_USES[purpose]]), critical=False)
        )
        if naming.alternatives:
            names = x509.SubjectAlternativeName(naming.alternatives)
            builder = builder.add_extension(names, critical=False)
        for told in self._addresses.in_certificates() if self._addresses else ():
            builder = builder.add_extension(told, critical=False)
        return self._signed(builder, begin, end)

    def sign_responder(
        self, naming: Naming, key: CertifiedKey, *, serial: int, now: datetime, days: int
    ) -> Signed:
        """A certificate to answer OCSP with in this authority's name (RFC 6960 4.2.2.2).

        Nobody asks whether it is revoked itself (``ocsp-nocheck``, 4.2.2.2.1), so let it end soon.
        """
        begin = (now - BACKDATING).replace(microsecond=0)
        end = end_of(begin + BACKDATING + timedelta(days=days), self.certificate)
        builder = (
            x509.CertificateBuilder(self._issuer, naming.subject, key.native, serial, begin, end)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage_of(digital_signature=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.native), critical=False)
            .add_extension(self._identifier, critical=False)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), critical=False
            )
            .add_extension(x509.OCSPNoCheck(), critical=False)
        )
        return self._signed(builder, begin, end)

    def _signed(self, builder: x509.CertificateBuilder, begin: datetime, end: datetime) -> Signed:
        native = builder.sign(self._key, self._digest)  # type: ignore[arg-type]  # dice make signing keys
        return Signed(native.public_bytes(Encoding.DER), begin, end)

    def list_of(
        self,
        revoked: Iterable[tuple[int, datetime, Reason]],
        *,
        number: int,
        now: datetime,
        until: datetime,
    ) -> bytes:
        """The whole revocation list, DER: serial numbers, since when, and why."""
        freshest = (self._addresses.in_lists(),) if self._addresses else ()
        return self._list_of(revoked, number, (now, until), [(one, False) for one in freshest])

    def delta_of(
        self,
        revoked: Iterable[tuple[int, datetime, Reason]],
        *,
        base: int,
        number: int,
        now: datetime,
        until: datetime,
    ) -> bytes:
        """What came after the whole list with the number ``base``, DER (RFC 5280 5.2.4).

        ``number`` is that of the whole list that is made at the same time.
        """
        delta = x509.DeltaCRLIndicator(base)
        return self._list_of(revoked, number, (now, until), [(delta, True)])

    def _list_of(
        self,
        revoked: Iterable[tuple[int, datetime, Reason]],
        number: int,
        updates: tuple[datetime, datetime],
        more: Sequence[tuple[x509.ExtensionType, bool]],
    ) -> bytes:
        # The builder's own methods copy all entries for each one that is added.
        builder = x509.CertificateRevocationListBuilder(
            issuer_name=self._issuer,
            last_update=updates[0].replace(microsecond=0),
            next_update=updates[1].replace(microsecond=0),
            revoked_certificates=[_entry(*one) for one in revoked],
        )
        for extension, critical in (
            (self._identifier, False),
            (x509.CRLNumber(number), False),
            *more,
        ):
            builder = builder.add_extension(extension, critical=critical)
        native = builder.sign(self._key, self._digest)  # type: ignore[arg-type]  # as above
        return native.public_bytes(Encoding.DER)


def _entry(serial: int, at: datetime, reason: Reason) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder(serial, at.replace(microsecond=0))
    # RFC 5280 5.3.1: unspecified is said by saying nothing.
    if reason is not Reason.UNSPECIFIED:
        flag = x509.CRLReason(x509.ReasonFlags(reason.value))
        builder = builder.add_extension(flag, critical=False)
    return builder.build()
