"""One conversation with HAProxy, without a socket."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.spoe.actions import Scope, set_var
from ostiary.spoe.connection import AgentConnection, State, farewell
from ostiary.spoe.events import Departed, Event, Greeted, Notify, Refused
from ostiary.spoe.frames import (
    FIN,
    Frame,
    FrameType,
    Message,
    encode_frame,
    encode_messages,
    encode_pairs,
    read_frame,
    read_pairs,
)
from ostiary.spoe.status import AckTooBig, Status
from ostiary.spoe.values import Kind, encode_integer, encode_value


def frame(kind: int, payload: bytes = b"", *, stream: int = 0, number: int = 0) -> bytes:
    return encode_frame(
        Frame(type=kind, flags=FIN, stream_id=stream, frame_id=number, payload=payload)
    )


def hello(size: int = 16380, **more: bool) -> bytes:
    pairs = [
        ("supported-versions", encode_value("2.0")),
        ("max-frame-size", encode_integer(Kind.UINT32, size)),
        ("capabilities", encode_value("pipelining,async")),
        ("engine-id", encode_value("engine")),
        *((name, encode_value(value)) for name, value in more.items()),
    ]
    return frame(FrameType.HAPROXY_HELLO, encode_pairs(pairs))


def notify(stream: int, **arguments: str) -> bytes:
    message = Message("judge", arguments)
    return frame(FrameType.NOTIFY, encode_messages((message,)), stream=stream, number=1)


def goodbye() -> bytes:
    pairs = (("status-code", encode_integer(Kind.UINT32, 2)), ("message", encode_value("late")))
    return frame(FrameType.HAPROXY_DISCONNECT, encode_pairs(pairs))


def talking() -> AgentConnection:
    connection = AgentConnection()
    connection.receive_data(hello())
    return connection


def reply_of(event: Event) -> Frame:
    assert not isinstance(event, Notify)
    found = read_frame(event.reply, 0, 65532)
    assert isinstance(found, tuple)
    assert found[1] == len(event.reply)
    return found[0]


def refused(events: list[Event]) -> Refused:
    (event,) = events
    assert isinstance(event, Refused)
    reply = reply_of(event)
    assert reply.type == FrameType.AGENT_DISCONNECT
    assert read_pairs(reply.payload)["status-code"] == event.status
    return event


def test_a_hello_is_answered_with_what_was_agreed() -> None:
    (event,) = AgentConnection(4096).receive_data(hello())
    assert isinstance(event, Greeted)
    assert (event.max_frame_size, event.engine_id, event.healthcheck) == (4096, "engine", False)
    reply = reply_of(event)
    assert (reply.type, reply.flags) == (FrameType.AGENT_HELLO, FIN)
    assert read_pairs(reply.payload) == {
        "version": "2.0",
        "max-frame-size": 4096,
        "capabilities": "pipelining",
    }


def test_a_health_check_is_greeted_and_then_over() -> None:
    connection = AgentConnection()
    (event,) = connection.receive_data(hello(healthcheck=True) + notify(1))
    assert isinstance(event, Greeted)
    assert event.healthcheck
    assert connection.state is State.ENDED


def test_questions_come_in_order_with_their_arguments() -> None:
    events = talking().receive_data(notify(7, entry="a") + notify(8, entry="b"))
    assert events == [
        Notify(7, 1, (Message("judge", {"entry": "a"}),)),
        Notify(8, 1, (Message("judge", {"entry": "b"}),)),
    ]


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_an_acknowledgement_names_its_question(stream: int, number: int) -> None:
    actions = set_var(Scope.TRANSACTION, "code", encode_value(1))
    wire = AgentConnection().acknowledge(Notify(stream, number, ()), actions)
    expected = Frame(
        type=FrameType.ACK, flags=FIN, stream_id=stream, frame_id=number, payload=actions
    )
    assert read_frame(wire, 0, 999) == (expected, len(wire))


def test_an_acknowledgement_beyond_what_was_negotiated_is_not_sent() -> None:
    connection = AgentConnection(256)
    assert len(connection.acknowledge(Notify(0, 0, ()), bytes(249))) == 260
    with pytest.raises(AckTooBig):
        connection.acknowledge(Notify(0, 0, ()), bytes(250))


def test_a_goodbye_is_answered_and_ends_it() -> None:
    connection = talking()
    (event,) = connection.receive_data(goodbye() + notify(1))
    assert isinstance(event, Departed)
    assert (event.status, event.message) == (Status.TIMEOUT, "late")
    assert reply_of(event).type == FrameType.AGENT_DISCONNECT
    assert connection.receive_data(notify(2)) == []


def test_a_goodbye_before_any_hello_is_polite_too() -> None:
    (event,) = AgentConnection().receive_data(goodbye())
    assert isinstance(event, Departed)


def test_a_goodbye_without_reasons_still_ends_it() -> None:
    (event,) = talking().receive_data(frame(FrameType.HAPROXY_DISCONNECT))
    assert isinstance(event, Departed)
    assert (event.status, event.message) == (Status.UNKNOWN, "")


def test_a_question_before_the_hello_is_refused() -> None:
    assert refused(AgentConnection().receive_data(notify(1))).status is Status.INVALID


@pytest.mark.parametrize(
    "kind",
    [
        FrameType.HAPROXY_HELLO,
        FrameType.AGENT_HELLO,
        FrameType.AGENT_DISCONNECT,
        FrameType.ACK,
    ],
)
def test_a_frame_at_the_wrong_time_or_from_the_wrong_side_is_refused(kind: FrameType) -> None:
    event = refused(talking().receive_data(frame(kind)))
    assert event.status is Status.INVALID
    assert kind.name in event.reason


def test_a_fragment_is_refused_as_one() -> None:
    begun = Frame(type=FrameType.NOTIFY, flags=0, stream_id=1, frame_id=1, payload=b"")
    following = frame(FrameType.UNSET)
    for wire in (encode_frame(begun), following):
        event = refused(talking().receive_data(wire))
        assert event.status is Status.FRAGMENTATION_NOT_SUPPORTED


@pytest.mark.parametrize("kind", [4, 50, 100, 104, 255])
def test_an_unknown_frame_is_skipped(kind: int) -> None:
    events = talking().receive_data(frame(kind, b"anything") + notify(1))
    assert [type(event) for event in events] == [Notify]


def test_a_hello_we_cannot_take_is_refused_with_its_status() -> None:
    assert refused(AgentConnection().receive_data(hello(255))).status is Status.BAD_MAX_FRAME_SIZE


def test_the_negotiated_size_binds_from_then_on() -> None:
    connection = AgentConnection()
    connection.receive_data(hello(256))
    assert connection.max_frame_size == 256
    assert refused(connection.receive_data(notify(1, entry="x" * 300))).status is Status.TOO_BIG


def test_nothing_is_read_after_a_refusal() -> None:
    connection = talking()
    events = connection.receive_data(notify(1) + frame(FrameType.ACK) + notify(2))
    assert [type(event) for event in events] == [Notify, Refused]
    assert connection.state is State.ENDED
    assert connection.receive_data(notify(3)) == []


def test_a_frame_size_that_nobody_may_negotiate_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="256"):
        AgentConnection(255)


def test_a_farewell_tells_why() -> None:
    found = read_frame(farewell(Status.RESOURCE, "too many"), 0, 999)
    assert isinstance(found, tuple)
    assert read_pairs(found[0].payload) == {"status-code": 13, "message": "too many"}


TAILS = [
    b"",
    goodbye(),
    frame(FrameType.ACK) + notify(4),
    frame(200, b"unknown") + notify(5, entry="x"),
    b"\xff\xff\xff\xff",
    b"\x00\x00\x00\x08\x03\x00\x00\x00\x01\xff\xff\xff",
]


@given(st.sampled_from(TAILS), st.lists(st.integers(1, 400), max_size=12))
def test_splitting_the_stream_anywhere_gives_the_same_events(tail: bytes, cuts: list[int]) -> None:
    stream = hello() + notify(1, entry="a") + notify(300, entry="b" * 250) + tail
    whole = AgentConnection().receive_data(stream)
    connection = AgentConnection()
    pieces: list[Event] = []
    at = 0
    for cut in [*cuts, len(stream)]:
        pieces += connection.receive_data(stream[at : at + cut])
        at += cut
    assert pieces == whole


def test_a_stream_that_comes_byte_by_byte_gives_the_same_events() -> None:
    stream = hello() + notify(1, entry="a") + goodbye()
    connection = AgentConnection()
    pieces = [event for byte in stream for event in connection.receive_data(bytes((byte,)))]
    assert pieces == AgentConnection().receive_data(stream)
    assert [type(event) for event in pieces] == [Greeted, Notify, Departed]


@given(st.binary(max_size=200), st.booleans())
def test_no_bytes_make_it_fall_over(data: bytes, greeted: bool) -> None:
    connection = talking() if greeted else AgentConnection()
    for event in connection.receive_data(data):
        assert isinstance(event, Greeted | Notify | Departed | Refused)


@given(st.integers(1, 255), st.binary(max_size=120))
def test_no_payload_makes_it_fall_over(kind: int, payload: bytes) -> None:
    for connection in (talking(), AgentConnection()):
        events = connection.receive_data(frame(kind, payload))
        assert len(events) <= 1
        assert connection.state is State.ENDED or all(
            isinstance(event, Greeted | Notify) for event in events
        )
