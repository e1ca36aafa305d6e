"""Expressions: the closed part of JavaScript that is read, and nothing else."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.config.expression.parsing import NotSupported, parse_expression, parse_template
from ostiary.config.expression.parts import Expression, Fact, Header, Part, Query, Text, Told


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('"x"', (Text("x"),)),
        (r"'it\'s \x41\u0042\u{43}'", (Text("it's ABC"),)),
        ("''", ()),
        ("42", (Text("42"),)),
        ("req.ip", (Told(Fact.IP),)),
        ("req . ip", (Told(Fact.IP),)),
        ("req['ip']", (Told(Fact.IP),)),
        ("egContext.req.ip", (Told(Fact.IP),)),
        ("req.egContext.requestID", (Told(Fact.REQUEST_ID),)),
        ("req.headers['x-a']", (Header("x-a"),)),
        ("req.headers.host", (Header("host"),)),
        ("req.get('X-A')", (Header("x-a"),)),
        ('req.header("X_A")', (Header("x_a"),)),
        ("req.query.a", (Query("a"),)),
        ("req.query['a-b']", (Query("a-b"),)),
        ("requestID", (Told(Fact.REQUEST_ID),)),
        ("req.user.id", (Told(Fact.CONSUMER_ID),)),
        ("req.client.getPeerCertificate().subject.CN", (Told(Fact.COMMON_NAME),)),
        (
            "'a' + req.ip+`b${ req.method }c`",
            (Text("a"), Told(Fact.IP), Text("b"), Told(Fact.METHOD), Text("c")),
        ),
        ("('a' + 1 + (2 + 'b'))", (Text("a12b"),)),
        (r"`\`\${req.ip}`", (Text("`${req.ip}"),)),
    ],
)
def test_a_supported_form_is_read(source: str, expected: Expression) -> None:
    assert parse_expression(source) == expected


def test_a_template_is_text_with_expressions_in_it() -> None:
    expected = (Text("a "), Told(Fact.IP), Text(" b'"), Header("x"), Text('" }$'))
    assert parse_template("a ${req.ip} b'${req.headers.x}\" }$") == expected
    assert parse_template("") == ()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "from here on: its end"),
        ("x", "isn't supported yet, from here on: x"),
        ("req", "isn't supported yet"),
        ("req.body.x", "isn't supported yet, from here on: req.body.x"),
        ("req.ip || 'x'", "from here on: || 'x'"),
        ("req.ip.split('.')[0]", "isn't supported yet"),
        ("req.get(x)", "isn't supported yet"),
        ("req.get('a b')", "isn't supported yet"),
        ("req.query['a b']", "isn't supported yet"),
        ("req.headers['X-A']", "write 'x-a'"),
        ("'a", "has no end"),
        ("`a", "isn't supported yet"),
        ("`${req.ip`", "isn't supported yet"),
        ("1 + 2", "numbers aren't added up"),
        ("(1) + 2", "needs no parentheses"),
        ("01", "isn't supported yet"),
        (r"'\n'", "isn't supported yet"),
        (r"'\x0a'", "control characters"),
        (r"'\u{110000}'", "isn't supported yet"),
        ("(" * 30 + "'a'" + ")" * 30, "nested deeper"),
        ("'a' 'b'", "from here on: 'b'"),
    ],
)
def test_anything_else_is_refused_by_name(source: str, words: str) -> None:
    with pytest.raises(NotSupported) as caught:
        parse_expression(source)
    assert words in str(caught.value)


def test_a_sign_that_would_end_a_template_is_refused() -> None:
    with pytest.raises(NotSupported, match="ends a template"):
        parse_template("a`b")


_TEXT = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x2FF).filter(str.isprintable))
_PARTS = st.one_of(
    _TEXT.filter(bool).map(Text),
    st.sampled_from(list(Fact)).map(Told),
    st.from_regex(r"[a-z0-9_-]{1,20}", fullmatch=True).map(Header),
    st.from_regex(r"[A-Za-z0-9._~-]{1,20}", fullmatch=True).map(Query),
)


def _written(part: Part) -> str:
    match part:
        case Text(text):
            return json.dumps(text)
        case Told(fact):
            return fact.value
        case Header(name):
            return f"req.headers['{name}']"
        case Query(name):
            return f"req.query['{name}']"


def _neighbours_joined(parts: list[Part]) -> Expression:
    joined: list[Part] = []
    for part in parts:
        if joined and isinstance(part, Text) and isinstance(joined[-1], Text):
            joined[-1] = Text(joined[-1].text + part.text)
        else:
            joined.append(part)
    return tuple(joined)


@settings(max_examples=60, deadline=None)
@given(st.lists(_PARTS, min_size=1, max_size=6))
def test_what_is_written_is_read_again(parts: list[Part]) -> None:
    expected = _neighbours_joined(parts)
    assert parse_expression(" + ".join(map(_written, parts))) == expected
    assert parse_template("".join(f"${{{_written(part)}}}" for part in parts)) == expected


@settings(max_examples=150, deadline=None)
@given(st.text("reqip.'\"`${}()[]+\\ 019headsgt\n", max_size=40))
def test_whatever_is_written_is_read_or_refused(source: str) -> None:
    for parse in (parse_expression, parse_template):
        try:
            parse(source)
        except NotSupported as error:
            assert str(error)  # noqa: PT017 - either outcome is right
