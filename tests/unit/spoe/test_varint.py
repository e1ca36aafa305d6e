"""Integers on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.spoe.status import Malformed, Truncated
from ostiary.spoe.varint import MAX_VARINT, MAX_VARINT_BYTES, encode_varint, read_varint

integers = st.one_of(st.integers(0, MAX_VARINT), st.integers(0, 3000))


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (0, 1),
        (239, 1),
        (240, 2),
        (2287, 2),
        (2288, 3),
        (264431, 3),
        (264432, 4),
        (33818863, 4),
        (33818864, 5),
        (MAX_VARINT, MAX_VARINT_BYTES),
    ],
)
def test_an_integer_takes_as_many_bytes_as_the_manual_says(value: int, size: int) -> None:
    assert len(encode_varint(value)) == size
    assert read_varint(encode_varint(value), 0) == (value, size)


def test_the_manuals_bias_is_kept() -> None:
    assert encode_varint(240) == b"\xf0\x00"
    assert encode_varint(2288) == b"\xf0\x80\x00"


@given(integers, st.binary(max_size=3), st.binary(max_size=3))
def test_every_integer_survives_the_trip(value: int, before: bytes, after: bytes) -> None:
    wire = encode_varint(value)
    assert read_varint(before + wire + after, len(before)) == (value, len(before + wire))


@given(integers)
def test_every_strict_prefix_is_truncated(value: int) -> None:
    wire = encode_varint(value)
    for size in range(len(wire)):
        with pytest.raises(Truncated):
            read_varint(wire[:size], 0)


@pytest.mark.parametrize("wire", [b"\xff" * 10, b"\xff" * 1000, b"\xff" * 9 + b"\x7f"])
def test_an_integer_beyond_64_bits_is_malformed(wire: bytes) -> None:
    with pytest.raises(Malformed, match="64 bits") as refusal:
        read_varint(wire, 0)
    assert not isinstance(refusal.value, Truncated)


@pytest.mark.parametrize("value", [-1, MAX_VARINT + 1])
def test_what_does_not_fit_is_not_encoded(value: int) -> None:
    with pytest.raises(ValueError, match="64 bits"):
        encode_varint(value)
