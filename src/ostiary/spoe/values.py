"""Typed data: the values that arguments and variables carry (doc/SPOE.txt, section 3.1)."""

from collections.abc import Callable
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address
from typing import TypeAlias

from ostiary.spoe.status import Malformed, Truncated
from ostiary.spoe.varint import encode_varint, read_varint

Value: TypeAlias = bool | int | IPv4Address | IPv6Address | str | bytes | None
"""What typed data means in Python; the four integer types are all ``int``.

A string keeps bytes that aren't UTF-8 as lone surrogates (``surrogateescape``): HAProxy sends what
clients sent, and a client must not be able to end the line by a byte.
"""

_TRUE = 0x10
_SIGN = 1 << 63
_WRAP = 1 << 64


class Kind(IntEnum):
    """The low four bits of the type byte; the high four are flags, used by BOOLEAN only."""

    NULL = 0
    BOOLEAN = 1
    INT32 = 2
    UINT32 = 3
    INT64 = 4
    UINT64 = 5
    IPV4 = 6
    IPV6 = 7
    STRING = 8
    BINARY = 9


_RANGES = {
    Kind.INT32: (-(2**31), 2**31 - 1),
    Kind.UINT32: (0, 2**32 - 1),
    Kind.INT64: (-(2**63), 2**63 - 1),
    Kind.UINT64: (0, 2**64 - 1),
}


def encode_text(value: str) -> bytes:
    """Encode a bare STRING (names of messages, arguments and variables): length and bytes."""
    raw = value.encode("utf-8", "surrogateescape")
    return encode_varint(len(raw)) + raw


def encode_integer(kind: Kind, value: int) -> bytes:
    """Encode an integer as INT32, UINT32, INT64 or UINT64.

    A negative number is sent as its 64-bit two's complement, as HAProxy does. Raises ValueError
    if ``kind`` is no integer type or can't hold the value.
    """
    low, high = _RANGES.get(kind, (0, -1))
    if not low <= value <= high:
        raise ValueError(f"{value} is no {kind.name}")
    return bytes((kind,)) + encode_varint(value % _WRAP)


def encode_value(value: Value) -> bytes:
    """Encode a value by its Python type; an ``int`` becomes INT64.

    Raises ValueError for an integer outside 64 bits signed.
    """
    match value:
        case None:
            return bytes((Kind.NULL,))
        case bool():
            return bytes((Kind.BOOLEAN | (_TRUE if value else 0),))
        case int():
            return encode_integer(Kind.INT64, value)
        case IPv4Address() | IPv6Address():
            kind = Kind.IPV4 if value.version == 4 else Kind.IPV6
            return bytes((kind,)) + value.packed
        case str():
            return bytes((Kind.STRING,)) + encode_text(value)
        case bytes():
            return bytes((Kind.BINARY,)) + encode_varint(len(value)) + value


def read_value(data: bytes, at: int) -> tuple[Value, int]:
    """Read typed data at ``at``; give the value and the offset behind it.

    Raises Truncated if the bytes end inside it, Malformed for an unknown type or an integer that
    its type can't hold.
    """
    try:
        tag = data[at]
    except IndexError:
        raise Truncated("the frame ends before a value") from None
    try:
        reader = _READERS[tag & 0x0F]
    except IndexError:
        raise Malformed(f"a value has the unknown type {tag & 0x0F}") from None
    return reader(data, at)


def read_text(data: bytes, at: int) -> tuple[str, int]:
    """Read a bare STRING at ``at``; give it and the offset behind it."""
    raw, end = _read_sized(data, at)
    return raw.decode("utf-8", "surrogateescape"), end


def _read_sized(data: bytes, at: int) -> tuple[bytes, int]:
    size, start = read_varint(data, at)
    end = start + size
    if end > len(data):
        raise Truncated("the frame ends inside a string")
    return data[start:end], end


def _read_null(data: bytes, at: int) -> tuple[None, int]:  # noqa: ARG001 - one shape for all readers
    return None, at + 1


def _read_boolean(data: bytes, at: int) -> tuple[bool, int]:
    return bool(data[at] & _TRUE), at + 1


def _read_integer(data: bytes, at: int) -> tuple[int, int]:
    kind = Kind(data[at] & 0x0F)
    value, end = read_varint(data, at + 1)
    low, high = _RANGES[kind]
    if low < 0 and value >= _SIGN:
        value -= _WRAP
    if not low <= value <= high:
        raise Malformed(f"{value} is no {kind.name}")
    return value, end


def _read_ipv4(data: bytes, at: int) -> tuple[IPv4Address, int]:
    return IPv4Address(_read_fixed(data, at + 1, 4)), at + 5


def _read_ipv6(data: bytes, at: int) -> tuple[IPv6Address, int]:
    return IPv6Address(_read_fixed(data, at + 1, 16)), at + 17


def _read_fixed(data: bytes, at: int, size: int) -> bytes:
    raw = data[at : at + size]
    if len(raw) < size:
        raise Truncated("the frame ends inside an address")
    return raw


def _read_string(data: bytes, at: int) -> tuple[str, int]:
    return read_text(data, at + 1)


def _read_binary(data: bytes, at: int) -> tuple[bytes, int]:
    return _read_sized(data, at + 1)


_READERS: tuple[Callable[[bytes, int], tuple[Value, int]], ...] = (
    _read_null,
    _read_boolean,
    _read_integer,
    _read_integer,
    _read_integer,
    _read_integer,
    _read_ipv4,
    _read_ipv6,
    _read_string,
    _read_binary,
)
"""Indexed by Kind."""
