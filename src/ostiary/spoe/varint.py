"""Variable-length integers in HAProxy's "peers" encoding (doc/SPOE.txt, section 3.1).

Below 240 the first byte is the value. From 240 on the first byte carries 4 bits and every further
byte 7, each with a bias, so that every integer has exactly one encoding.
"""

from ostiary.spoe.status import Malformed, Truncated

MAX_VARINT = 2**64 - 1
"""HAProxy decodes into 64 bits unsigned; what doesn't fit has no meaning."""

MAX_VARINT_BYTES = 10
"""Length of the encoding of MAX_VARINT: 1 byte with 4 bits and 9 bytes with 7 bits."""


def encode_varint(value: int) -> bytes:
    """Encode an integer in [0, MAX_VARINT]; raises ValueError outside it."""
    if 0 <= value < 240:
        return value.to_bytes(1, "big")
    if not 0 <= value <= MAX_VARINT:
        raise ValueError(f"{value} doesn't fit in 64 bits unsigned")
    out = bytearray((value & 0x0F | 0xF0,))
    value = (value - 240) >> 4
    while value >= 128:
        out.append(value & 0x7F | 0x80)
        value = (value - 128) >> 7
    out.append(value)
    return bytes(out)


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Read an integer at ``at``; give it and the offset behind it.

    Raises Truncated if the bytes end inside it, Malformed if it exceeds 64 bits.
    """
    try:
        value = data[at]
    except IndexError:
        raise Truncated("the frame ends before an integer") from None
    if value < 240:
        return value, at + 1
    return _read_long(data, at, value)


def _read_long(data: bytes, at: int, value: int) -> tuple[int, int]:
    shift = 4
    for position in range(at + 1, at + MAX_VARINT_BYTES):
        try:
            byte = data[position]
        except IndexError:
            raise Truncated("the frame ends inside an integer") from None
        value += byte << shift
        if byte < 128:
            if value > MAX_VARINT:
                break
            return value, position + 1
        shift += 7
    raise Malformed("an integer exceeds 64 bits")
