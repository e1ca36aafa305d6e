"""Frames: length, type, flags, the two identifiers, and a payload (doc/SPOE.txt, section 3.2)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from ostiary.spoe.status import Malformed, Status
from ostiary.spoe.values import Value, encode_text, encode_value, read_text, read_value
from ostiary.spoe.varint import encode_varint, read_varint

MIN_FRAME_SIZE = 256
"""No peer may negotiate less (doc/SPOE.txt, section 3.2)."""

LENGTH_SIZE = 4
"""The length before each frame, not counted in it: hence HAProxy's "tune.bufsize - 4"."""

MAX_PAIRS = 64
"""Items of a HELLO or DISCONNECT; HAProxy 2.8 sends five at most."""

MAX_MESSAGES = 64
"""Messages of one NOTIFY; HAProxy sends those of one event or group, and ours has one."""

FIN = 0x01
"""This is the last (here: the only) fragment of a payload."""

_SHORTEST = 7
"""Type, four bytes of flags, and two identifiers of one byte."""


class FrameType(IntEnum):
    """Who says what; types below 100 come from HAProxy, the others from the agent."""

    UNSET = 0
    HAPROXY_HELLO = 1
    HAPROXY_DISCONNECT = 2
    NOTIFY = 3
    AGENT_HELLO = 101
    AGENT_DISCONNECT = 102
    ACK = 103


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One frame as it stood on the wire, its payload not yet read."""

    type: int
    """A FrameType, or a number this version of the protocol doesn't know."""
    flags: int
    stream_id: int
    frame_id: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class NeedMore:
    """The frame isn't whole: wait until ``size`` bytes are there, counted from its start."""

    size: int


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a NOTIFY: its name, and its arguments by name in the order they were sent."""

    name: str
    arguments: Mapping[str, Value]


def encode_frame(frame: Frame) -> bytes:
    """Encode a frame with its length in front."""
    body = b"".join(
        (
            bytes((frame.type,)),
            frame.flags.to_bytes(4, "big"),
            encode_varint(frame.stream_id),
            encode_varint(frame.frame_id),
            frame.payload,
        )
    )
    return len(body).to_bytes(LENGTH_SIZE, "big") + body


def read_frame(data: bytes, at: int, limit: int) -> tuple[Frame, int] | NeedMore:
    """Read the frame that starts at ``at``; give it and the offset behind it, or ask for more.

    ``limit`` is the largest length accepted, in bytes. Raises Malformed as soon as no continuation
    could mend the frame; a length beyond the limit is refused before any of its bytes are awaited.
    """
    start = at + LENGTH_SIZE
    if len(data) < start:
        return NeedMore(LENGTH_SIZE)
    size = int.from_bytes(data[at:start], "big")
    if size > limit:
        raise Malformed(f"a frame of {size} bytes exceeds {limit}", Status.TOO_BIG)
    if size < _SHORTEST:
        raise Malformed(f"a frame of {size} bytes is too short")
    end = start + size
    if len(data) < end:
        return NeedMore(LENGTH_SIZE + size)
    body = data[start:end]
    stream_id, offset = read_varint(body, 5)
    frame_id, offset = read_varint(body, offset)
    frame = Frame(
        type=body[0],
        flags=int.from_bytes(body[1:5], "big"),
        stream_id=stream_id,
        frame_id=frame_id,
        payload=body[offset:],
    )
    return frame, end


def encode_pairs(pairs: Iterable[tuple[str, bytes]]) -> bytes:
    """Encode a KV-LIST; the values are typed data already encoded."""
    return b"".join(encode_text(name) + value for name, value in pairs)


def read_pairs(payload: bytes) -> dict[str, Value]:
    """Read a payload that is one KV-LIST; raises Malformed if a name comes twice."""
    pairs: dict[str, Value] = {}
    at = 0
    for _ in range(MAX_PAIRS):
        if at == len(payload):
            return pairs
        at = _read_pair(payload, at, pairs)
    raise Malformed(f"a list has more than {MAX_PAIRS} items")


def encode_messages(messages: Iterable[Message]) -> bytes:
    """Encode a LIST-OF-MESSAGES; raises ValueError for more than 255 arguments."""
    return b"".join(
        encode_text(message.name)
        + len(message.arguments).to_bytes(1, "big")
        + encode_pairs((name, encode_value(value)) for name, value in message.arguments.items())
        for message in messages
    )


def read_messages(payload: bytes) -> tuple[Message, ...]:
    """Read a payload that is one LIST-OF-MESSAGES.

    Raises Malformed if an argument's name comes twice: nobody could say which one was meant.
    """
    messages: list[Message] = []
    at = 0
    for _ in range(MAX_MESSAGES):
        if at == len(payload):
            return tuple(messages)
        name, at = read_text(payload, at)
        count = payload[at : at + 1]
        if not count:
            raise Malformed("the frame ends before a number of arguments")
        at += 1
        arguments: dict[str, Value] = {}
        for _ in range(count[0]):  # one byte: 255 at most
            at = _read_pair(payload, at, arguments)
        messages.append(Message(name, arguments))
    raise Malformed(f"a frame has more than {MAX_MESSAGES} messages")


def _read_pair(payload: bytes, at: int, pairs: dict[str, Value]) -> int:
    name, at = read_text(payload, at)
    if name in pairs:
        raise Malformed(f"the name {name!r} comes twice")
    pairs[name], at = read_value(payload, at)
    return at
