"""Secrets and signatures of Standard Webhooks 1.0.0 (github.com/standard-webhooks).

A receiver that has the secret knows by the signature that a message comes from us, is whole, and
was sent just now.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64
"""Bytes of a secret: the specification's limits."""


class BadSecret(ValueError):
    """A text that is no secret; the sentence doesn't repeat it."""


def read_secret(text: str) -> bytes:
    """The key in ``whsec_`` and base64. Raises BadSecret."""
    if not text.startswith(PREFIX):
        raise BadSecret(f"does not begin with {PREFIX}")
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise BadSecret(f"is not base64 behind {PREFIX}") from None
    if not SHORTEST <= len(key) <= LONGEST:
        raise BadSecret(f"has {len(key)} bytes, and must have {SHORTEST} to {LONGEST}")
    return key


def signature(keys: Iterable[bytes], message: str, timestamp: int, body: bytes) -> str:
    """The header ``webhook-signature``: one for each key, so that a secret can be exchanged.

    ``message`` is the header ``webhook-id`` and must have no full stop in it; ``timestamp`` is in
    Unix seconds.
    """
    signed = b"%b.%d.%b" % (message.encode(), timestamp, body)
    macs = (hmac.new(key, signed, hashlib.sha256).digest() for key in keys)
    return " ".join(f"v1,{base64.b64encode(one).decode()}" for one in macs)
