"""What is told about a certificate that came in a header: what HAProxy can tell only of its own.

The texts are those that HAProxy makes of a certificate in the handshake, so that log and services
see the same whichever way it came.
"""

import base64
import hashlib
from dataclasses import dataclass
from typing import Final

from ostiary.spoe.actions import Scope, set_var_head
from ostiary.spoe.values import encode_value
from ostiary.x509.certificate import Certificate
from ostiary.x509.structure import Attribute

# OpenSSL's short names (objects.txt); what isn't here is written as its dotted number.
_SHORT: Final = {
    "2.5.4.3": "CN",
    "2.5.4.4": "SN",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "street",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.12": "title",
    "2.5.4.13": "description",
    "2.5.4.15": "businessCategory",
    "2.5.4.17": "postalCode",
    "2.5.4.41": "name",
    "2.5.4.42": "GN",
    "2.5.4.43": "initials",
    "2.5.4.44": "generationQualifier",
    "2.5.4.46": "dnQualifier",
    "2.5.4.65": "pseudonym",
    "2.5.4.97": "organizationIdentifier",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "emailAddress",
}
_ESCAPED: Final = frozenset(',+"\\<>;')


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Texts for the access log and the service, without control characters; all empty but
    ``header`` where the header held no certificate that could be read.

    They depend on the header's bytes and on nothing else."""

    header: str
    """SHA-256 of the header's value, upper-case hex: whom the texts are about."""
    subject: str = ""
    """RFC 2253; likewise ``issuer``."""
    issuer: str = ""
    serial: str = ""
    """Upper-case hex, whole bytes."""
    fingerprint: str = ""
    """SHA-256 of the certificate, upper-case hex."""
    certificate: str = ""
    """Base64 of the DER."""

    @property
    def text(self) -> str:
        """As ``compiler.facts`` takes it apart; empty without a certificate."""
        told = (self.fingerprint, self.subject, self.issuer, self.serial)
        return "\t".join(told) if self.fingerprint else ""

    @property
    def actions(self) -> bytes:
        """Encoded: two variables of the transaction, for the request that asked."""
        return (
            set_var_head(Scope.TRANSACTION, "facts")
            + encode_value(self.text)
            + set_var_head(Scope.TRANSACTION, "der")
            + encode_value(self.certificate)
        )


def header_hash(value: bytes) -> str:
    """As HAProxy's ``sha2(256),hex`` writes it."""
    return hashlib.sha256(value).hexdigest().upper()


def facts_of(header: str, certificate: Certificate) -> Facts:
    """The facts of a certificate that came in the header with this hash."""
    names = certificate.names
    return Facts(
        header=header,
        subject=rfc2253(names.subject),
        issuer=rfc2253(names.issuer),
        serial=_hex(certificate.serial),
        fingerprint=certificate.fingerprint.upper(),
        certificate=base64.b64encode(certificate.der).decode(),
    )


def rfc2253(name: tuple[tuple[Attribute, ...], ...]) -> str:
    """A distinguished name as OpenSSL's ``XN_FLAG_RFC2253`` writes it: the last part first, and
    everything that isn't ASCII as the escaped bytes of its UTF-8."""
    return ",".join("+".join(_pair(one) for one in reversed(rdn)) for rdn in reversed(name))


def _pair(attribute: Attribute) -> str:
    return f"{short_name(attribute.oid)}={_escaped(attribute.text)}"


def short_name(oid: str) -> str:
    """OpenSSL's short name of an attribute's type; the dotted number where it has none."""
    return _SHORT.get(oid, oid)


def _escaped(text: str) -> str:
    last = len(text) - 1
    return "".join(_character(char, at in (0, last), at == 0) for at, char in enumerate(text))


def _character(char: str, at_an_end: bool, first: bool) -> str:
    if not " " <= char <= "~":
        return "".join(f"\\{byte:02X}" for byte in char.encode("utf-8", "surrogateescape"))
    if char in _ESCAPED or (char == " " and at_an_end) or (char == "#" and first):
        return "\\" + char
    return char


def _hex(number: int) -> str:
    size = max(1, (abs(number).bit_length() + 7) // 8)
    return abs(number).to_bytes(size, "big").hex().upper()
