"""Is a token signed by one of these keys (RFC 7515 section 5.2)? And what does it say then?"""

import base64
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from jwt import PyJWS
from jwt.exceptions import PyJWTError

from ostiary.jose.claims import LONGEST_TOKEN, Claims, Malformed, read_claims
from ostiary.jose.keys import VerificationKey

_MOST_TRIED: Final = 20
"""Keys, where the token doesn't say which."""
# RFC 7515 section 3.1. Exactly this: the library also takes padding, so one token had two texts.
_COMPACT: Final = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class Flaw(Enum):
    """Why a token isn't believed."""

    MALFORMED = "malformed"
    NO_KEY = "no-key"
    """No key fits its id and algorithm."""
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class Head:
    """What a token says about its signature; not yet believed."""

    algorithm: str
    kid: str | None


def read_head(token: bytes) -> Head | None:
    """The header of a signed token; None for what is none, or asks for what isn't understood."""
    if len(token) > LONGEST_TOKEN or not _COMPACT.fullmatch(token) or not _is_plain(token):
        return None
    try:
        head = PyJWS().get_unverified_header(token)
    except (PyJWTError, ValueError, RecursionError):
        return None
    algorithm, kid = head.get("alg"), head.get("kid")
    # RFC 7797: a payload that isn't encoded is for other things than tokens (its section 7).
    if not isinstance(algorithm, str) or "b64" in head:
        return None
    return Head(algorithm, kid if isinstance(kid, str) else None)


def _is_plain(token: bytes) -> bool:
    """Whether the signature's last character has no more bits than bytes need (RFC 4648 section
    3.5): decoders drop them, so else one token had several texts, and each its own row."""
    signature = token.rpartition(b".")[2]
    return base64.urlsafe_b64encode(_decoded(signature)).rstrip(b"=") == signature


def _decoded(text: bytes) -> bytes:
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4)) if len(text) % 4 != 1 else b""


def knows(head: Head, keys: Iterable[VerificationKey]) -> bool:
    """Whether there is a key of the id that the token names."""
    return head.kid is None or any(key.kid in (None, head.kid) for key in keys)


def verify(
    token: bytes, keys: Collection[VerificationKey], allowed: Collection[str] = ()
) -> Claims | Flaw:
    """The claims of a token that one of the keys has signed, or why it isn't believed.

    ``allowed``: the only algorithms that may be; none: all that fit the keys.
    """
    head = read_head(token)
    if head is None:
        return Flaw.MALFORMED
    fitting = [
        key
        for key in keys
        if head.algorithm in key.algorithms
        and (not allowed or head.algorithm in allowed)
        and (head.kid is None or key.kid in (None, head.kid))
    ]
    for key in fitting[:_MOST_TRIED]:
        payload = _payload(token, key, head.algorithm)
        if payload is not None:
            try:
                return read_claims(payload)
            except Malformed:
                return Flaw.MALFORMED
    return Flaw.SIGNATURE if fitting else Flaw.NO_KEY


def _payload(token: bytes, key: VerificationKey, algorithm: str) -> bytes | None:
    try:
        found = PyJWS([algorithm]).decode_complete(token, key.native, [algorithm])
    except (PyJWTError, ValueError, TypeError):
        return None
    payload = found["payload"]
    return payload if isinstance(payload, bytes) else None
