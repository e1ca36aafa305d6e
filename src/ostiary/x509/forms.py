"""What bytes are: PEM blocks (RFC 7468) found in text, and the binary forms told apart."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

from ostiary.x509.certificate import Certificate, bearing_oddities, parse
from ostiary.x509.errors import NotACertificate, Unreadable, UnreadableError

LARGEST_FILE = 96 * 1024 * 1024
"""Bytes. A CRL of a million entries is about 50 MB, in PEM 70; nothing sensible is larger."""

_BLOCK = re.compile(
    rb"-----BEGIN (?P<label>[A-Z0-9 ]{1,64})-----\s"
    rb"(?P<body>[^-]*+(?:-(?!----)[^-]*+)*+)"  # never past the next dashes, so linear on any input
    rb"-----END (?P=label)-----"
)
CERTIFICATE_LABELS = frozenset({"CERTIFICATE", "X509 CERTIFICATE"})
KEY_LABELS = frozenset(
    {"PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY"}
)
KINDS = {
    "TRUSTED CERTIFICATE": Unreadable.TRUSTED_CERTIFICATE,
    "CERTIFICATE REQUEST": Unreadable.REQUEST,
    "NEW CERTIFICATE REQUEST": Unreadable.REQUEST,
    "PUBLIC KEY": Unreadable.PUBLIC_KEY,
    "RSA PUBLIC KEY": Unreadable.PUBLIC_KEY,
    "X509 CRL": Unreadable.CRL,
    "PKCS7": Unreadable.PKCS7,
    "CMS": Unreadable.PKCS7,
    **dict.fromkeys(CERTIFICATE_LABELS, Unreadable.CERTIFICATE),
    **dict.fromkeys(KEY_LABELS, Unreadable.PRIVATE_KEY),
}
_NOUNS = {
    Unreadable.EMPTY: "an empty file",
    Unreadable.NO_PEM: "something else: no '-----BEGIN' line and no binary form we know",
    Unreadable.CERTIFICATE: "a certificate",
    Unreadable.TRUSTED_CERTIFICATE: "a certificate in OpenSSL's own TRUSTED form",
    Unreadable.REQUEST: "a certificate signing request (CSR)",
    Unreadable.PRIVATE_KEY: "a private key",
    Unreadable.ENCRYPTED: "an encrypted private key",
    Unreadable.PUBLIC_KEY: "a bare public key",
    Unreadable.MALFORMED: "binary data that does not decode",
    Unreadable.CRL: "a certificate revocation list (CRL)",
    Unreadable.PKCS7: "a PKCS#7 bundle",
    Unreadable.PKCS12: "a PKCS#12 (.p12, .pfx) bundle",
    Unreadable.OTHER_PEM: "PEM of another kind",
    Unreadable.WEB_PAGE: "a web page",
    Unreadable.ARCHIVE: "an archive",
    Unreadable.JAVA_KEYSTORE: "a Java keystore (JKS)",
}
_WAYS_OUT = {
    Unreadable.WEB_PAGE: "it may be what a server answered instead of the certificate",
    Unreadable.ARCHIVE: "unpack it first",
    Unreadable.JAVA_KEYSTORE: "export one: keytool -exportcert -rfc -keystore FILE -alias ALIAS",
    Unreadable.REQUEST: "have a certificate authority sign it, and name the signed certificate",
    Unreadable.TRUSTED_CERTIFICATE: "convert it: openssl x509 -in FILE -out NEWFILE",
    Unreadable.PKCS7: "convert it: openssl pkcs7 -in FILE -print_certs -out NEWFILE",
    Unreadable.PKCS12: "convert it: openssl pkcs12 -in FILE -nodes -out NEWFILE",
}


@dataclass(frozen=True, slots=True)
class Block:
    """One PEM block: its label, and what stands between the markers."""

    label: str
    body: bytes

    @property
    def text(self) -> bytes:
        """All of it."""
        label = self.label.encode("ascii")
        return b"-----BEGIN %b-----\n%b-----END %b-----\n" % (label, self.body, label)

    def der(self) -> bytes:
        """The block's content; raises ValueError when it is not base64."""
        # RFC 7468 2: whitespace is ignored; anything else foreign is not.
        return base64.b64decode(self.body.translate(None, b" \t\n\r\v\f"), validate=True)


def blocks_of(data: bytes, refusal: type[UnreadableError]) -> list[Block]:
    """All PEM blocks, whatever their labels; raises ``refusal`` for a file that is too large."""
    if len(data) > LARGEST_FILE:
        raise refusal(
            Unreadable.TOO_LARGE, f"{len(data)} bytes are more than the {LARGEST_FILE} we read"
        )
    return [Block(match["label"].decode("ascii"), match["body"]) for match in _BLOCK.finditer(data)]


def certificate_in(block: Block, number: int) -> Certificate:
    """The certificate in a block; ``number`` is for the sentence. Raises NotACertificate."""
    der = body_of(block, number, NotACertificate)
    try:
        return parse(der)
    except NotACertificate as fault:
        raise NotACertificate(
            fault.reason, f"certificate {number} in the file: {fault.sentence}", fault.way_out
        ) from fault


def body_of(block: Block, number: int, refusal: type[UnreadableError]) -> bytes:
    """The block's DER; raises ``refusal`` when it is not base64."""
    try:
        return block.der()
    except (binascii.Error, ValueError) as fault:
        raise refusal(
            Unreadable.MALFORMED,
            f"PEM block {number} ({block.label}) is not base64: {fault}",
            "copy the file again, whole and unchanged",
        ) from fault


def refusal_of(error: type[UnreadableError], wanted: str, kind: Unreadable) -> UnreadableError:
    """The error that tells what the bytes are instead of what was wanted."""
    return error(kind, f"not {wanted} but {_NOUNS[kind]}", _WAYS_OUT.get(kind, ""))


def kind_of(data: bytes, blocks: list[Block]) -> Unreadable:
    """What the bytes are, when they are not what was wanted in PEM."""
    if not data.strip():
        return Unreadable.EMPTY
    if blocks:
        return KINDS.get(blocks[0].label, Unreadable.OTHER_PEM)
    return next(_der_kinds(data), Unreadable.NO_PEM)


def _der_kinds(data: bytes) -> Iterator[Unreadable]:
    """Try the binary forms; a SEQUENCE that is none of them is something broken."""
    if data[:1] != b"\x30":
        return
    trials: tuple[tuple[Unreadable, Callable[[], object]], ...] = (
        (Unreadable.CERTIFICATE, lambda: x509.load_der_x509_certificate(data)),
        (Unreadable.REQUEST, lambda: x509.load_der_x509_csr(data)),
        (Unreadable.CRL, lambda: x509.load_der_x509_crl(data)),
        (Unreadable.PRIVATE_KEY, lambda: load_der_private_key(data, None)),
        (Unreadable.PUBLIC_KEY, lambda: load_der_public_key(data)),
    )
    for kind, load in trials:
        try:
            with bearing_oddities():
                load()
        except TypeError:  # what a missing passphrase is reported as
            yield Unreadable.ENCRYPTED
        except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion):
            continue
        else:
            yield kind
    # PKCS#12 (RFC 7292 4) opens with SEQUENCE { INTEGER 3, …; PKCS#7 with its own identifier.
    if b"\x02\x01\x03\x30" in data[:8]:
        yield Unreadable.PKCS12
    if b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07" in data[:16]:
        yield Unreadable.PKCS7
    yield Unreadable.MALFORMED
