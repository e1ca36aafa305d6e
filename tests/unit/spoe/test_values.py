"""Typed data on the wire."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.spoe.status import Malformed, Truncated
from ostiary.spoe.values import (
    Kind,
    Value,
    encode_integer,
    encode_text,
    encode_value,
    read_text,
    read_value,
)

values: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.ip_addresses(),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.binary(),
)


@given(values)
def test_every_value_survives_the_trip(value: Value) -> None:
    wire = encode_value(value)
    back, end = read_value(wire, 0)
    assert (type(back), back, end) == (type(value), value, len(wire))


@given(values)
def test_every_strict_prefix_is_truncated(value: Value) -> None:
    wire = encode_value(value)
    for size in range(len(wire)):
        with pytest.raises(Truncated):
            read_value(wire[:size], 0)


@given(st.binary())
def test_no_bytes_make_reading_fall_over(data: bytes) -> None:
    try:
        _, end = read_value(data, 0)
    except Malformed:
        return
    assert 0 < end <= len(data)


@given(st.binary(max_size=239))
def test_a_string_that_is_no_text_keeps_its_bytes(raw: bytes) -> None:
    wire = bytes((Kind.STRING, len(raw))) + raw
    text, _ = read_value(wire, 0)
    assert isinstance(text, str)
    assert encode_value(text) == wire


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        (None, "00"),
        (False, "01"),
        (True, "11"),
        (5, "0405"),
        (-5, "04fbf0fefefefefefefe0e"),
        (IPv4Address("192.0.2.1"), "06c0000201"),
        (IPv6Address("::1"), "07" + "00" * 15 + "01"),
        ("ab", "08026162"),
        (b"\x00\xff", "090200ff"),
    ],
)
def test_a_value_looks_as_haproxy_writes_it(value: Value, wire: str) -> None:
    assert encode_value(value).hex() == wire


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.INT32, -(2**31)),
        (Kind.UINT32, 2**32 - 1),
        (Kind.INT64, -1),
        (Kind.UINT64, 2**64 - 1),
    ],
)
def test_each_integer_type_reaches_its_ends(kind: Kind, value: int) -> None:
    wire = encode_integer(kind, value)
    assert read_value(wire, 0) == (value, len(wire))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.INT32, 2**31),
        (Kind.UINT32, -1),
        (Kind.UINT32, 2**32),
        (Kind.UINT64, 2**64),
        (Kind.STRING, 1),
        (Kind.NULL, 0),
    ],
)
def test_an_integer_that_its_type_cannot_hold_is_not_encoded(kind: Kind, value: int) -> None:
    with pytest.raises(ValueError, match=kind.name):
        encode_integer(kind, value)


@pytest.mark.parametrize("tag", range(10, 16))
def test_an_unknown_type_is_malformed(tag: int) -> None:
    with pytest.raises(Malformed, match="unknown type"):
        read_value(bytes((tag, 0, 0, 0)), 0)


def test_a_32_bit_integer_with_more_bits_is_malformed() -> None:
    wire = bytes((Kind.UINT32,)) + encode_integer(Kind.UINT64, 2**32)[1:]
    with pytest.raises(Malformed, match="UINT32"):
        read_value(wire, 0)


def test_a_string_longer_than_the_frame_is_refused_before_it_is_awaited() -> None:
    with pytest.raises(Truncated):
        read_value(bytes((Kind.BINARY,)) + encode_integer(Kind.UINT64, 2**60)[1:], 0)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_every_name_survives_the_trip(name: str) -> None:
    wire = encode_text(name)
    assert read_text(wire, 0) == (name, len(wire))
