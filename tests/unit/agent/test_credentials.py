"""Questions about credentials, as HAProxy asks them."""

from uuid import UUID

import pytest

from ostiary.agent.credentials import CredentialAnswer, read_credential_question
from ostiary.spoe.frames import Message
from ostiary.spoe.values import Value

KEY = f"0|{'a' * 16}|{'B' * 64}"
WHOLE: dict[str, Value] = {
    "judgement": "a" * 16,
    "credential": "k:s\udcff",
    "key": KEY,
    "worker": "7",
    "client": "192.0.2.1",
}


def test_a_question_is_read_with_the_credential_s_very_bytes() -> None:
    question = read_credential_question(Message("credential", WHOLE))
    assert question is not None
    assert (question.credential, question.worker, question.key) == (b"k:s\xff", 7, KEY)
    assert "k:s" not in question.about


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, None) for name in WHOLE),
        ("key", "0|a|b"),
        ("key", f"{KEY} data.gpt0 9"),
        ("worker", "7; show table"),
        ("credential", b"bytes"),
    ],
)
def test_what_lacks_or_is_malformed_is_no_question(name: str, value: Value) -> None:
    assert read_credential_question(Message("credential", {**WHOLE, name: value})) is None


def test_only_an_admitting_answer_names_a_consumer() -> None:
    good = CredentialAnswer(code=1, consumer=UUID(int=5), passed=3).actions
    assert str(UUID(int=5)).encode() in good
    assert b"cwho" not in CredentialAnswer(code=3).actions
