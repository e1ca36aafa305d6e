"""Names of consumers, credentials and scopes: which may be, and how ours are made."""

import re
from typing import Final
from uuid import RFC_4122, UUID

from ostiary.consumers.model import CredentialType
from ostiary.consumers.refusal import ConsumerRefused

LONGEST_NAME: Final = 200
LONGEST_ADDRESS: Final = 2_000
RANDOM_BYTES: Final = 16
"""What ``base62`` is given for a key's id or a secret: 128 bits can't be guessed."""
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LENGTH: Final = 22
_SHORTEST: Final = 20
_KEY_ID: Final = re.compile(r"[A-Za-z0-9._~@+=-]+")
# RFC 6749 section 3.3: a scope-token has neither blanks nor quotes nor backslashes.
_SCOPE: Final = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")
_EMAIL: Final = re.compile(r"[^\s@]+@[^\s@]+")
# RFC 3986 section 3: what has a scheme.
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")


def base62(random: bytes) -> str:
    """16 bytes as 22 digits and letters: the form of Express Gateway's key ids and secrets
    (``uuid62``)."""
    number = int.from_bytes(random)
    found = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        found = _DIGITS[digit] + found
    return found.rjust(_LENGTH, _DIGITS[0])


def is_generated(text: str) -> bool:
    """Whether this is the random UUID (RFC 9562 section 5.4) that ``uuid62`` writes in base 62, as
    Express Gateway makes its secrets: 122 random bits, unless somebody chose one by hand."""
    number = 0
    for sign in text:
        digit = _DIGITS.find(sign)
        if digit < 0:
            return False
        number = number * len(_DIGITS) + digit
    if not _SHORTEST <= len(text) <= _LENGTH or number >> (8 * RANDOM_BYTES):
        return False
    found = UUID(int=number)
    return found.version == 4 and found.variant == RFC_4122


def check_username(text: str) -> None:
    """Raises ConsumerRefused. A user is found by name or by id, so a name must not look like one;
    a colon ends the name in basic authentication (RFC 7617 section 2)."""
    check_name("username", text)
    if ":" in text:
        raise ConsumerRefused("username", "a colon can't be in it", "leave it out")
    if uuid_of(text) is not None:
        raise ConsumerRefused("username", "it looks like an id", "give one that is a name")


def check_name(field: str, text: str) -> None:
    """A name that people read. Raises ConsumerRefused."""
    if not (text.strip() == text and 0 < len(text) <= LONGEST_NAME and text.isprintable()):
        raise ConsumerRefused(
            field,
            f"{text[:80]!r} can't be a name",
            f"give 1 to {LONGEST_NAME} printable characters, without blanks around them",
        )


def check_email(text: str) -> None:
    """Empty, or something at something. Raises ConsumerRefused."""
    if text and not (_EMAIL.fullmatch(text) and text.isprintable() and len(text) <= LONGEST_NAME):
        raise ConsumerRefused("email", f"{text[:80]!r} is no address", "give one as a@example.com")


def check_redirect_uri(text: str) -> None:
    """Empty, or a URI. Raises ConsumerRefused."""
    if text and not (_URI.fullmatch(text) and text.isprintable() and len(text) <= LONGEST_ADDRESS):
        raise ConsumerRefused(
            "redirectUri", f"{text[:80]!r} is no URI", "give one such as https://app.example/cb"
        )


def check_scope(text: str) -> None:
    """One scope, as OAuth 2.0 writes them. Raises ConsumerRefused."""
    if not (_SCOPE.fullmatch(text) and len(text) <= LONGEST_NAME):
        raise ConsumerRefused(
            "scopes",
            f"{text[:80]!r} can't be a scope",
            f'give 1 to {LONGEST_NAME} ASCII characters other than blank, " and \\',
        )


def check_credential_name(kind: CredentialType, text: str) -> None:
    """What a client will name its credential by, where an operator gives it: a key's id, the
    subject of a JWT, or how a certificate credential is called. Raises ConsumerRefused."""
    if kind is CredentialType.JWT:
        check_name("keyId", text)
    elif not (_KEY_ID.fullmatch(text) and len(text) <= LONGEST_NAME):
        # A client sends id and secret with a colon between them.
        raise ConsumerRefused(
            "keyId",
            f"{text[:80]!r} can't be an id",
            f"give 1 to {LONGEST_NAME} letters, digits and any of . _ ~ @ + = -",
        )


def uuid_of(text: str) -> UUID | None:
    """A consumer's id as it is written; None for what is none."""
    if len(text) != 36:  # also urn:uuid:… and braces are ids to the library
        return None
    try:
        return UUID(text)
    except ValueError:
        return None
