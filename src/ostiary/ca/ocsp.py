"""OCSP (RFC 6960) as high-volume responders speak it (RFC 5019): questions read, answers signed."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TypeAlias, assert_never

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp

from ostiary.ca.ocsp_several import Together, apart
from ostiary.ca.signing import Reason
from ostiary.kernel.errors import OstiaryError, WrongUse
from ostiary.x509.certificate import Certificate
from ostiary.x509.der import key_bits_of
from ostiary.x509.errors import UnreadableError
from ostiary.x509.pem import key_matches, read_certificates, read_private_key

LARGEST_QUESTION = 16 * 1024
"""Bytes. One question has about 80, a signed one with its certificates some thousand."""
LONGEST_NONCE = 128
"""RFC 9654 section 2.1."""
_LONGEST_SERIAL = 160
"""Bits."""

_HASHES = (hashes.SHA1(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512())  # noqa: S303 - RFC 5019 asks for SHA-1; it names the issuer, and protects nothing
_FAULTS = (
    ValueError,
    TypeError,
    OverflowError,
    IndexError,
    NotImplementedError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


class Malformed(OstiaryError):
    """Not a question that can be answered."""


class NoResponder(WrongUse):
    """A file that does not hold the key and certificate of a responder."""


class Failure(Enum):
    """Answers without a signature: the values are RFC 6960 4.2.1, OCSPResponseStatus."""

    MALFORMED_REQUEST = 1
    INTERNAL_ERROR = 2
    TRY_LATER = 3
    UNAUTHORIZED = 6

    @property
    def der(self) -> bytes:
        """OCSPResponse with this status alone."""
        return bytes((0x30, 3, 0x0A, 1, self.value))


@dataclass(frozen=True, slots=True)
class Issuer:
    """How a question names an authority (RFC 6960 4.1.1, CertID)."""

    algorithm: str
    """As pyca writes it: sha1, sha256, …"""
    name: bytes
    key: bytes


@dataclass(frozen=True, slots=True)
class Question:
    """About one certificate."""

    issuer: Issuer
    serial: int
    nonce: bytes | None
    digest: hashes.HashAlgorithm = field(compare=False)
    """pyca's object, for this room only."""


@dataclass(frozen=True, slots=True)
class Good:
    """Issued, and not revoked."""


@dataclass(frozen=True, slots=True)
class Revoked:
    """Since when, and why."""

    at: datetime
    reason: Reason


@dataclass(frozen=True, slots=True)
class Unknown:
    """Never issued by this authority."""


Status: TypeAlias = Good | Revoked | Unknown


def read_questions(der: bytes) -> tuple[Question, ...]:
    """OCSPRequest, DER: a question for each certificate in it. Raises Malformed.

    Whether the request is signed is of no interest: everybody may ask.
    """
    if len(der) > LARGEST_QUESTION:
        raise Malformed(f"more than {LARGEST_QUESTION} bytes")
    try:
        return tuple(map(read_question, apart(der)))
    except (ValueError, IndexError) as error:
        raise Malformed(str(error)) from error


def read_question(der: bytes) -> Question:
    """OCSPRequest about one certificate, DER. Raises Malformed."""
    try:
        native = ocsp.load_der_ocsp_request(der)
        issuer = Issuer(native.hash_algorithm.name, native.issuer_name_hash, native.issuer_key_hash)
        question = Question(issuer, native.serial_number, _nonce(native), native.hash_algorithm)
    except _FAULTS as error:
        raise Malformed(" ".join(str(error).split())[:200]) from error
    if not 0 <= question.serial < 2**_LONGEST_SERIAL:
        raise Malformed("a serial number is positive, and has at most 20 octets (RFC 5280 4.1.2.2)")
    return question


def _nonce(native: ocsp.OCSPRequest) -> bytes | None:
    found: bytes | None = None
    for extension in native.extensions:
        if isinstance(extension.value, x509.OCSPNonce):
            found = extension.value.nonce
            if not 0 < len(found) <= LONGEST_NONCE:
                raise Malformed(f"a nonce has 1 to {LONGEST_NONCE} octets (RFC 9654)")
        elif extension.critical:
            raise Malformed(f"the critical extension {extension.oid.dotted_string} is not known")
    return found


def names_of(authority: Certificate) -> Iterator[Issuer]:
    """All the ways in which questions may name this authority."""
    native = authority.native
    name = native.subject.public_bytes()
    # RFC 6960 4.1.1: of the key's bits alone, without tag, length and unused bits.
    key = native.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    bits = key_bits_of(key)
    for one in _HASHES:
        yield Issuer(
            one.name, hashlib.new(one.name, name).digest(), hashlib.new(one.name, bits).digest()
        )


class Responder:
    """A key that an authority lets sign answers about its certificates (RFC 6960 4.2.2.2)."""

    def __init__(self, pem: bytes) -> None:
        """Key and certificate, PEM. Raises NoResponder."""
        try:
            key, self.certificate = read_private_key(pem), read_certificates(pem)[0]
        except UnreadableError as error:
            raise NoResponder(str(error)) from error
        if not key_matches(key, self.certificate):
            raise NoResponder("the key is not the certificate's")
        if not isinstance(key.native, ec.EllipticCurvePrivateKey):
            raise NoResponder("the key is not one of P-256, as it was made")
        self._key = key.native

    def answer(
        self,
        question: Question,
        status: Status,
        *,
        this_update: datetime,
        next_update: datetime,
    ) -> bytes:
        """OCSPResponse, DER; never good for longer than the responder's own certificate."""
        word, at, reason = _told(status)
        until = min(next_update, self.certificate.not_after)
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response_by_hash(
                question.issuer.name,
                question.issuer.key,
                question.serial,
                question.digest,
                word,
                this_update.replace(microsecond=0),
                until.replace(microsecond=0),
                at,
                reason,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, self.certificate.native)
            .certificates([self.certificate.native])
        )
        if question.nonce is not None:
            builder = builder.add_extension(x509.OCSPNonce(question.nonce), critical=False)
        native = builder.sign(self._key, hashes.SHA256())
        return native.public_bytes(Encoding.DER)

    def answer_several(
        self,
        asked: Sequence[tuple[Question, Status]],
        *,
        this_update: datetime,
        next_update: datetime,
    ) -> bytes:
        """One OCSPResponse to the questions of one request, in their order."""
        together = Together(
            [
                self.answer(question, status, this_update=this_update, next_update=next_update)
                for question, status in asked
            ]
        )
        return together.signed(self._key.sign(together.to_be_signed, ec.ECDSA(hashes.SHA256())))


def _told(
    status: Status,
) -> tuple[ocsp.OCSPCertStatus, datetime | None, x509.ReasonFlags | None]:
    match status:
        case Good():
            return ocsp.OCSPCertStatus.GOOD, None, None
        case Unknown():
            return ocsp.OCSPCertStatus.UNKNOWN, None, None
        case Revoked(at=at, reason=reason):
            # RFC 5280 5.3.1: unspecified is said by saying nothing.
            plain = reason is Reason.UNSPECIFIED
            flag = None if plain else x509.ReasonFlags(reason.value)
            return ocsp.OCSPCertStatus.REVOKED, at.replace(microsecond=0), flag
        case _:
            assert_never(status)
