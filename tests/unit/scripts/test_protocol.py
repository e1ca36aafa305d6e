"""Questions and results survive the line between the processes; anything else is refused."""

import pytest

from ostiary.scripts.model import (
    BodySchema,
    Changed,
    Failed,
    Failure,
    Limits,
    Result,
    Said,
    Script,
    Truth,
    Wanted,
)
from ostiary.scripts.protocol import (
    HEAD,
    Garbled,
    answer,
    length_of,
    question,
    read_answer,
    read_question,
)
from ostiary.scripts.request import Shown, Unclear, decoded, query_of

SHOWN = Shown(
    method="GET",
    secure=False,
    url="/\udce9",
    original="/",
    headers="x-a: \udcff\r\n",
    client="::1",
    id="1",
    peer={"subject": {"CN": ["a", "b"]}},
)


def test_a_question_arrives_as_it_was_asked() -> None:
    script = Script("a", Wanted.CHANGES, headers=("x-a", "x-b"))
    sent = question(script, SHOWN, Limits(0.1, 5))
    assert length_of(sent[:HEAD]) == len(sent) - HEAD
    got, shown, limits = read_question(sent[HEAD:])
    assert got == script
    assert (shown, limits) == (SHOWN, Limits(0.1, 5))
    schema = BodySchema("{}", log_errors=True)
    assert read_question(question(schema, SHOWN, Limits())[HEAD:])[0] == schema


@pytest.mark.parametrize(
    "result",
    [
        Truth(True),
        Said("é\ud800"),
        Changed({"a": None, "b": "c"}, '{"x": 1}'),
        Failed(Failure.THREW, "why"),
    ],
)
def test_a_result_arrives_as_it_was_found(result: Result) -> None:
    assert read_answer(answer(result)[HEAD:]) == result


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"1",
        b"{}",
        b'{"kind": "Truth"}',
        b'{"kind": "Failed", "failure": "no", "detail": ""}',
    ],
)
def test_what_is_no_result_is_refused(body: bytes) -> None:
    with pytest.raises(Garbled):
        read_answer(body)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"what": {"Script": {}}}'])
def test_what_is_no_question_is_refused(body: bytes) -> None:
    with pytest.raises(Garbled):
        read_question(body)


@pytest.mark.parametrize("head", [b"\0\0\0\0", b"\xff\xff\xff\xff"])
def test_lengths_have_bounds(head: bytes) -> None:
    with pytest.raises(Garbled):
        length_of(head)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {}),
        ("a", {"a": ""}),
        ("a=1&a=2", {"a": ["1", "2"]}),
        ("=x&&a=1", {"a": "1"}),
        ("__proto__=x&a=1", {"a": "1"}),
        ("%61=%C3%A9", {"a": "é"}),
        ("a=%zz+b", {"a": "%zz b"}),
        ("a=%ff", {"a": "%ff"}),
        ("a=b=c", {"a": "b=c"}),
    ],
)
def test_queries_are_taken_apart_as_express_does(query: str, found: object) -> None:
    assert query_of(query) == found


@pytest.mark.parametrize("query", ["a[b]=1", "b=[&%5bx=1", "c%5D%5B", "&" * 1000])
def test_a_query_that_express_reads_otherwise_is_not_read(query: str) -> None:
    with pytest.raises(Unclear):
        query_of(query)


def test_a_query_may_have_a_thousand_parameters() -> None:
    assert len(query_of("&".join(f"p{n}=[1]" for n in range(1000)))) == 1000


def test_raw_bytes_outside_ascii_are_seen_as_latin_1() -> None:
    assert decoded("\udce9") == "é"
