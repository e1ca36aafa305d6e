"""Certificate signing requests (PKCS#10, RFC 2986): what they ask for, and whether to listen."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from ostiary.ca.authority import IssueRefusedError
from ostiary.ca.names import ATTRIBUTES, MOST_ALTERNATIVES, alternative_of
from ostiary.x509.der import signature_is_whole
from ostiary.x509.keys import KeyKind, public_key_of

LARGEST_REQUEST = 64 * 1024
"""Bytes; one with an RSA key of 8192 bits has about 3,000."""

WANTED_ATTRIBUTES = bytes.fromhex(
    "3021301506072a8648ce3d0201310a06082a8648ce3d03010706082a8648ce3d040302"
)
"""CsrAttrs (RFC 7030 4.5.2), DER: a P-256 key is liked best, and a signature by ecdsa-with-SHA256.
A challenge password isn't among them: no connection is bound to a request (3.5)."""

_FAULTS = (
    ValueError,
    TypeError,
    OverflowError,
    IndexError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    x509.InvalidVersion,
)
_SHORT_NAMES = {oid: key for key, oid in ATTRIBUTES.items()}
_PREFIXES = (
    (x509.DNSName, "dns"),
    (x509.IPAddress, "ip"),
    (x509.UniformResourceIdentifier, "uri"),
    (x509.RFC822Name, "email"),
)
_SMALLEST_RSA, _LARGEST_RSA = 2048, 8192
_CURVES = frozenset({256, 384, 521})


@dataclass(frozen=True, slots=True)
class Request:
    """What a request asks for, as far as it is listened to."""

    key: "CertifiedKey"
    attributes: dict[str, str]
    """Of the subject, by short name; ``CN`` among them if it is there."""
    alternatives: tuple[str, ...]
    """As ``alternative_of`` reads them."""


@dataclass(frozen=True, slots=True)
class CertifiedKey:
    """A public key that is strong enough to be certified."""

    native: Any
    """pyca's object, for this room only."""
    kind: KeyKind

    def der(self) -> bytes:
        """The SubjectPublicKeyInfo."""
        found: bytes = self.native.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return found

    def digest(self) -> bytes:
        """SHA-256 of that."""
        return hashlib.sha256(self.der()).digest()


def key_to_certify(der: bytes) -> CertifiedKey:
    """A SubjectPublicKeyInfo. Raises IssueRefusedError."""
    try:
        return _strong(load_der_public_key(der))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise IssueRefusedError(f"the public key can't be read: {error}") from error


def read_request(data: bytes) -> Request:
    """PEM or DER; its signature is verified, so that whoever asks has the key.

    Of its extensions only the alternative names are heard; one that asks for an authority is
    refused, and the others are for the profile to decide. Raises IssueRefusedError.
    """
    if len(data) > LARGEST_REQUEST:
        raise IssueRefusedError(f"the request is larger than {LARGEST_REQUEST} bytes")
    try:
        native = _loaded(data)
        whole = signature_is_whole(native.public_bytes(Encoding.DER))
        if not (whole and native.is_signature_valid):
            raise IssueRefusedError("the request's signature is not by the key in it")
        key = _strong(native.public_key())
        return Request(key, _attributes(native.subject), tuple(_alternatives(native)))
    except _FAULTS as error:
        told = " ".join(str(error).split())[:200]
        raise IssueRefusedError(f"not a proper certificate signing request: {told}") from error


def _loaded(data: bytes) -> x509.CertificateSigningRequest:
    if b"-----BEGIN" in data:
        return x509.load_pem_x509_csr(data)
    return x509.load_der_x509_csr(data)


def _strong(key: object) -> CertifiedKey:
    """NIST SP 800-57 part 1: 112 bits of security, the least that is still allowed."""
    found = public_key_of(key)
    match found.kind:
        case KeyKind.RSA:
            fits = _SMALLEST_RSA <= found.bits <= _LARGEST_RSA and found.exponent >= 65537
        case KeyKind.EC:
            fits = found.bits in _CURVES
        case KeyKind.ED25519 | KeyKind.ED448:
            fits = True
        case _:
            fits = False
    if not fits:
        raise IssueRefusedError(
            f"a key of the kind {found} is not certified (use P-256, P-384, P-521, Ed25519, or "
            f"RSA with {_SMALLEST_RSA} to {_LARGEST_RSA} bits)"
        )
    return CertifiedKey(key, found.kind)


def _attributes(subject: x509.Name) -> dict[str, str]:
    found: dict[str, str] = {}
    for attribute in subject:
        key = _SHORT_NAMES.get(attribute.oid)
        if key is None or not isinstance(attribute.value, str):
            raise IssueRefusedError(
                f"the request's subject has {attribute.rfc4514_string()!r}, which is not "
                f"certified here (leave it out; {', '.join(ATTRIBUTES)} are)"
            )
        if key in found:
            raise IssueRefusedError(f"the request's subject has two of {key}")
        found[key] = attribute.value
    return found


def _alternatives(native: x509.CertificateSigningRequest) -> Iterator[str]:
    for extension in native.extensions:
        match extension.value:
            case x509.BasicConstraints() as constraints if constraints.ca:
                raise IssueRefusedError("the request asks for an authority, which isn't made here")
            case x509.SubjectAlternativeName() as names:
                if len(names) > MOST_ALTERNATIVES:
                    raise IssueRefusedError(f"more than {MOST_ALTERNATIVES} alternative names")
                yield from map(_text, names)
            case _:
                pass


def _text(name: x509.GeneralName) -> str:
    prefix = next((word for kind, word in _PREFIXES if isinstance(name, kind)), None)
    if prefix is None:
        raise IssueRefusedError(
            "the request has an alternative name of a kind that is not certified here "
            "(dns, ip, uri and email are)"
        )
    text = f"{prefix}:{name.value}"
    alternative_of(text)
    return text
