"""From what the client sent to a name and a secret."""

import base64
import binascii
from dataclasses import dataclass, field
from typing import Final

from ostiary.consumers.model import CredentialType

LONGEST: Final = 4_096
"""Bytes of a credential as it was sent."""


@dataclass(frozen=True, slots=True)
class NameAndSecret:
    """What a client claims to be, and what it says to prove that."""

    name: str
    secret: str = field(repr=False)


def read_credential(kind: CredentialType, sent: bytes) -> NameAndSecret | None:
    """The name and the secret in a credential as it was sent, without its scheme; None if there
    aren't both.

    An API key is ``keyId:keySecret``. For basic-auth they stand in Base64 (RFC 7617 section 2),
    where the password may hold colons. Anything that isn't UTF-8, or has control characters, is no
    credential.
    """
    if len(sent) > LONGEST:
        return None
    text = _text(_decoded(sent) if kind is CredentialType.BASIC_AUTH else sent)
    if text is None:
        return None
    name, colon, secret = text.partition(":")
    return NameAndSecret(name, secret) if name and colon and secret else None


def _decoded(sent: bytes) -> bytes | None:
    try:
        # Some clients leave the padding out.
        return base64.b64decode(sent + b"=" * (-len(sent) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _text(sent: bytes | None) -> str | None:
    try:
        text = sent.decode() if sent is not None else None
    except UnicodeDecodeError:
        return None
    if text is None or any(char < " " or char == "\x7f" for char in text):
        return None
    return text
