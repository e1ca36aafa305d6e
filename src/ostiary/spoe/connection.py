"""The agent's side of one SPOP connection: bytes in, events out, and the bytes that answer them.

::

    GREETING --hello--> TALKING --disconnect--> ENDED
        |                 |  ^                    ^
        |                 +--+ notify             |
        +---- health check, disconnect, refusal --+
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final

from ostiary.spoe.events import Departed, Event, Greeted, Notify, Refused
from ostiary.spoe.frames import (
    FIN,
    MIN_FRAME_SIZE,
    Frame,
    FrameType,
    NeedMore,
    encode_frame,
    encode_pairs,
    read_frame,
    read_messages,
    read_pairs,
)
from ostiary.spoe.hello import VERSION, Agreement, agree
from ostiary.spoe.status import AckTooBig, Malformed, Status
from ostiary.spoe.values import Kind, encode_integer, encode_value
from ostiary.spoe.varint import encode_varint

DEFAULT_MAX_FRAME_SIZE: Final = 65_532
"""A whole buffer of HAProxy's with ``tune.bufsize 65536``, without the length of four bytes."""


class State(Enum):
    """Where the conversation stands."""

    GREETING = "greeting"
    TALKING = "talking"
    ENDED = "ended"


_MOVES: Final[Mapping[tuple[State, int], State]] = MappingProxyType(
    {
        (State.GREETING, FrameType.HAPROXY_HELLO): State.TALKING,
        (State.GREETING, FrameType.HAPROXY_DISCONNECT): State.ENDED,
        (State.TALKING, FrameType.NOTIFY): State.TALKING,
        (State.TALKING, FrameType.HAPROXY_DISCONNECT): State.ENDED,
    }
)
_KNOWN_TYPES: Final = frozenset(FrameType)
_ACK_HEAD: Final = bytes((FrameType.ACK,)) + FIN.to_bytes(4, "big")


def farewell(status: Status, message: str) -> bytes:
    """Encode an AGENT-DISCONNECT: say why, then close."""
    pairs = (
        ("status-code", encode_integer(Kind.UINT32, status)),
        ("message", encode_value(message)),
    )
    return _own_frame(FrameType.AGENT_DISCONNECT, encode_pairs(pairs))


class AgentConnection:
    """One conversation with HAProxy; holds at most one unfinished frame between two calls."""

    __slots__ = ("_awaited", "_buffer", "_max_frame_size", "_state")

    def __init__(self, max_frame_size: int = DEFAULT_MAX_FRAME_SIZE) -> None:
        """``max_frame_size``: the largest frame we accept, in bytes; HAProxy may offer less.

        Raises ValueError below 256, which no peer may negotiate.
        """
        if max_frame_size < MIN_FRAME_SIZE:
            raise ValueError(f"max_frame_size {max_frame_size} is below {MIN_FRAME_SIZE}")
        self._max_frame_size = max_frame_size
        self._state = State.GREETING
        self._buffer = bytearray()
        self._awaited = 0

    @property
    def state(self) -> State:
        """Where the conversation stands; nothing is read once it has ended."""
        return self._state

    @property
    def max_frame_size(self) -> int:
        """The largest frame either side may send now, in bytes."""
        return self._max_frame_size

    def receive_data(self, data: bytes) -> list[Event]:
        """Take what came from the socket and tell what it means, in order.

        Never raises on any bytes: what isn't SPOP is one ``Refused``, and then nothing more.
        """
        if self._state is State.ENDED:
            return []
        if self._buffer:
            self._buffer += data
            if len(self._buffer) < self._awaited:
                return []
            data = bytes(self._buffer)
            self._buffer.clear()
        events: list[Event] = []
        try:
            rest = self._read_all(data, events)
        except Malformed as error:
            self._state = State.ENDED
            reason = str(error)
            reply = farewell(error.status, reason)
            events.append(Refused(status=error.status, reason=reason, reply=reply))
        else:
            self._buffer += rest
        return events

    def acknowledge(self, notify: Notify, actions: bytes = b"") -> bytes:
        """Encode the ACK of a NOTIFY with actions encoded by ``ostiary.spoe.actions``.

        Raises AckTooBig if the frame would exceed what was negotiated.
        """
        body = b"".join(
            (_ACK_HEAD, encode_varint(notify.stream_id), encode_varint(notify.frame_id), actions)
        )
        if len(body) > self._max_frame_size:
            raise AckTooBig(f"an ACK of {len(body)} bytes exceeds {self._max_frame_size}")
        return len(body).to_bytes(4, "big") + body

    def _read_all(self, data: bytes, events: list[Event]) -> bytes:
        """Read every whole frame into ``events`` and give what is left over."""
        at = 0
        # Each turn takes at least a shortest frame from what one read of the socket brought.
        while self._state is not State.ENDED:
            match read_frame(data, at, self._max_frame_size):
                case NeedMore(size):
                    self._awaited = size
                    return data[at:]
                case (frame, end):
                    at = end
                    if frame.type in _KNOWN_TYPES:
                        events.append(self._step(frame))
                    # doc/SPOE.txt, 3.2.2: "Unknown frames may be silently skipped."
        return b""

    def _step(self, frame: Frame) -> Event:
        if frame.type == FrameType.UNSET or not frame.flags & FIN:
            raise Malformed(
                "fragments are not supported, and were not offered",
                Status.FRAGMENTATION_NOT_SUPPORTED,
            )
        following = _MOVES.get((self._state, frame.type))
        if following is None:
            name = FrameType(frame.type).name
            raise Malformed(f"{name} cannot arrive while {self._state.value}")
        event = self._understand(frame)
        self._state = following
        if isinstance(event, Greeted) and event.healthcheck:
            self._state = State.ENDED
        return event

    def _understand(self, frame: Frame) -> Event:
        if frame.type == FrameType.NOTIFY:
            return Notify(frame.stream_id, frame.frame_id, read_messages(frame.payload))
        pairs = read_pairs(frame.payload)
        if frame.type == FrameType.HAPROXY_HELLO:
            agreement = agree(pairs, self._max_frame_size)
            self._max_frame_size = agreement.max_frame_size
            return Greeted(
                max_frame_size=agreement.max_frame_size,
                capabilities=agreement.capabilities,
                engine_id=agreement.engine_id,
                healthcheck=agreement.healthcheck,
                reply=_welcome(agreement),
            )
        status, message = pairs.get("status-code"), pairs.get("message")
        return Departed(
            status=status if isinstance(status, int) else Status.UNKNOWN,
            message=message if isinstance(message, str) else "",
            reply=farewell(Status.NORMAL, "goodbye"),
        )


def _welcome(agreement: Agreement) -> bytes:
    pairs = (
        ("version", encode_value(VERSION)),
        ("max-frame-size", encode_integer(Kind.UINT32, agreement.max_frame_size)),
        ("capabilities", encode_value(",".join(sorted(agreement.capabilities)))),
    )
    return _own_frame(FrameType.AGENT_HELLO, encode_pairs(pairs))


def _own_frame(kind: FrameType, payload: bytes) -> bytes:
    return encode_frame(Frame(type=kind, flags=FIN, stream_id=0, frame_id=0, payload=payload))
