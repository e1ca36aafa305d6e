"""One connection, event by event."""

import asyncio
from collections.abc import Awaitable

import structlog
from structlog.testing import CapturingLogger

from ostiary.agent.answers import Answer, actions_for
from ostiary.agent.desk import Answering, Counters, Desk
from ostiary.agent.questions import Question
from ostiary.spoe.connection import AgentConnection
from ostiary.spoe.events import Notify
from ostiary.spoe.frames import (
    FIN,
    Frame,
    FrameType,
    Message,
    encode_frame,
    encode_messages,
    encode_pairs,
    read_frame,
)
from ostiary.spoe.values import Kind, Value, encode_integer, encode_value

ADMIT = Answer(code=1, until=9)


def frame(kind: int, payload: bytes, stream: int = 0) -> bytes:
    return encode_frame(Frame(type=kind, flags=FIN, stream_id=stream, frame_id=0, payload=payload))


def hello() -> bytes:
    pairs = (
        ("supported-versions", encode_value("2.0")),
        ("max-frame-size", encode_integer(Kind.UINT32, 16380)),
        ("capabilities", encode_value("pipelining")),
    )
    return frame(FrameType.HAPROXY_HELLO, encode_pairs(pairs))


def goodbye(status: int) -> bytes:
    pairs = (("status-code", encode_value(status)), ("message", encode_value("why")))
    return frame(FrameType.HAPROXY_DISCONNECT, encode_pairs(pairs))


def question(stream: int, **changes: Value) -> bytes:
    arguments: dict[str, Value] = {"entry": "orders", "cert": b"leaf"}
    message = Message("judge", arguments | changes)
    return frame(FrameType.NOTIFY, encode_messages((message,)), stream)


def ack(stream: int, actions: bytes = b"") -> bytes:
    return AgentConnection().acknowledge(Notify(stream, 0, ()), actions)


class Scene:
    """A desk that was greeted, with its counters and its log."""

    def __init__(self, answer: Answering) -> None:
        self.counters = Counters()
        self.log = CapturingLogger()
        logger = structlog.wrap_logger(self.log, processors=[lambda _, __, event: event])
        self.later: list[Awaitable[bytes]] = []
        self.desk = Desk(answer, self.counters, logger, 65532, self.later.append)
        self.desk.receive(hello())

    def logged(self) -> list[tuple[str, str]]:
        return [(call.method_name, call.kwargs["event"]) for call in self.log.calls]


def admit(_: Question) -> Answer:
    return ADMIT


def test_all_answers_to_one_read_come_in_one_piece() -> None:
    scene = Scene(admit)
    said = scene.desk.receive(question(1) + question(2))
    assert said == ack(1, actions_for(ADMIT)) + ack(2, actions_for(ADMIT))
    assert (scene.counters.frames, scene.counters.questions) == (3, 2)
    assert scene.logged() == []


def test_an_answer_that_comes_later_is_sent_then_and_keeps_nobody_waiting() -> None:
    async def soon() -> Answer:
        return ADMIT

    scene = Scene(lambda asked: soon() if asked.entry == "slow" else ADMIT)
    said = scene.desk.receive(question(1, entry="slow") + question(2))
    assert said == ack(2, actions_for(ADMIT))
    (later,) = scene.later
    assert asyncio.run(_bytes_of(later)) == ack(1, actions_for(ADMIT))


def test_an_answer_that_fails_later_is_no_variable_and_is_told() -> None:
    async def fail() -> Answer:
        raise LookupError("nobody knows")

    scene = Scene(lambda _: fail())
    assert scene.desk.receive(question(1)) == b""
    assert asyncio.run(_bytes_of(scene.later[0])) == ack(1)
    assert scene.counters.errors == 1
    assert scene.logged() == [("error", "a decision failed")]


async def _bytes_of(later: Awaitable[bytes]) -> bytes:
    return await later


def test_an_answer_that_fails_is_no_variable_and_is_told() -> None:
    def fail(asked: Question) -> Answer:
        if asked.entry == "bad":
            raise LookupError("nobody knows")
        return ADMIT

    scene = Scene(fail)
    said = scene.desk.receive(question(1, entry="bad") + question(2))
    assert said == ack(1) + ack(2, actions_for(ADMIT))
    assert scene.counters.errors == 1
    assert scene.logged() == [("error", "a decision failed")]


def test_a_question_without_sense_is_no_variable_and_is_told() -> None:
    scene = Scene(admit)
    assert scene.desk.receive(question(1, cert=None)) == ack(1)
    assert scene.counters.unanswerable == 1
    assert scene.logged() == [("warning", "unanswerable question")]


def test_what_is_no_frame_ends_it_and_is_told() -> None:
    scene = Scene(admit)
    said = scene.desk.receive(question(1) + b"\xff\xff\xff\xff")
    first = ack(1, actions_for(ADMIT))
    assert said.startswith(first)
    last = read_frame(said, len(first), 65532)
    assert isinstance(last, tuple)
    assert last[0].type == FrameType.AGENT_DISCONNECT
    assert scene.desk.ended
    assert scene.counters.malformed == 1
    assert scene.logged() == [("warning", "malformed frame")]


def test_a_goodbye_is_told_only_if_something_was_wrong() -> None:
    for status, told in ((0, []), (2, []), (8, [("warning", "haproxy left")])):
        scene = Scene(admit)
        assert scene.desk.receive(goodbye(status))
        assert scene.desk.ended
        assert scene.logged() == told
