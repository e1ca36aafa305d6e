"""What an operator uploads or pastes to be trusted: certificates in any usual form, nothing else.

PEM, DER, PKCS#7 and PKCS#12 are told apart by what the bytes are, never by a file's name. Text
around PEM blocks is ignored; other blocks beside certificates are not, for they may be a mistake
that matters: a private key, or a revocation list that would seem to be in force.
"""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7, pkcs12

from ostiary.x509.certificate import Certificate, parse
from ostiary.x509.errors import NotACertificate, Unreadable
from ostiary.x509.forms import (
    CERTIFICATE_LABELS,
    KEY_LABELS,
    KINDS,
    Block,
    blocks_of,
    body_of,
    certificate_in,
    kind_of,
    refusal_of,
)
from ostiary.x509.iterations import MOST_ITERATIONS, is_modest

LARGEST_UPLOAD = 4 * 1024 * 1024
"""Bytes. All public authorities together (Mozilla's list) are about 0.2 MB of PEM."""
MOST_CERTIFICATES = 1_000
"""In one upload, without doubles."""

# What the library raises for containers it can't read, or certificates in them.
_FAULTS = (ValueError, TypeError, OverflowError, UnsupportedAlgorithm, x509.InvalidVersion)
_PKCS7_LABELS = frozenset({"PKCS7", "CMS"})
_OTHER_KEY_LABELS = frozenset({"OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"})
_KEY_WAY_OUT = (
    "upload the certificate alone, and consider who has seen the key: a gateway that trusts a "
    "certificate never needs it"
)
_WITHOUT_KEY = "take the certificates out: openssl pkcs12 -in FILE -nokeys -out NEWFILE"
_CONVERT = "convert it: openssl pkcs12 -in FILE -nokeys -out NEWFILE (older ones need -legacy)"

# What people upload by mistake, by how it begins; white space and case don't count.
_BEGINNINGS = (
    (b"<!doctype html", Unreadable.WEB_PAGE),
    (b"<html", Unreadable.WEB_PAGE),
    (b"<?xml", Unreadable.WEB_PAGE),
    (b"pk\x03\x04", Unreadable.ARCHIVE),
    (b"\x1f\x8b", Unreadable.ARCHIVE),
    (b"\xfe\xed\xfe\xed", Unreadable.JAVA_KEYSTORE),
    (b"ssh-", Unreadable.PUBLIC_KEY),
    (b"ecdsa-sha2-", Unreadable.PUBLIC_KEY),
)


def read_upload(data: bytes, password: str | None = None) -> tuple[Certificate, ...]:
    """All certificates in the upload, in its order, without doubles; never none.

    The password is for PKCS#12 only; others ignore it. Raises NotACertificate with what the bytes
    are instead, or why they can't be read; a private key is refused and nothing of it is kept.
    """
    if len(data) > LARGEST_UPLOAD:
        raise NotACertificate(
            Unreadable.TOO_LARGE,
            f"{len(data)} bytes are more than the {LARGEST_UPLOAD} of an upload",
            "upload the certificates in several files",
        )
    data = _as_bytes_of_text(data)
    blocks = [] if _is_binary(data) else blocks_of(data, NotACertificate)
    found = _from_pem(data, blocks) if blocks else _from_binary(data, password)
    return _bounded(found)


def _is_binary(data: bytes) -> bool:
    """Whether it opens as a long SEQUENCE does, as no text in UTF-8 can.

    PEM in it, such as the message of a signed one, is then not taken for what was uploaded.
    """
    return len(data) > 1 and data[0] == 0x30 and 0x80 <= data[1] <= 0x84


def _as_bytes_of_text(data: bytes) -> bytes:
    """Text that an editor saved as UTF-16 (it begins with a byte order mark), as UTF-8."""
    if data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return data
    return data.decode("utf-16", "replace").encode("utf-8")


def _bounded(found: Iterable[Certificate]) -> tuple[Certificate, ...]:
    unique: dict[bytes, Certificate] = {}
    for certificate in found:
        unique.setdefault(certificate.sha256, certificate)
        if len(unique) > MOST_CERTIFICATES:
            raise NotACertificate(
                Unreadable.TOO_MANY,
                f"more than {MOST_CERTIFICATES} certificates in one upload",
                "upload them in several files",
            )
    return tuple(unique.values())


def _from_pem(data: bytes, blocks: list[Block]) -> Iterator[Certificate]:
    """Refuse what is not a certificate first, wherever it stands; then read."""
    wanted = CERTIFICATE_LABELS | _PKCS7_LABELS
    any_wanted = any(block.label in wanted for block in blocks)
    keys = KEY_LABELS | _OTHER_KEY_LABELS
    for block in sorted(blocks, key=lambda block: block.label not in keys):
        if block.label not in wanted:
            raise _foreign_block(block, beside=any_wanted)
    if data.count(b"-----BEGIN ") != len(blocks):
        raise NotACertificate(
            Unreadable.MALFORMED,
            "a PEM block begins but does not end",
            "copy the file again, whole and unchanged",
        )
    for number, block in enumerate(blocks, 1):
        if block.label in _PKCS7_LABELS:
            yield from _from_pkcs7(body_of(block, number, NotACertificate))
        else:
            yield certificate_in(block, number)


def _foreign_block(block: Block, *, beside: bool) -> Exception:
    if block.label in KEY_LABELS | _OTHER_KEY_LABELS:
        if beside:
            return NotACertificate(
                Unreadable.HOLDS_KEY,
                "the file holds a private key beside certificates: certificates only",
                _KEY_WAY_OUT,
            )
        return NotACertificate(
            Unreadable.PRIVATE_KEY, "not a certificate but a private key", _KEY_WAY_OUT
        )
    kind = KINDS.get(block.label, Unreadable.OTHER_PEM)
    if not beside:
        return refusal_of(NotACertificate, "a certificate", kind)
    return NotACertificate(
        kind,
        f"the file holds a block '{block.label}' beside certificates",
        "remove that block: certificates only",
    )


def _from_binary(data: bytes, password: str | None) -> Iterable[Certificate]:
    beginning = data[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for start, kind in _BEGINNINGS:
        if beginning.startswith(start):
            raise refusal_of(NotACertificate, "a certificate", kind)
    if b"-----BEGIN " in data and not _is_binary(data):
        raise NotACertificate(
            Unreadable.MALFORMED,
            "a PEM block begins but does not end",
            "copy the file again, whole and unchanged",
        )
    kind = kind_of(data, [])
    if kind is Unreadable.PKCS7:
        return _from_pkcs7(data)
    if kind is Unreadable.PKCS12:
        return _from_pkcs12(data, password)
    if kind in (Unreadable.CERTIFICATE, Unreadable.MALFORMED):
        return (parse(data),)
    if kind in (Unreadable.PRIVATE_KEY, Unreadable.ENCRYPTED):
        raise NotACertificate(
            Unreadable.PRIVATE_KEY, "not a certificate but a private key", _KEY_WAY_OUT
        )
    raise refusal_of(NotACertificate, "a certificate", kind)


@contextmanager
def _bearing_ber() -> Iterator[None]:
    """OpenSSL and others write what only BER allows, which the library reads but warns about."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def _from_pkcs7(der: bytes) -> Iterator[Certificate]:
    """The certificates of SignedData (RFC 5652 5.1); signatures in it mean nothing to us."""
    try:
        with _bearing_ber():
            natives = pkcs7.load_der_pkcs7_certificates(der)
    except _FAULTS as fault:
        raise NotACertificate(
            Unreadable.PKCS7,
            "the PKCS#7 data does not decode, or is of a kind that holds no certificates",
            "export it again as 'certificates only' (.p7b)",
        ) from fault
    if not natives:
        raise NotACertificate(Unreadable.PKCS7, "the PKCS#7 bundle holds no certificate")
    for native in natives:
        yield parse(native.public_bytes(Encoding.DER))


def _from_pkcs12(data: bytes, password: str | None) -> Iterator[Certificate]:
    if not is_modest(data):
        raise NotACertificate(
            Unreadable.TOO_LARGE,
            f"the PKCS#12 bundle asks for more than {MOST_ITERATIONS} rounds of key derivation",
            _CONVERT,
        )
    found = _certificates_alone(data, password)
    if found is None:
        raise NotACertificate(
            Unreadable.HOLDS_KEY,
            "the PKCS#12 bundle holds a private key: certificates only",
            _WITHOUT_KEY,
        )
    if not found:
        raise NotACertificate(Unreadable.PKCS12, "the PKCS#12 bundle holds no certificate")
    for der in found:
        yield parse(der)


def _certificates_alone(data: bytes, password: str | None) -> list[bytes] | None:
    """DER of the certificates; None when there is a key, of which no reference remains then."""
    try:
        with _bearing_ber():
            bundle = pkcs12.load_pkcs12(data, password.encode("utf-8") if password else None)
    except _FAULTS as fault:
        raise _unopened(fault, password) from None  # the cause may hold more than we want to keep
    if bundle.key is not None:
        return None
    holders = ([bundle.cert] if bundle.cert else []) + bundle.additional_certs
    return [holder.certificate.public_bytes(Encoding.DER) for holder in holders]


def _unopened(fault: Exception, password: str | None) -> NotACertificate:
    # The library tells a wrong password from broken data by its words only.
    if "password" not in str(fault):
        return NotACertificate(
            Unreadable.MALFORMED,
            "the PKCS#12 data does not decode, or is encrypted in an unsupported way",
            _CONVERT,
        )
    if not password:
        return NotACertificate(
            Unreadable.PASSWORD_NEEDED, "the PKCS#12 bundle has a password", "give the password"
        )
    return NotACertificate(
        Unreadable.WRONG_PASSWORD,
        "the PKCS#12 bundle does not open with this password, or is damaged",
        "check the password, or copy the file again",
    )
