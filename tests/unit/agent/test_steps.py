"""Questions in the middle of pipelines, as HAProxy asks them, and what it is answered."""

import base64
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address

import pytest

from ostiary.agent.steps import StepAnswer, StepQuestion, read_step_question
from ostiary.compiler.asks import Outcome
from ostiary.spoe.frames import Message
from ostiary.spoe.values import Value

WHOLE: dict[str, Value] = {
    "ask": "a" * 16,
    "method": "GET",
    "secure": True,
    "url": "/now",
    "original": "/before",
    "headers": "x-a: \udcff\r\n\r\n",
    "client": IPv4Address("192.0.2.1"),
    "consumer": None,
    "id": "the-id",
    "code": 1,
    "cert": b"\x30\x00",
    "route": 7,
    "variables": None,
}


def read(**more: Value) -> StepQuestion | None:
    return read_step_question(Message("step", {**WHOLE, **more}))


def test_a_question_is_read() -> None:
    assert read() == StepQuestion(
        ask="a" * 16,
        method="GET",
        secure=True,
        url="/now",
        original="/before",
        headers="x-a: \udcff\r\n\r\n",
        client="192.0.2.1",
        consumer="",
        id="the-id",
        admitted=True,
        certificate=b"\x30\x00",
        route=7,
        variables="",
        body=None,
    )


def test_nothing_of_the_request_is_in_what_the_log_is_told() -> None:
    question = read(body="secret", variables="secret")
    assert question is not None
    assert "secret" not in repr(question)
    assert "now" not in question.about


@pytest.mark.parametrize("code", [None, 0, 2, 255, "1"])
def test_only_an_admitted_certificate_is_one(code: Value) -> None:
    question = read(code=code)
    assert question is not None
    assert not question.admitted


def test_a_certificate_of_a_header_comes_as_base64() -> None:
    question = read(cert=base64.b64encode(b"der").decode(), client=IPv6Address("::1"))
    assert question is not None
    assert (question.certificate, question.client) == (b"der", "::1")


def test_a_body_is_there_where_it_was_asked_for() -> None:
    assert read() == replace(read(body=""), body=None)  # type: ignore[type-var]  # both are there
    question = read(body=b"\xff")
    assert question is not None
    assert question.body == "\udcff"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, None) for name in ("ask", "method", "url", "headers", "id", "client")),
        ("ask", ""),
        ("client", "192.0.2.1"),
        ("cert", "not base64!"),
        ("body", None),
        ("body", 5),
    ],
)
def test_what_lacks_or_is_malformed_is_no_question(name: str, value: Value) -> None:
    assert read(**{name: value}) is None


def test_no_outcome_says_nothing_so_haproxy_refuses() -> None:
    assert StepAnswer(outcome=None, text="x").actions == b""


def test_an_outcome_goes_with_its_text_variables_and_headers() -> None:
    told = StepAnswer(
        outcome=Outcome.DONE, text="said", variables="{}", headers={0: "new", 3: None}
    ).actions
    for name in (b"aout", b"atext", b"avars", b"ah0", b"ax3", b"said", b"new"):
        assert name in told
