"""Percent-encoding (RFC 3986 section 2.1) as HAProxy's ``url_dec(1)`` and ``url_enc`` do it."""

import re

_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_RESERVED = re.compile(rb"[^A-Za-z0-9._~-]")


def decoded(value: str) -> bytes:
    """A value of a query: a plus is a blank there."""
    text = value.replace("+", " ").encode("utf-8", "surrogateescape")
    return _ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode("ascii")), text)


def encoded(value: str) -> str:
    """All but what is unreserved."""
    text = value.encode("utf-8", "surrogateescape")
    return _RESERVED.sub(lambda found: b"%%%02X" % found[0][0], text).decode("ascii")
