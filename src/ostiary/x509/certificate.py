"""A certificate, read once from DER into our own frozen view.

Reading is strict, and done by two parsers that must agree: what is not proper DER, repeats an
extension, carries an extension that does not decode, or has a control character in a name is
refused here, before anything is decided.
"""

import hashlib
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from OpenSSL import crypto

from ostiary.x509.der import parts_of
from ostiary.x509.errors import NotACertificate, Unreadable
from ostiary.x509.keys import KeyKind, PublicKey, plain_key_of, public_key_of
from ostiary.x509.names import (
    alternative_text,
    alternative_values,
    hostile_character,
    name_values,
)
from ostiary.x509.plain_names import plain_name
from ostiary.x509.structure import (
    AlternativeNames,
    Attribute,
    Names,
    alternatives_of,
    attributes_of,
)

LARGEST_CERTIFICATE = 65_536
"""Bytes of DER. OpenSSL's default for a whole client chain is 100 KiB (SSL_CTX_set_max_cert_list);
HAProxy hands over chains only up to its buffer, 16 KiB by default."""

# The identifiers of subjectAltName and certificatePolicies (RFC 5280 4.2.1.6 and 4.2.1.4), as DER
# has them: where the bytes are nowhere, neither is the extension.
_NAMING = (b"\x06\x03\x55\x1d\x11", b"\x06\x03\x55\x1d\x20")

READ_FAULTS = (
    ValueError,
    TypeError,
    IndexError,
    OverflowError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    crypto.Error,
)
"""What pyca/cryptography, pyOpenSSL and our own eyes raise for bytes or values they can't read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One certificate; equal to another when the DER is the same."""

    der: bytes = field(repr=False)
    sha256: bytes = field(compare=False, repr=False)
    """Digest of the DER, 32 bytes: the fingerprint."""
    subject: str = field(compare=False)
    """RFC 4514 text; empty when the subject is."""
    issuer: str = field(compare=False)
    serial: int = field(compare=False)
    """As encoded: RFC 5280 4.1.2.2 asks readers to bear with zero, negative and long ones."""
    not_before: datetime = field(compare=False)
    """Aware, UTC; likewise ``not_after``. Both ends are inside the validity."""
    not_after: datetime = field(compare=False)
    key: PublicKey = field(compare=False)
    signature_digest: str = field(compare=False)
    """Lower-case digest of the signature (``sha256``); ``none`` where the scheme has its own."""
    version: int = field(compare=False)
    """1 or 3 as people count (the encoded value is one less)."""
    is_ca: bool = field(compare=False)
    """BasicConstraints says so. Version 1 certificates never do."""
    is_self_issued: bool = field(compare=False)
    subject_alternative_names: tuple[str, ...] = field(compare=False)
    """``DNS:a.example``, ``IP:::1``, ``URI:…``, in order."""
    extended_key_usages: tuple[str, ...] = field(compare=False)
    """Dotted object identifiers, in order; empty when the extension is absent."""
    openssl: crypto.X509 = field(compare=False, repr=False)
    """OpenSSL's own reading of the same bytes, for walking paths; for the room x509 only."""

    @property
    def native(self) -> x509.Certificate:
        """pyca's object, for the rooms x509 and ca only.

        Made anew each time, which costs microseconds: one that was asked for its extensions
        holds on to ten times the memory of the certificate.
        """
        with bearing_oddities():
            return x509.load_der_x509_certificate(self.der)

    @property
    def names(self) -> Names:
        """Everything a rule about names may look at; made anew each time, like ``native``."""
        issuer_der, subject_der, _ = parts_of(self.der)
        subject, issuer = plain_name(subject_der), plain_name(issuer_der)
        if subject and issuer and not any(oid in self.der for oid in _NAMING):
            return Names(
                subject=subject.attributes,
                issuer=issuer.attributes,
                alternatives=AlternativeNames(),
                policies=(),
            )
        with bearing_oddities():
            return _names(x509.load_der_x509_certificate(self.der))

    @property
    def rdns(self) -> tuple[tuple[Attribute, ...], ...]:
        """The subject: its relative distinguished names as encoded, each with its attributes."""
        return self.names.subject

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the DER, lower-case hex."""
        return self.sha256.hex()

    @property
    def subject_der(self) -> bytes:
        """The subject's Name, DER: what an issued certificate repeats as its issuer."""
        return parts_of(self.der)[1]

    @property
    def issuer_der(self) -> bytes:
        """The issuer's Name, DER."""
        return parts_of(self.der)[0]

    @property
    def pem(self) -> bytes:
        """The certificate as one PEM block."""
        return self.native.public_bytes(Encoding.PEM)

    @property
    def public_key_der(self) -> bytes:
        """The SubjectPublicKeyInfo, DER."""
        key = self.native.public_key()
        return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def parse(der: bytes) -> Certificate:
    """Read one DER certificate and nothing after it.

    Raises NotACertificate: ``TOO_LARGE``, ``HOSTILE_NAME`` or ``MALFORMED``.
    """
    if not der:
        raise NotACertificate(Unreadable.EMPTY, "there are no bytes to read")
    if len(der) > LARGEST_CERTIFICATE:
        raise NotACertificate(
            Unreadable.TOO_LARGE,
            f"certificate of {len(der)} bytes is larger than {LARGEST_CERTIFICATE}",
        )
    try:
        with bearing_oddities():
            native = x509.load_der_x509_certificate(der)
            return _view(der, native, crypto.load_certificate(crypto.FILETYPE_ASN1, der))
    except READ_FAULTS as fault:
        raise NotACertificate(
            Unreadable.MALFORMED, f"not a proper certificate: {_one_line(fault)}"
        ) from fault


def bearing_oddities() -> AbstractContextManager[object]:
    """Odd but bearable values (a negative serial, a country of three letters) only warn; we judge
    for ourselves."""
    return warnings.catch_warnings(action="ignore", category=UserWarning)


def _names(native: x509.Certificate) -> Names:
    names: x509.SubjectAlternativeName | tuple[()] = ()
    policies: tuple[str, ...] = ()
    for extension in native.extensions:
        match extension.value:
            case x509.SubjectAlternativeName() as found:
                names = found
            case x509.CertificatePolicies() as listed:
                policies = tuple(one.policy_identifier.dotted_string for one in listed)
            case _:
                pass
    return Names(
        subject=attributes_of(native.subject),
        issuer=attributes_of(native.issuer),
        alternatives=alternatives_of(names),
        policies=policies,
    )


def _view(der: bytes, native: x509.Certificate, openssl: crypto.X509) -> Certificate:
    said = _said(native.extensions)
    issuer_der, subject_der, key = parts_of(der)
    subject, issuer = plain_name(subject_der), plain_name(issuer_der)
    is_self_issued = (
        subject.attributes == issuer.attributes
        if subject and issuer
        else native.subject == native.issuer
    )
    return Certificate(
        der=der,
        sha256=hashlib.sha256(der).digest(),
        subject=subject.text if subject else _read_text("subject", native.subject),
        issuer=issuer.text if issuer else _read_text("issuer", native.issuer),
        serial=native.serial_number,
        not_before=native.not_valid_before_utc,
        not_after=native.not_valid_after_utc,
        key=_key(native, openssl, key),
        signature_digest=_digest(native),
        version=native.version.value + 1,
        is_ca=said.is_ca,
        is_self_issued=is_self_issued,
        subject_alternative_names=said.names,
        extended_key_usages=said.usages,
        openssl=openssl,
    )


class _Said:
    """What extensions say."""

    __slots__ = ("is_ca", "names", "usages")

    def __init__(self) -> None:
        self.is_ca = False
        self.names: tuple[str, ...] = ()
        self.usages: tuple[str, ...] = ()


def _said(extensions: x509.Extensions) -> _Said:
    said = _Said()
    for extension in extensions:
        match extension.value:
            case x509.BasicConstraints() as constraints:
                said.is_ca = constraints.ca
            case x509.ExtendedKeyUsage() as found:
                said.usages = tuple(usage.dotted_string for usage in found)
            case x509.SubjectAlternativeName() as names:
                _refuse_hostile("subject alternative name", alternative_values(names))
                said.names = tuple(map(alternative_text, names))
            case x509.IssuerAlternativeName() as others:
                _refuse_hostile("issuer alternative name", alternative_values(others))
            case _:
                pass
    return said


def _read_text(where: str, name: x509.Name) -> str:
    _refuse_hostile(where, name_values(name))
    return name.rfc4514_string()


def _refuse_hostile(where: str, values: Iterator[str]) -> None:
    for value in values:
        found = hostile_character(value)
        if found is not None:
            raise NotACertificate(
                Unreadable.HOSTILE_NAME, f"{where} contains {found} in {value[:80]!a}"
            )


def _key(native: x509.Certificate, openssl: crypto.X509, key: bytes) -> PublicKey:
    """The key, or ``OTHER`` when the library can't use it: refusing is for a policy, not here."""
    plain = plain_key_of(key)
    try:
        if plain is not None:
            openssl.get_pubkey()  # read with the certificate; a point beside its curve isn't there
            return plain
        return public_key_of(native.public_key())
    except (UnsupportedAlgorithm, ValueError, TypeError, OverflowError, crypto.Error):
        return PublicKey(KeyKind.OTHER, 0)


def _digest(native: x509.Certificate) -> str:
    """The digest the issuer signed with; an algorithm nobody knows is ``unknown``."""
    try:
        algorithm = native.signature_hash_algorithm
    except (UnsupportedAlgorithm, ValueError, TypeError):
        return "unknown"
    return "none" if algorithm is None else algorithm.name


def _one_line(fault: Exception) -> str:
    return " ".join(str(fault).split())[:200] or type(fault).__name__
