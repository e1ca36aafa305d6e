"""What devices send, read with suspicion: total, bounded, and with a sentence for each refusal."""

import base64
import binascii
import re

from ostiary.kernel.errors import WrongUse

MEDIA = "application/pkcs10"
_FINGERPRINT = re.compile("[0-9A-Fa-f]{64}")
_BASIC = "basic "
_LONGEST_CREDENTIALS = 1_024
_BLANKS = b" \t\r\n"


class Unreadable(WrongUse):
    """It can't be read as what it says it is."""


def request_of(body: bytes) -> bytes:
    """The PKCS#10 of a body: base64 of DER (RFC 7030 4.2.1, RFC 8951 3.1), with or without line
    ends. Raises Unreadable."""
    if body[:10] == b"-----BEGIN":
        raise Unreadable("the body is PEM (send the base64 between its two lines alone)")
    try:
        found = base64.b64decode(body.translate(None, _BLANKS), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unreadable("the body isn't base64 (of a PKCS#10 request in DER)") from error
    if not found:
        raise Unreadable("the body is empty (send a PKCS#10 request, base64)")
    return found


def refuse_other_media(content_type: str) -> None:
    """Raises Unreadable unless a request is announced (RFC 7030 4.2.1)."""
    if content_type.partition(";")[0].strip().lower() != MEDIA:
        raise Unreadable(f"the Content-Type must be {MEDIA}")


def secret_of(authorization: str) -> str | None:
    """The password of HTTP Basic authentication (RFC 7617), which is the token; None without one.

    The user's name means nothing. Raises Unreadable.
    """
    if not authorization:
        return None
    if not authorization.lower().startswith(_BASIC) or len(authorization) > _LONGEST_CREDENTIALS:
        raise Unreadable("Authorization must be Basic, with the token as password")
    try:
        pair = base64.b64decode(authorization[len(_BASIC) :].strip(), validate=True).decode()
    except ValueError as error:
        raise Unreadable("Authorization isn't base64 of a name, a colon and the token") from error
    _, colon, password = pair.partition(":")
    if not colon:
        raise Unreadable("Authorization has no colon between a name and the token")
    return password


def fingerprint_of(header: str) -> bytes | None:
    """The SHA-256 of the certificate the engine saw in the handshake; None for none.

    Raises Unreadable.
    """
    if not header:
        return None
    if not _FINGERPRINT.fullmatch(header):
        raise Unreadable("the certificate of the connection can't be told")
    return bytes.fromhex(header)
