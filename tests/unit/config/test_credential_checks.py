"""Scopes nobody asks for, conditions that can't be true, and policies with no place to look."""

import pytest

from tests.unit.config.support import MINIMAL, only, refused, warned

WITH_SCOPES = MINIMAL.replace("paths: /api/*", "paths: /api/*, scopes: [read]")
PROXY = "      - proxy:"


def with_policy(text: str, policy: str) -> str:
    assert text.count(PROXY) == 1
    return text.replace(PROXY, f"      - {policy}\n{PROXY}")


def test_scopes_that_nothing_enforces_are_refused() -> None:
    line = only(refused(WITH_SCOPES))
    assert "nothing enforces these scopes" in line
    assert warned(with_policy(WITH_SCOPES, "key-auth:")) == []
    assert warned(with_policy(WITH_SCOPES, "basic-auth:")) == []


def test_scopes_may_be_left_empty() -> None:
    assert warned(MINIMAL.replace("paths: /api/*", "paths: /api/*, scopes: ")) == []


def test_a_condition_about_consumers_before_any_policy_that_finds_one_is_a_warning() -> None:
    step = "terminate: {condition: {name: not, condition: {name: authenticated}}}"
    assert "authenticated comes before any policy" in only(warned(with_policy(MINIMAL, step)))
    behind = with_policy(with_policy(MINIMAL, step), "key-auth:").replace(
        f"      - {step}\n      - key-auth:", f"      - key-auth:\n      - {step}"
    )
    assert warned(behind) == []


def test_more_questions_about_consumers_than_can_be_told_are_refused() -> None:
    step = "terminate: {{condition: {{name: consumer, consumers: c{}}}}}"
    steps = "\n      - ".join(["key-auth:", *(step.format(number) for number in range(32))])
    text = with_policy(MINIMAL, steps)
    assert "asks 32 different things about consumers" in only(refused(text))


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ("disableHeaders: true, disableQueryParam: true", "leave no place for the key"),
        ("apiKeyHeader: 'X Key'", "isn't a header name"),
        ("apiKeyHeaderScheme: 'my scheme'", "isn't an authentication scheme"),
        ("apiKeyField: 'a b'", "can't be the name of a query parameter"),
        ("apiKey: x", "unknown key 'apiKey'"),
        ("passThrough: 1", "must be true or false"),
    ],
)
def test_parameters_that_cannot_be_honoured_are_refused(parameters: str, told: str) -> None:
    text = with_policy(MINIMAL, f"key-auth: {{action: {{{parameters}}}}}")
    assert told in only(refused(text))
