"""The encodings that formats are made of: percent-encoding, base64, PEM.

Each takes foreign bytes and returns the decoded ones, or raises Faulty, in linear time. Nothing is
skipped: what is left over makes the whole malformed.
"""

import base64
import binascii
import re
from collections.abc import Sequence

from ostiary.forwarded.outcome import FaultKind, Faulty, malformed

MOST_CERTIFICATES = 16
"""In one header. Chains in the field have two to four; AWS allows four, Envoy's verifier 100."""
LARGEST_DECODED = 65_536
"""Bytes of DER in one header; HAProxy's buffer, 16 KiB by default, allows less anyway."""

_BLANK = b" \t\r\n"
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})?")
_BLOCK = re.compile(
    # Form encoding writes the blank inside the marker as a plus; in the body a plus is base64.
    rb"[ \t\r\n]*+-----BEGIN[ +]CERTIFICATE-----([^-]*+)-----END[ +]CERTIFICATE-----[ \t\r\n]*+"
)
PEM_BEGIN = b"-----BEGIN"


def unescaped(value: bytes) -> bytes:
    """Undo percent-encoding (RFC 3986 section 2.1), once; a plus stays a plus.

    AWS leaves ``+``, ``=`` and ``/`` of the base64 as they are, so the plus of HTML forms, which
    means a blank, can't be meant.
    """

    def octet(match: re.Match[bytes]) -> bytes:
        if match[1] is None:
            raise malformed("a percent sign is not followed by two hexadecimal digits")
        return bytes.fromhex(match[1].decode("ascii"))

    return _ESCAPE.sub(octet, value)


def base64_of(text: bytes) -> bytes:
    """Decode base64 (RFC 4648 section 4) in its one canonical spelling: padded, without blanks."""
    if not text:
        raise malformed("the base64 is empty")
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as fault:
        raise malformed("the base64 has foreign characters or is cut short") from fault
    if base64.b64encode(decoded) != text:
        # Section 3.5: bits that don't count would give one certificate many spellings.
        raise malformed("the base64 is not in its canonical form")
    return decoded


def pem_of(text: bytes) -> tuple[bytes, ...]:
    """All certificates of PEM text, DER, in order; line ends may have become blanks or nothing."""
    found: list[bytes] = []
    position = 0
    while position < len(text):
        match = _BLOCK.match(text, position)
        if match is None:
            raise malformed(_not_pem(text[position:], len(found)))
        if len(found) == MOST_CERTIFICATES:
            raise too_many()
        found.append(base64_of(match[1].translate(None, _BLANK)))
        position = match.end()
    if not found:
        raise malformed("there is no PEM block")
    return tuple(found)


def within_bounds(ders: Sequence[bytes]) -> Sequence[bytes]:
    """The same, when all are whole DER SEQUENCEs and not too many or too large."""
    if len(ders) > MOST_CERTIFICATES:
        raise too_many()
    if sum(map(len, ders)) > LARGEST_DECODED:
        raise Faulty(FaultKind.TOO_LARGE, f"more than {LARGEST_DECODED} bytes of certificates")
    for number, der in enumerate(ders, 1):
        if not _is_one_sequence(der):
            raise malformed(f"certificate {number} is not one whole DER SEQUENCE")
    return ders


def _not_pem(rest: bytes, found: int) -> str:
    where = f"after {found} PEM blocks" if found else "where a PEM block should begin"
    if rest.lstrip(_BLANK).startswith(b","):
        return f"{where} comes a comma"
    if rest.lstrip(_BLANK).startswith(PEM_BEGIN):
        return f"{where} comes one that is no whole CERTIFICATE block"
    return f"{where} comes something else"


def too_many() -> Faulty:
    """More certificates than one header may hold."""
    return Faulty(FaultKind.TOO_LARGE, f"more than {MOST_CERTIFICATES} certificates")


def _is_one_sequence(der: bytes) -> bool:
    """Whether tag and length (X.690 section 8.1.3, definite and shortest) cover it exactly."""
    if len(der) < 2 or der[0] != 0x30:
        return False
    if der[1] < 0x80:
        return len(der) == 2 + der[1]
    count = der[1] & 0x7F
    length = int.from_bytes(der[2 : 2 + count], "big")
    shortest = 1 <= count <= 4 and length >= 0x80 and length.bit_length() > 8 * (count - 1)
    return shortest and len(der) == 2 + count + length
