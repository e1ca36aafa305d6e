"""A real HAProxy asks, and acts on what the agent says, or doesn't say."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ostiary.agent.answers import Answer
from ostiary.agent.questions import Question
from ostiary.agent.server import AgentLimits
from ostiary.spoe.actions import Scope, set_var
from ostiary.spoe.connection import AgentConnection, farewell
from ostiary.spoe.events import Notify
from ostiary.spoe.frames import (
    FIN,
    Frame,
    FrameType,
    NeedMore,
    encode_frame,
    encode_pairs,
    read_frame,
)
from ostiary.spoe.status import Status
from ostiary.spoe.values import Kind, encode_integer, encode_value
from tests.daemon.agent_rig import Fixed, Gateway, agent, engine, exchange, gateway, rogue

pytestmark = pytest.mark.daemon
__all__ = ["engine"]

SHORT = "300ms"


def certificate(size: int = 300) -> bytes:
    """Make something with the outer shape of a certificate."""
    return b"\x30\x82" + size.to_bytes(2, "big") + bytes(number % 251 for number in range(size))


def test_an_admitted_certificate_passes_and_both_variables_arrive(
    engine: str, tmp_path: Path
) -> None:
    answer = Fixed(code=1, until=2**32 - 1)
    with agent(tmp_path, answer), gateway(engine, tmp_path) as gate:
        reply = gate.ask(certificate())
    assert reply.status == 200
    assert (reply.headers["x-code"], reply.headers["x-until"]) == ("1", "4294967295")
    assert answer.asked == [Question(entry="orders", certificate=certificate(), chain=b"")]


@pytest.mark.parametrize("code", [0, 2, 255])
def test_any_other_code_refuses(engine: str, tmp_path: Path, code: int) -> None:
    with agent(tmp_path, Fixed(code=code)), gateway(engine, tmp_path) as gate:
        reply = gate.ask(certificate())
    assert (reply.status, reply.headers["x-code"]) == (403, str(code))


def test_without_an_agent_everyone_is_refused(engine: str, tmp_path: Path) -> None:
    with gateway(engine, tmp_path, processing=SHORT) as gate:
        reply = gate.ask(certificate())
    assert (reply.status, reply.headers["x-code"]) == (403, "")
    assert reply.seconds < 20  # a client is waited for thirty


def test_an_answer_that_comes_too_late_refuses(engine: str, tmp_path: Path) -> None:
    late = Fixed(delay=0.8)
    with agent(tmp_path, late), gateway(engine, tmp_path, processing=SHORT) as gate:
        reply = gate.ask(certificate())
    assert (reply.status, reply.headers["x-code"], reply.headers["x-error"]) == (403, "", "1")


def test_an_agent_that_comes_back_is_asked_again(engine: str, tmp_path: Path) -> None:
    with gateway(engine, tmp_path, processing="2s") as gate:
        with agent(tmp_path, Fixed()):
            assert gate.ask(certificate()).status == 200
        assert gate.ask(certificate()).status == 403
        with agent(tmp_path, Fixed()):
            assert gate.ask(certificate()).status == 200


def test_one_open_connection_lives_through_the_agents_restart(engine: str, tmp_path: Path) -> None:
    with gateway(engine, tmp_path) as gate, gate.connect() as client:
        seen = []
        for _ in range(2):
            with agent(tmp_path, Fixed()):
                seen.append(exchange(client, certificate()).status)
    assert seen == [200, 200]


def test_an_answer_that_fails_refuses_and_the_next_one_is_given(
    engine: str, tmp_path: Path
) -> None:
    def fail_once(question: Question) -> Answer:
        asked.append(question)
        if len(asked) == 1:
            raise LookupError("nobody knows")
        return Answer(code=1, until=1)

    asked: list[Question] = []
    with agent(tmp_path, fail_once) as server, gateway(engine, tmp_path) as gate:
        assert [gate.ask(certificate()).status for _ in range(2)] == [403, 200]
    assert (server.counters.questions, server.counters.errors) == (2, 1)


@pytest.mark.parametrize("blob", [b"", b"no certificate"])
def test_a_question_without_sense_refuses(engine: str, tmp_path: Path, blob: bytes) -> None:
    answer = Fixed()
    with (
        agent(tmp_path, answer) as server,
        gateway(engine, tmp_path, chain="req.hdr(x-blob),b64dec") as gate,
    ):
        assert gate.ask(blob).status == 403
    assert answer.asked == []
    assert server.counters.unanswerable == 1


def test_a_question_beyond_the_frame_size_refuses_and_a_larger_buffer_carries_it(
    engine: str, tmp_path: Path
) -> None:
    answer = Fixed()
    twice = {"chain": "req.hdr(x-blob),b64dec"}  # the blob goes as certificate and as chain
    with agent(tmp_path, answer):
        with gateway(engine, tmp_path, **twice) as gate:
            reply = gate.ask(certificate(8300))
        assert (reply.status, reply.headers["x-error"]) == (403, "3")
        assert answer.asked == []
        with gateway(engine, tmp_path, **twice, bufsize=65536) as gate:
            assert gate.ask(certificate(30_000)).status == 200
    (question,) = answer.asked
    assert question.chain == question.certificate == certificate(30_000)


def test_the_agents_own_frame_size_binds_haproxy(engine: str, tmp_path: Path) -> None:
    answer = Fixed()
    limits = AgentLimits(max_frame_size=1024)
    with agent(tmp_path, answer, limits), gateway(engine, tmp_path) as gate:
        assert gate.ask(certificate(800)).status == 200
        reply = gate.ask(certificate(1200))
    # A thread that knows the agent's size says 3; one that learns it with its first frame already
    # written says 256 + TOO_BIG, and drops the connection. So accept whatever HAProxy offers.
    assert reply.status == 403
    assert reply.headers["x-error"] in {"3", "259"}
    assert len(answer.asked) == 1


def test_many_at_once_get_each_their_own_answer(engine: str, tmp_path: Path) -> None:
    def by_size(question: Question) -> Answer:
        return Answer(code=1, until=len(question.certificate))

    with (
        agent(tmp_path, by_size) as server,
        gateway(engine, tmp_path) as gate,
        ThreadPoolExecutor(8) as pool,
    ):
        sizes = [300 + number for number in range(200)]
        replies = list(pool.map(lambda size: gate.ask(certificate(size)), sizes))
        assert [reply.status for reply in replies] == [200] * 200
        assert [int(reply.headers["x-until"]) - 4 for reply in replies] == sizes
    assert server.counters.questions == 200
    assert server.counters.open == 0


def test_a_health_check_finds_the_agent(engine: str, tmp_path: Path) -> None:
    with agent(tmp_path, Fixed()) as server, gateway(engine, tmp_path, check=True) as gate:
        while server.counters.frames < 3:
            assert gate.ask(door="health").headers["x-up"] == "1"
    assert server.counters.malformed == 0


def test_a_checked_agent_that_is_gone_costs_nobody_a_wait(engine: str, tmp_path: Path) -> None:
    with gateway(engine, tmp_path, check=True) as gate:
        with agent(tmp_path, Fixed()):
            wait_for(gate, servers="1")
            assert gate.ask(certificate()).status == 200
        wait_for(gate, servers="0")
        reply = gate.ask(certificate())
        assert (reply.status, reply.headers["x-error"]) == (403, "2")
        assert reply.seconds < 8  # an agent is waited for ten
        with agent(tmp_path, Fixed()):
            wait_for(gate, servers="1")
            assert gate.ask(certificate()).status == 200


def wait_for(gate: Gateway, *, servers: str) -> None:
    """Wait until HAProxy's health checks count so many agents."""
    until = time.monotonic() + 30
    while gate.ask(door="health").headers["x-up"] != servers:
        assert time.monotonic() < until
        time.sleep(0.02)


HELLO = encode_frame(
    Frame(
        type=FrameType.AGENT_HELLO,
        flags=FIN,
        stream_id=0,
        frame_id=0,
        payload=encode_pairs(
            (
                ("version", encode_value("2.0")),
                ("max-frame-size", encode_integer(Kind.UINT32, 16380)),
                ("capabilities", encode_value("")),
            )
        ),
    )
)
ADMIT = set_var(Scope.TRANSACTION, "code", encode_value(1))


Saying = Callable[[bytes], bytes]


def say(words: bytes) -> Saying:
    return lambda _: words


def ack(actions: bytes, shift: int = 0) -> Saying:
    """Acknowledge what is asked, or the stream ``shift`` beside it."""

    def answer(asked: bytes) -> bytes:
        found = read_frame(asked, 0, 65532)
        if isinstance(found, NeedMore):
            return b""
        frame, _ = found
        notify = Notify(frame.stream_id + shift, frame.frame_id, ())
        return AgentConnection().acknowledge(notify, actions)

    return answer


def test_the_rogues_words_would_admit_if_they_were_right(engine: str, tmp_path: Path) -> None:
    with rogue(tmp_path, HELLO, ack(ADMIT)), gateway(engine, tmp_path) as gate:
        assert gate.ask(certificate()).status == 200


@pytest.mark.parametrize(
    ("greeting", "answer"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", ack(ADMIT)),
        (b"\xff" * 400, ack(ADMIT)),
        (bytes(400), ack(ADMIT)),
        (HELLO.replace(b"2.0", b"9.0"), ack(ADMIT)),
        (HELLO, say(b"\xff" * 400)),
        (HELLO, ack(b"")),
        (HELLO, ack(ADMIT[:-1])),
        (HELLO, ack(ADMIT, shift=4)),
        (HELLO, ack(b"\x07" + ADMIT[1:])),
        (HELLO, ack(set_var(Scope.TRANSACTION, "code", encode_value("yes")))),
        (HELLO, ack(set_var(Scope.TRANSACTION, "other", encode_value(1)))),
        (HELLO, ack(set_var(Scope.SESSION, "code", encode_value(1)))),
        (HELLO, say(farewell(Status.UNKNOWN, "no"))),
    ],
    ids=[
        "http",
        "ones",
        "zeros",
        "version-9",
        "ones-for-ack",
        "no-variables",
        "value-cut",
        "another-stream",
        "unknown-action",
        "code-is-text",
        "another-name",
        "another-scope",
        "farewell",
    ],
)
def test_a_rogue_agent_that_talks_nonsense_refuses(
    engine: str, tmp_path: Path, greeting: bytes, answer: Saying
) -> None:
    with rogue(tmp_path, greeting, answer), gateway(engine, tmp_path, processing=SHORT) as gate:
        assert gate.ask(certificate()).status == 403
