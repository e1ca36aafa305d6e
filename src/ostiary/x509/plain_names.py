"""Distinguished names as nearly all certificates have them, read from their DER at once.

The library builds four objects for each attribute and checks them in Python, which is a third of
the time that reading a certificate takes. What is not plain in every way is left to it.
"""

from dataclasses import dataclass

from ostiary.x509.der import LONG, inside
from ostiary.x509.structure import Attribute

_TEXTS = frozenset((0x0C, 0x13, 0x16))
"""UTF8String, PrintableString, IA5String: text by their bytes (X.690 8.23)."""

# 2.5.4 (X.520) and 0.9.2342.19200300.100.1 (RFC 4519), 1.2.840.113549.1.9.1 (RFC 2985): content of
# the OBJECT IDENTIFIER, the same as people write it, and the keyword of RFC 4514 section 3.
_TYPES = {
    bytes.fromhex(content): (dotted, keyword or dotted)
    for content, dotted, keyword in (
        ("550403", "2.5.4.3", "CN"),
        ("550404", "2.5.4.4", ""),
        ("550405", "2.5.4.5", ""),
        ("550406", "2.5.4.6", "C"),
        ("550407", "2.5.4.7", "L"),
        ("550408", "2.5.4.8", "ST"),
        ("550409", "2.5.4.9", "STREET"),
        ("55040a", "2.5.4.10", "O"),
        ("55040b", "2.5.4.11", "OU"),
        ("55040c", "2.5.4.12", ""),
        ("550411", "2.5.4.17", ""),
        ("55042a", "2.5.4.42", ""),
        ("55042e", "2.5.4.46", ""),
        ("550461", "2.5.4.97", ""),
        ("0992268993f22c640101", "0.9.2342.19200300.100.1.1", "UID"),
        ("0992268993f22c640119", "0.9.2342.19200300.100.1.25", "DC"),
        ("2a864886f70d010901", "1.2.840.113549.1.9.1", ""),
    )
}
_SHORTEST = 9
"""Bytes in a SET with one attribute: three times tag and length, two of a type, one of a text."""
_ESCAPED = frozenset('\\"+,;<>')
_ESCAPES = str.maketrans({one: f"\\{one}" for one in _ESCAPED})


@dataclass(frozen=True, slots=True)
class ReadName:
    """A distinguished name without control characters."""

    attributes: tuple[tuple[Attribute, ...], ...]
    """Relative distinguished names as encoded, each with its attributes."""
    text: str
    """RFC 4514."""


def plain_name(der: bytes) -> ReadName | None:
    """The name (DER that was decoded before) if it is plain; None is no fault of it.

    Plain: common attributes, one to a relative distinguished name, each with a printable text that
    isn't long.
    """
    attributes: list[tuple[Attribute, ...]] = []
    texts: list[str] = []
    at, stop = inside(der, 0)
    while at < stop:
        # RelativeDistinguishedName ::= SET OF SEQUENCE { type, value } (RFC 5280 4.1.2.4). In one
        # of less than 128 bytes every length is one byte; one without attributes is a fault.
        if not _SHORTEST <= der[at + 1] < LONG:
            return None
        end = at + 2 + der[at + 1]
        value = at + 6 + der[at + 5]
        known = _TYPES.get(der[at + 6 : value])
        if known is None or value + 2 + der[value + 1] != end:
            return None
        text = _text(der[value], der[value + 2 : end])
        if text is None:
            return None
        dotted, keyword = known
        attributes.append((Attribute(dotted, text),))
        texts.append(f"{keyword}={_escaped(text)}")
        at = end
    return ReadName(tuple(attributes), ",".join(reversed(texts)))


def _text(tag: int, content: bytes) -> str | None:
    if tag not in _TEXTS:
        return None
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    # RFC 4514 2.4: blanks at the ends, and a number sign before all, are written differently.
    plain = text.isprintable() and text.strip(" ") == text and text[:1] not in ("", "#")
    return text if plain else None


def _escaped(text: str) -> str:
    return text if _ESCAPED.isdisjoint(text) else text.translate(_ESCAPES)
