"""Names in certificates: as text for people, and refused when they could fool a reader."""

import unicodedata
from collections.abc import Iterable, Iterator

from cryptography import x509

_NAME_TYPE_PREFIX = {
    x509.DNSName: "DNS",
    x509.RFC822Name: "email",
    x509.UniformResourceIdentifier: "URI",
    x509.IPAddress: "IP",
}

# Universal tags of the ASN.1 string types and how their content becomes text (X.690 8.23).
_STRING_TAGS = {
    0x0C: "utf-8",
    0x12: "latin-1",
    0x13: "latin-1",
    0x14: "latin-1",
    0x16: "latin-1",
    0x1A: "latin-1",
    0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}

# Control characters, line and paragraph separators, lone surrogates: none has any business in
# a name, and each has forged a log line, cut a C string short or split a header somewhere.
_HOSTILE_CATEGORIES = frozenset({"Cc", "Zl", "Zp", "Cs"})


def hostile_character(text: str) -> str | None:
    """The first character that must not stand in a name, as ``U+0000``; None when all is well."""
    if text.isprintable():
        return None
    for char in text:
        if unicodedata.category(char) in _HOSTILE_CATEGORIES:
            return f"U+{ord(char):04X}"
    return None


def name_values(name: x509.Name) -> Iterator[str]:
    """Every textual value in a distinguished name; bit strings (unique identifiers) are skipped."""
    for attribute in name:
        if isinstance(attribute.value, str):
            yield attribute.value


def alternative_values(names: Iterable[x509.GeneralName]) -> Iterator[str]:
    """Every textual value in a list of alternative names, inside other names too."""
    for name in names:
        match name:
            case x509.DirectoryName():
                yield from name_values(name.value)
            case x509.OtherName():
                yield from _string_in(name.value)
            case x509.DNSName() | x509.RFC822Name() | x509.UniformResourceIdentifier():
                yield name.value
            case _:
                pass


def _string_in(der: bytes) -> Iterator[str]:
    """The text of an OtherName's value if it is one plain ASN.1 string, else nothing."""
    codec = _STRING_TAGS.get(der[0]) if der else None
    if codec is None or len(der) < 2:
        return
    header = 2 if der[1] < 0x80 else 2 + (der[1] & 0x7F)
    yield der[header:].decode(codec, errors="surrogateescape" if codec == "utf-8" else "replace")


def alternative_text(name: x509.GeneralName) -> str:
    """One alternative name as ``DNS:…``, ``email:…``, ``URI:…``, ``IP:…``, ``dirName:…``."""
    prefix = _NAME_TYPE_PREFIX.get(type(name))
    if prefix is not None:
        return f"{prefix}:{name.value}"
    match name:
        case x509.DirectoryName():
            return f"dirName:{name.value.rfc4514_string()}"
        case x509.RegisteredID():
            return f"RID:{name.value.dotted_string}"
        case x509.OtherName():
            return f"otherName:{name.type_id.dotted_string}"
        case _:
            return "other"


def name_key(name: x509.Name) -> bytes:
    """Bytes that are the same for equal distinguished names (RFC 5280 7.1).

    Which string type a value has doesn't matter, nor case, nor how much space is between words:
    OpenSSL compares so, too, when it looks for an issuer.
    """
    rdns = (sorted((one.oid.dotted_string, _folded(one.value)) for one in rdn) for rdn in name.rdns)
    return repr(list(rdns)).encode()


def _folded(value: str | bytes) -> str:
    if isinstance(value, bytes):
        return f"#{value.hex()}"
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())
