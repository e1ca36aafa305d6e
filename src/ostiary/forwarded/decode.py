"""From the bytes of a header to the DER of certificates, whatever balancer wrote it.

Total: any bytes give a Forwarded or a HeaderFault. All of the value must be understood, or none of
it is used.
"""

import re
from collections.abc import Callable
from typing import assert_never

from ostiary.forwarded import xfcc
from ostiary.forwarded.encodings import (
    MOST_CERTIFICATES,
    PEM_BEGIN,
    base64_of,
    pem_of,
    too_many,
    unescaped,
    within_bounds,
)
from ostiary.forwarded.formats import HeaderFormat
from ostiary.forwarded.outcome import FaultKind, Faulty, Forwarded, HeaderFault, malformed

LARGEST_VALUE = 262_144
"""Bytes of the header: 64 KiB of DER in base64, each byte percent-encoded, is no more than this."""

_XFCC_BEGIN = re.compile(rb"(?:By|Hash|Cert|Chain|Subject|URI|DNS|SAN)=", re.IGNORECASE)
_ESCAPED_HYPHEN = re.compile(rb"(?:-|%2D){5}BEGIN", re.IGNORECASE)


def decode(value: bytes, written: HeaderFormat) -> Forwarded | HeaderFault:
    """Read the value of one header, written in one format; never raises.

    Blanks around the value don't count (RFC 9110 section 5.5). A value that is empty otherwise is
    malformed: whether an empty header is no header at all is for the caller to say.
    """
    if len(value) > LARGEST_VALUE:
        return HeaderFault(FaultKind.TOO_LARGE, f"the header is longer than {LARGEST_VALUE} bytes")
    trimmed = value.strip(b" \t\r\n")
    if not trimmed:
        return HeaderFault(FaultKind.MALFORMED, "the header is empty")
    try:
        leaf, *chain = within_bounds(_reader(detect(trimmed, written))(trimmed))
    except Faulty as faulty:
        return faulty.fault
    return Forwarded(leaf=leaf, chain=tuple(chain))


def detect(value: bytes, written: HeaderFormat = HeaderFormat.AUTO) -> HeaderFormat:
    """What the value looks like, when the format is ``auto``; else the format itself.

    The beginnings can't be taken for one another: base64 of DER begins with ``M``, Traefik's too.
    """
    if written is not HeaderFormat.AUTO:
        return written
    if value.startswith(b":"):
        return HeaderFormat.RFC9440
    if _XFCC_BEGIN.match(value):
        return HeaderFormat.XFCC
    if _ESCAPED_HYPHEN.match(value) and b"%" in value:
        return HeaderFormat.URLENCODED_PEM
    return HeaderFormat.PEM if value.startswith(PEM_BEGIN) else HeaderFormat.BASE64_DER


def _reader(written: HeaderFormat) -> Callable[[bytes], tuple[bytes, ...]]:
    match written:
        case HeaderFormat.URLENCODED_PEM:
            return _urlencoded_pem
        case HeaderFormat.PEM:
            return _pem
        case HeaderFormat.BASE64_DER | HeaderFormat.AUTO:
            return _base64_der
        case HeaderFormat.XFCC:
            return xfcc.certificates
        case HeaderFormat.RFC9440:
            return _rfc9440
        case _:
            assert_never(written)


def _urlencoded_pem(value: bytes) -> tuple[bytes, ...]:
    _refuse_comma(value)
    if len(value.split()) != 1:
        raise malformed("there are blanks in a percent-encoded value")
    return pem_of(unescaped(value))


def _pem(value: bytes) -> tuple[bytes, ...]:
    _refuse_comma(value)
    return pem_of(value)


def _base64_der(value: bytes) -> tuple[bytes, ...]:
    """One certificate or more, divided by commas: Traefik sends the whole chain so."""
    parts = unescaped(value).split(b",", MOST_CERTIFICATES)  # one more, which is refused below
    found = tuple(base64_of(part.strip(b" \t")) for part in parts[:MOST_CERTIFICATES])
    if len(parts) > MOST_CERTIFICATES:
        raise too_many()
    if len(found) == 1 and found[0].startswith(PEM_BEGIN):
        return pem_of(found[0])
    return found


def _rfc9440(value: bytes) -> tuple[bytes, ...]:
    # RFC 9440 section 2.2: "MUST NOT have a list of values or occur multiple times".
    _refuse_comma(value)
    if len(value) < 2 or not (value.startswith(b":") and value.endswith(b":")):
        raise malformed("the value is not a Byte Sequence, base64 between two colons")
    return (base64_of(value[1:-1]),)


def _refuse_comma(value: bytes) -> None:
    """No comma can stand in these formats: it is how two headers of one name are joined."""
    if b"," in value:  # RFC 9110 section 5.3
        raise Faulty(FaultKind.REPEATED, "a comma divides two values: the header came twice")
