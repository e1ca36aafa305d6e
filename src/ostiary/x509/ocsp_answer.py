"""Answers of OCSP responders (RFC 6960 section 4.2), read into our own view.

Nothing is believed here: ``trust.ocsp`` says whose word counts, and how long.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from itertools import islice

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import ocsp
from cryptography.x509.oid import SignatureAlgorithmOID

from ostiary.x509.certificate import READ_FAULTS, Certificate, bearing_oddities
from ostiary.x509.der import elements, inside, key_bits_of, signature_is_whole
from ostiary.x509.errors import NotAnOcspAnswer, Unreadable
from ostiary.x509.list_signature import NOBODYS, ListSignature, Scheme
from ostiary.x509.names import name_key
from ostiary.x509.ocsp_question import CertId
from ostiary.x509.pss import pss_of

LARGEST_ANSWER = 65_536
"""Bytes. A usual one has 500, or 2,000 with the certificate of who signed it."""
_MOST_CERTIFICATES = 8
"""Beside an answer; those after them aren't looked at."""

_PLAIN_RSA = frozenset(
    {
        SignatureAlgorithmOID.RSA_WITH_SHA1,
        SignatureAlgorithmOID.RSA_WITH_SHA224,
        SignatureAlgorithmOID.RSA_WITH_SHA256,
        SignatureAlgorithmOID.RSA_WITH_SHA384,
        SignatureAlgorithmOID.RSA_WITH_SHA512,
    }
)
_ECDSA = frozenset(
    {
        SignatureAlgorithmOID.ECDSA_WITH_SHA1,
        SignatureAlgorithmOID.ECDSA_WITH_SHA224,
        SignatureAlgorithmOID.ECDSA_WITH_SHA256,
        SignatureAlgorithmOID.ECDSA_WITH_SHA384,
        SignatureAlgorithmOID.ECDSA_WITH_SHA512,
    }
)
_EDDSA = frozenset({SignatureAlgorithmOID.ED25519, SignatureAlgorithmOID.ED448})


class Condition(Enum):
    """What a responder says of a certificate."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    """The responder doesn't know it: as good as no answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """What an answer says of one certificate; times are aware, UTC."""

    about: CertId | None
    """None: named by a digest that is unknown here."""
    condition: Condition
    this_update: datetime
    """Since when it is known to be so."""
    next_update: datetime | None
    """When there will be newer word; None: at any time."""
    revoked_at: datetime | None = None
    reason: str = ""
    """``keyCompromise``; empty where none is told."""
    fault: str | None = None
    """Why it can't be used, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OcspAnswer:
    """A successful answer, as it says of itself."""

    produced_at: datetime
    singles: tuple[Single, ...]
    responder_name: bytes | None
    """Key of the name (``names.name_key``) of who signed; None: it is named by its key."""
    responder_key: bytes | None
    """SHA-1 of its public key."""
    nonce: bytes | None
    """None: the answer has none."""
    certificates: tuple[bytes, ...] = field(repr=False)
    """Sent with it, DER: one of them may be of who signed."""
    fault: str | None
    """Why all of it can't be used, or None."""
    signature: ListSignature = field(repr=False)

    def is_by(self, signer: Certificate) -> bool:
        """Whether it names this signer, and is signed by its key."""
        native = signer.native
        if self.responder_name is not None:
            named = name_key(native.subject) == self.responder_name
        else:
            bits = key_bits_of(signer.public_key_der)
            named = hashlib.sha1(bits, usedforsecurity=False).digest() == self.responder_key
        return named and self.signature.is_by(native)


@dataclass(frozen=True, slots=True)
class Unsuccessful:
    """The responder has no answer to the question; nobody signs that."""

    status: str
    """RFC 6960 4.2.1: ``tryLater``."""


def read_answer(der: bytes) -> OcspAnswer | Unsuccessful:
    """Read one DER answer and nothing after it; its signature is not looked at.

    Raises NotAnOcspAnswer.
    """
    if len(der) > LARGEST_ANSWER:
        raise NotAnOcspAnswer(
            Unreadable.TOO_LARGE, f"an answer of {len(der)} bytes is larger than {LARGEST_ANSWER}"
        )
    try:
        with bearing_oddities():
            native = ocsp.load_der_ocsp_response(der)
            if native.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
                return Unsuccessful(_camel(native.response_status.name))
            return _read(native, der)
    except READ_FAULTS as error:
        raise NotAnOcspAnswer(
            Unreadable.MALFORMED, f"not a proper OCSP answer: {' '.join(str(error).split())[:200]}"
        ) from error


def _read(native: ocsp.OCSPResponse, der: bytes) -> OcspAnswer:
    basic = _basic(der)
    nonce, fault = _extensions(native)
    signature = _signature(native, basic)
    name = native.responder_name
    return OcspAnswer(
        produced_at=native.produced_at_utc,
        singles=tuple(_singles(native)),
        responder_name=None if name is None else name_key(name),
        responder_key=native.responder_key_hash,
        nonce=nonce,
        certificates=tuple(_certificates(basic)),
        fault=fault or (None if signature else _unknown_signature(native)),
        signature=signature if signature and signature_is_whole(basic) else NOBODYS,
    )


def _basic(der: bytes) -> bytes:
    """The BasicOCSPResponse in ``SEQUENCE {status, [0] {SEQUENCE {type, OCTET STRING}}}``."""
    outer = inside(der, 0)[0]
    holder = inside(der, inside(der, outer)[1])[0]
    kind = inside(der, holder)[0]
    begin, end = inside(der, inside(der, kind)[1])
    return der[begin:end]


def _certificates(basic: bytes) -> Iterator[bytes]:
    """As they were sent: pyca would read each of them first, and one that is odd isn't needed."""
    for at, _ in list(elements(basic, *inside(basic, 0)))[3:]:
        several = elements(basic, *inside(basic, inside(basic, at)[0]))
        yield from (basic[begin:end] for begin, end in islice(several, _MOST_CERTIFICATES))


def _extensions(native: ocsp.OCSPResponse) -> tuple[bytes | None, str | None]:
    nonce, fault = None, None
    for extension in native.extensions:
        if isinstance(extension.value, x509.OCSPNonce):
            nonce = extension.value.nonce
        elif extension.critical:
            fault = _unknown_extension(extension.oid.dotted_string)
    return nonce, fault


def _singles(native: ocsp.OCSPResponse) -> Iterator[Single]:
    critical = _critical_singles(native.tbs_response_bytes)
    for number, one in enumerate(native.responses):
        yield _single(one, critical[number])


def _single(one: ocsp.OCSPSingleResponse, critical: bool) -> Single:
    try:
        about = CertId(
            one.hash_algorithm.name, one.issuer_name_hash, one.issuer_key_hash, one.serial_number
        )
    except UnsupportedAlgorithm:
        about = None
    return Single(
        about=about,
        condition=Condition(one.certificate_status.name.lower()),
        this_update=one.this_update_utc,
        next_update=one.next_update_utc,
        revoked_at=one.revocation_time_utc,
        reason=one.revocation_reason.value if one.revocation_reason else "",
        fault="it has a critical extension, unknown here" if critical else None,
    )


def _critical_singles(tbs: bytes) -> list[bool]:
    """Of each single answer, whether it has a critical extension: we know none.

    By hand, since pyca tells extensions only where there is one single answer.
    """
    parts = list(elements(tbs, *inside(tbs, 0)))
    # ResponseData: [0] version, [1] or [2] who, GeneralizedTime, SEQUENCE OF SingleResponse.
    at = next(begin for begin, _ in parts if tbs[begin] == _SEQUENCE)
    return [_has_critical(tbs, one) for one, _ in elements(tbs, *inside(tbs, at))]


_SEQUENCE, _BOOLEAN, _EXTENSIONS = 0x30, 0x01, 0xA1


def _has_critical(tbs: bytes, begin: int) -> bool:
    # SingleResponse: certID, status, thisUpdate, [0] nextUpdate, [1] singleExtensions. A status
    # "revoked" is [1], too, but it stands at the second place.
    for at, _ in list(elements(tbs, *inside(tbs, begin)))[3:]:
        if tbs[at] != _EXTENSIONS:
            continue
        for extension, _ in elements(tbs, *inside(tbs, inside(tbs, at)[0])):
            oid_end = inside(tbs, inside(tbs, extension)[0])[1]
            if tbs[oid_end] == _BOOLEAN:
                return True
    return False


def _signature(native: ocsp.OCSPResponse, basic: bytes) -> ListSignature | None:
    """None: it is of a kind that isn't understood."""
    message, oid = native.tbs_response_bytes, native.signature_algorithm_oid
    if oid in _EDDSA:
        return ListSignature(Scheme.EDDSA, "", 0, message, native.signature)
    scheme, digest, salt = _scheme(native, basic)
    if scheme is Scheme.UNKNOWN:
        return None
    signed = hashlib.new(digest, message).digest()
    return ListSignature(scheme, digest, salt, signed, native.signature)


def _scheme(native: ocsp.OCSPResponse, basic: bytes) -> tuple[Scheme, str, int]:
    """With digest and salt; pyca doesn't tell the parameters of RSA-PSS."""
    oid, nothing = native.signature_algorithm_oid, (Scheme.UNKNOWN, "", 0)
    if oid == SignatureAlgorithmOID.RSASSA_PSS:
        begin, end = list(elements(basic, *inside(basic, 0)))[1]
        pss = pss_of(basic[begin:end])
        return (Scheme.RSA_PSS, *pss) if pss else nothing
    scheme = Scheme.RSA if oid in _PLAIN_RSA else Scheme.ECDSA if oid in _ECDSA else None
    digest = native.signature_hash_algorithm if scheme else None
    return (scheme, digest.name, 0) if scheme and digest else nothing


def _unknown_signature(native: ocsp.OCSPResponse) -> str:
    oid = native.signature_algorithm_oid
    if oid == SignatureAlgorithmOID.RSASSA_PSS:
        known = "SHA-256, SHA-384 or SHA-512, MGF1 with the same"
        return f"it is signed by RSA-PSS with parameters that aren't understood here (but: {known})"
    return f"its signature algorithm, {oid.dotted_string}, isn't understood here"


def _unknown_extension(oid: str) -> str:
    return f"it has the critical extension {oid}, unknown here"


def _camel(words: str) -> str:
    first, *rest = words.lower().split("_")
    return first + "".join(word.capitalize() for word in rest)
