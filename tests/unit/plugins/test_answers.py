"""What a plug-in may say, and what is shown to it."""

from typing import Any, ClassVar

import pytest

from ostiary.plugins import (
    Condition,
    Continue,
    Identity,
    Lifetime,
    PerCredential,
    Policy,
    Refuse,
    Request,
)
from ostiary.plugins.testing import BadAnswer, ask, identity_of


class Says(Policy):
    """Says what it is told."""

    answer: Any

    def headers(self) -> tuple[str, ...]:
        return ("X-One", "x-two")

    def decide(self, request: Request, identity: Identity) -> Any:
        return self.answer


class Holds(Condition):
    """Likewise."""

    answer: Any

    async def holds(self, request: Request, identity: Identity) -> Any:
        return self.answer


class Remembered(Condition):
    """Looks at what it may not."""

    lifetime: ClassVar[Lifetime] = PerCredential(5)

    def holds(self, request: Request, identity: Identity) -> bool:
        return request.header("x-a") == "a"


@pytest.mark.parametrize(
    "answer",
    [
        Continue(),
        Continue(set_headers={"x-one": "a b", "X-TWO": ""}),
        Continue(remove_headers=["x-one"]),
        Refuse(),
        Refuse(451, "Not here."),
    ],
    ids=str,
)
def test_a_policy_says_that_it_goes_on_or_not(answer: Continue | Refuse) -> None:
    assert ask(Says(answer=answer)) == answer


@pytest.mark.parametrize(
    "answer",
    [
        None,
        True,
        "x-one",
        Continue(set_headers={"x-three": "1"}),
        Continue(remove_headers=["authorization"]),
        Continue(set_headers={"x-one": "a\r\nX-Evil: 1"}),
        Continue(set_headers={"x-one": "\x7f"}),
        Continue(set_headers={"x-one": "ü"}),
        Continue(set_headers={"x-one": "x" * 4097}),
        Continue(set_headers={"x-one": 1}),  # type: ignore[dict-item] # as untyped code would
        Refuse(200),
        Refuse(403, "a\nb"),
        Refuse(403, "x" * 201),
    ],
    ids=str,
)
def test_anything_else_is_an_error(answer: object) -> None:
    with pytest.raises(BadAnswer):
        ask(Says(answer=answer))


@pytest.mark.parametrize("answer", [None, 0, 1, "", "yes", []], ids=repr)
def test_a_condition_is_true_or_false_and_nothing_like_it(answer: object) -> None:
    assert ask(Holds(answer=True)) is True
    with pytest.raises(BadAnswer):
        ask(Holds(answer=answer))


def test_what_is_remembered_for_a_credential_sees_no_request() -> None:
    with pytest.raises(LookupError, match="header"):
        ask(Remembered(), Request(headers={"x-a": ("a",)}))


def test_headers_are_found_in_any_case_and_joined() -> None:
    request = Request(headers={"x-a": ("1", "2")})
    assert request.header("X-A") == "1, 2"
    assert request.header("x-b", "none") == "none"


def test_a_subject_is_written_with_its_last_part_first() -> None:
    certificate = identity_of(CN="a", OU="b").certificate
    assert certificate is not None
    assert certificate.subject == "OU=b,CN=a"
    assert certificate.names == {"CN": ("a",), "OU": ("b",)}
