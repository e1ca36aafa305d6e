"""Frames and their payloads on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.spoe.frames import (
    FIN,
    MAX_MESSAGES,
    MAX_PAIRS,
    Frame,
    FrameType,
    Message,
    NeedMore,
    encode_frame,
    encode_messages,
    encode_pairs,
    read_frame,
    read_messages,
    read_pairs,
)
from ostiary.spoe.status import Malformed, Status
from ostiary.spoe.values import encode_value
from ostiary.spoe.varint import MAX_VARINT

LIMIT = 65_532
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | names | st.binary()
messages = st.builds(Message, names, st.dictionaries(names, values, max_size=5))
frames = st.builds(
    Frame,
    type=st.integers(0, 255),
    flags=st.integers(0, 2**32 - 1),
    stream_id=st.integers(0, MAX_VARINT),
    frame_id=st.integers(0, MAX_VARINT),
    payload=st.binary(max_size=300),
)


@given(frames, st.binary(max_size=3), st.binary(max_size=3))
def test_every_frame_survives_the_trip(frame: Frame, before: bytes, after: bytes) -> None:
    wire = encode_frame(frame)
    assert read_frame(before + wire + after, len(before), LIMIT) == (frame, len(before + wire))


@given(frames)
def test_every_strict_prefix_asks_for_more(frame: Frame) -> None:
    wire = encode_frame(frame)
    for size in range(len(wire)):
        wanted = read_frame(wire[:size], 0, LIMIT)
        assert wanted == NeedMore(4 if size < 4 else len(wire))


@given(st.binary(max_size=60), st.integers(7, 300))
def test_no_bytes_make_reading_fall_over(data: bytes, limit: int) -> None:
    try:
        found = read_frame(data, 0, limit)
    except Malformed:
        return
    assert isinstance(found, NeedMore) or found[1] <= len(data)


def test_a_frame_beyond_the_limit_is_refused_by_its_length_alone() -> None:
    with pytest.raises(Malformed) as refusal:
        read_frame((LIMIT + 1).to_bytes(4, "big"), 0, LIMIT)
    assert refusal.value.status is Status.TOO_BIG


def test_a_frame_as_large_as_the_limit_is_welcome() -> None:
    frame = Frame(type=3, flags=1, stream_id=0, frame_id=1, payload=bytes(LIMIT - 7))
    assert read_frame(encode_frame(frame), 0, LIMIT) == (frame, LIMIT + 4)


@pytest.mark.parametrize("size", range(7))
def test_a_frame_without_room_for_its_head_is_malformed(size: int) -> None:
    with pytest.raises(Malformed, match="too short"):
        read_frame(size.to_bytes(4, "big") + bytes(20), 0, LIMIT)


def test_an_identifier_that_runs_out_of_the_frame_is_malformed() -> None:
    body = bytes((FrameType.NOTIFY, 0, 0, 0, FIN, 0xFF, 0xFF))
    with pytest.raises(Malformed):
        read_frame(len(body).to_bytes(4, "big") + body + bytes(20), 0, LIMIT)


@given(st.lists(messages, max_size=4).map(tuple))
def test_every_list_of_messages_survives_the_trip(told: tuple[Message, ...]) -> None:
    assert read_messages(encode_messages(told)) == told


@given(st.binary(max_size=80))
def test_no_payload_makes_reading_fall_over(payload: bytes) -> None:
    for read in (read_messages, read_pairs):
        try:
            read(payload)
        except Malformed:
            continue


@given(messages)
def test_a_message_cut_short_is_malformed(message: Message) -> None:
    wire = encode_messages((message,))
    for size in range(1, len(wire)):
        with pytest.raises(Malformed):
            read_messages(wire[:size])


def test_a_name_that_comes_twice_is_malformed() -> None:
    pairs = encode_pairs((("a", encode_value(1)), ("a", encode_value(2))))
    with pytest.raises(Malformed, match="twice"):
        read_pairs(pairs)
    with pytest.raises(Malformed, match="twice"):
        read_messages(b"\x01m\x02" + pairs)


def test_more_messages_than_the_limit_are_malformed() -> None:
    with pytest.raises(Malformed, match="messages"):
        read_messages(encode_messages([Message("m", {})] * (MAX_MESSAGES + 1)))


def test_more_items_than_the_limit_are_malformed() -> None:
    pairs = [(str(number), encode_value(number)) for number in range(MAX_PAIRS + 1)]
    with pytest.raises(Malformed, match="items"):
        read_pairs(encode_pairs(pairs))
