"""Bodies held against JSON Schema."""

from typing import Any

import pytest

from ostiary.scripts.model import BodySchema, Failed, Failure, Result, Truth
from ostiary.scripts.request import Shown
from ostiary.scripts.schema import hold, schema_fault

SCHEMA = '{"type": "object", "properties": {"n": {"type": "integer"}, "s": {"pattern": "^(a+)+$"}}}'


def held(body: str, kind: str = "application/json") -> Result:
    return held_with(body, f"content-type: {kind}\r\n\r\n")


def held_with(body: str, headers: str) -> Result:
    shown = Shown(
        method="POST",
        secure=False,
        url="/",
        original="/",
        headers=headers,
        client="::1",
        id="1",
        body=body,
    )
    return hold(BodySchema(SCHEMA), shown)


@pytest.mark.parametrize(
    ("body", "fits"),
    [
        ('{"n": 1}', True),
        ('{"n": 1.0}', True),
        ('{"n": "1"}', False),
        ("[]", False),
        ("", True),
        ('{"s": "aaa"}', True),
    ],
)
def test_a_body_fits_or_not(body: str, fits: bool) -> None:
    assert held(body) == Truth(fits)


@pytest.mark.parametrize("body", ["{", "1", '"text"', "null", '{"n": NaN}', "[" * 100_000])
def test_what_express_would_not_read_is_the_clients_fault(body: str) -> None:
    assert held(body) == Failed(Failure.BODY)


@pytest.mark.parametrize(
    "body",
    [
        *('{"n": ' * deep + "1" + "}" * deep for deep in (256, 900, 2_000)),
        *("[" * deep + "]" * deep for deep in (256, 900, 8_000)),
        '{"n": "\\ud800"}',
        '{"s": "\\udfff"}',
        '{"n": {"\\ud800": 1}}',
        f'{{"n": {"9" * 5_000}}}',
    ],
    ids=lambda body: body[:12],
)
def test_no_body_can_raise_where_it_is_held_against_a_schema(body: str) -> None:
    assert held(body) in (Failed(Failure.BODY), Truth(False))


@pytest.mark.parametrize("body", ['{"n": "x", "n": 1}', '{"o": {"a": 1, "\\u0061": 2}}'])
def test_a_member_that_comes_twice_could_be_read_in_two_ways(body: str) -> None:
    assert held(body) == Failed(Failure.BODY)


def test_forms_are_texts_and_other_types_are_empty() -> None:
    form = "application/x-www-form-urlencoded"
    assert held("s=aaa", form) == Truth(True)
    assert held("n=1", form) == Truth(False)
    assert held("n[a]=1", form) == Failed(Failure.BODY)
    assert held("{", "text/plain") == Truth(True)


def test_where_a_body_is_wrong_is_told_without_what_it_holds() -> None:
    found = held('{"n": "secret"}')
    assert isinstance(found, Truth)
    assert found.why == "/n by /properties/n/type"


def test_no_body_makes_a_pattern_hang() -> None:
    assert held('{"s": "%sb"}' % ("a" * 10_000)) == Truth(False)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "object", "$id": "mine"}, ""),
        ({"definitions": {"a": {"type": "string"}}, "$ref": "#/definitions/a"}, ""),
        ({"$ref": "http://192.0.2.1/x"}, "http://192.0.2.1/x"),
        ({"$ref": "file:///etc/passwd"}, "file:///etc/passwd"),
        ({"type": "bogus"}, "bogus"),
        ({"pattern": "("}, "regex"),
        ({"pattern": "(?=a)b"}, "regex"),
        ({"format": "bogus"}, "Unknown format"),
        ({"$schema": "http://json-schema.org/draft-04/schema#"}, "$schema"),
    ],
)
def test_schemas_that_can_not_be_used_are_told(schema: dict[str, Any], words: str) -> None:
    fault = schema_fault(schema)
    assert words in fault
    assert bool(fault) == bool(words)


@pytest.mark.parametrize(
    ("headers", "failure"),
    [
        ("content-type: text/plain\r\ncontent-type: application/json\r\n", Failure.REPEATED),
        ("content-type: application/json\r\ncontent-encoding: gzip\r\n", Failure.BODY),
        (
            "content-type: application/x-www-form-urlencoded\r\ncontent-encoding: br\r\n",
            Failure.BODY,
        ),
        ("content-type: application/x-www-form-urlencoded; charset=ibm500\r\n", Failure.BODY),
        ("content-type: application/json; charset=utf-7\r\n", Failure.BODY),
        ('content-type: application/json;charset="UTF-16"\r\n', Failure.BODY),
    ],
)
def test_a_body_that_the_service_would_read_otherwise_is_refused(
    headers: str, failure: Failure
) -> None:
    assert held_with('{"n": 1}', headers) == Failed(failure)


def test_a_body_may_say_that_it_is_utf_8() -> None:
    assert held('{"n": 1}', 'application/json; charset="UTF-8"') == Truth(True)
    assert held("s=aaa", "application/x-www-form-urlencoded;charset=utf-8") == Truth(True)
