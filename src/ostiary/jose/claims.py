"""What a token says: its claims (RFC 7519 section 4), as far as a decision looks at them."""

import base64
import binascii
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

LONGEST_TOKEN: Final = 16_384
"""Bytes: it fits into the engine's buffers and into one question of its."""
LARGEST_CLAIMS: Final = 64 * 1024
"""Bytes."""
_DIGEST: Final = 32


class Malformed(ValueError):
    """A claim isn't what its definition says."""


@dataclass(frozen=True, slots=True)
class Bound:
    """Who may use the token must show this certificate (RFC 8705 section 3)."""

    fingerprint: str | None
    """SHA-256, upper-case hex; None: it is bound to something else that can't be seen here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """The claims that are looked at; times are Unix seconds."""

    expires: float | None = None
    begins: float | None = None
    issuer: str = ""
    audience: frozenset[str] = frozenset()
    subject: str = ""
    """Empty where the token has none."""
    identity: str = ""
    """Whom it is for: the claim ``id``, as with Express Gateway, else ``sub`` or ``client_id``."""
    scopes: frozenset[str] = frozenset()
    bound: Bound | None = None


def read_claims(data: bytes) -> Claims:
    """The claims in a JSON text. Raises Malformed.

    A member that comes twice can be read in two ways (RFC 8725 section 2.4), so there may be none.
    """
    return claims_of(read_object(data))


def read_object(data: bytes) -> Mapping[str, object]:
    """A JSON object without repeated members and numbers that are none. Raises Malformed."""
    if len(data) > LARGEST_CLAIMS:
        raise Malformed("too large")
    try:
        # UTF-8 alone (RFC 8259 section 8.1): the library would guess at others.
        found = json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_no_number)
        json.dumps(found, ensure_ascii=False).encode()  # halves of characters are no text
    except (ValueError, RecursionError) as error:
        raise Malformed("no JSON") from error
    if not isinstance(found, dict):
        raise Malformed("no object")
    return found


def claims_of(found: Mapping[str, object]) -> Claims:
    """The same of an object. Raises Malformed."""
    subject = _text(found, "sub")
    identity = found.get("id")
    if not (isinstance(identity, str) and identity):
        identity = subject or _text(found, "client_id")
    return Claims(
        expires=_time(found, "exp"),
        begins=_time(found, "nbf"),
        issuer=_text(found, "iss"),
        audience=frozenset(_texts(found, "aud")),
        subject=subject,
        identity=identity,
        scopes=_scopes(found),
        bound=_bound(found),
    )


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("a member comes twice")
    return found


def _no_number(_: str) -> object:
    raise Malformed("no number")


def _time(found: Mapping[str, object], name: str) -> float | None:
    value = found.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Malformed(name)
    try:
        seconds = float(value)
    except OverflowError as error:
        raise Malformed(name) from error
    if not math.isfinite(seconds):
        raise Malformed(name)
    return seconds


def _text(found: Mapping[str, object], name: str) -> str:
    value = found.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Malformed(name)
    return value


def _texts(found: Mapping[str, object], name: str) -> list[str]:
    value = found.get(name)
    several = value if isinstance(value, list) else [] if value is None else [value]
    texts = [one for one in several if isinstance(one, str)]
    if len(texts) != len(several):
        raise Malformed(name)
    return texts


def _scopes(found: Mapping[str, object]) -> frozenset[str]:
    """``scope`` (RFC 8693 section 4.2), else Express Gateway's ``scopes``, else ``scp``, as others
    write it: words with blanks between, or a list."""
    for name in ("scope", "scopes", "scp"):
        if found.get(name):
            words = (text.split(" ") for text in _texts(found, name))
            return frozenset(word for several in words for word in several if word)
    return frozenset()


def _bound(found: Mapping[str, object]) -> Bound | None:
    """RFC 7800 section 3.1. Who can only be recognised by other means (RFC 9449) isn't here."""
    if found.get("cnf") is None:
        return None
    confirmation = found["cnf"]
    if not isinstance(confirmation, dict):
        raise Malformed("cnf")
    digest = confirmation.get("x5t#S256")
    if digest is None:
        return Bound(None)
    if not isinstance(digest, str):
        raise Malformed("cnf")
    try:
        raw = base64.b64decode(digest.rstrip("=") + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("cnf") from error
    if len(raw) != _DIGEST:
        raise Malformed("cnf")
    return Bound(raw.hex().upper())
