"""Conditions in JavaScript: which of them the engine works out, and what they are read as.

That they mean what JavaScript means is shown on the real HAProxy (``test_scripts_compiled``).
"""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.config.expression.judging import truth_of
from ostiary.config.expression.parsing import NotSupported
from ostiary.config.expression.parts import Fact, Header, Query, Told
from ostiary.config.expression.searches import finds, pcre_of
from ostiary.config.expression.truths import (
    Every,
    Filled,
    Fixed,
    Flag,
    Given,
    Has,
    Known,
    Needs,
    Opposite,
    Place,
    Same,
    Some,
    Truth,
    throws,
)
from ostiary.scripts.engine import run
from ostiary.scripts.model import Limits, Script, Wanted
from ostiary.scripts.model import Truth as Held
from ostiary.scripts.request import Shown

GET = Same(Told(Fact.METHOD), "GET")
A = Filled(Header("x-a"))
N = Needs(Flag(Known.QUERY), Filled(Query("n")))


@pytest.mark.parametrize(
    ("source", "truth"),
    [
        ("req.method === 'GET'", GET),
        ('"GET"==req["method"] ;', GET),
        ("req.method !== 'GET'", Opposite(GET)),
        ("(req.method)\n === 'GET'", None),
        ("!req.headers['x-a']", Opposite(A)),
        ("!!req.get('X-A')", Opposite(Opposite(A))),
        ("!req.headers['x-a'] === 'v'", None),
        (
            "egContext.req.query.n && req.method === 'GET' || !req.secure",
            Some((Every((N, GET)), Opposite(Flag(Known.SECURE)))),
        ),
        ("req.headers['x-a'] == null", Opposite(Given(Header("x-a")))),
        ("req.path == undefined", Opposite(Fixed(True))),
        ("consumer !== undefined", Opposite(Opposite(Flag(Known.CONSUMER)))),
        ("req.client.authorized === true", Flag(Known.AUTHORIZED)),
        ("consumer?.id === '7'", Same(Told(Fact.CONSUMER_ID), "7")),
        ("consumer.id === '7'", Needs(Flag(Known.CONSUMER), Same(Told(Fact.CONSUMER_ID), "7"))),
        (
            "req.headers['x-a'].endsWith('v')",
            Needs(Given(Header("x-a")), Has(Header("x-a"), Place.END, "v")),
        ),
        ("req.headers['x-a']?.endsWith('v')", Has(Header("x-a"), Place.END, "v")),
        ("['GET'].includes(req.method)", Some((GET,))),
    ],
)  # fmt: skip
def test_a_condition_is_read(source: str, truth: Truth | None) -> None:
    assert truth_of(source) == truth


@pytest.mark.parametrize(
    "source",
    [
        "req.query.n > 1",
        "req.query.n && false",
        "req.method === 'GET' ? true : false",
        "req.method = 'GET'",
        "req.method === `GET`",
        "req.method === 'G\\x45T'",
        "req.path === 'é'",
        "req.method === 'GET', true",
        "req.method === 'GET'; true",
        "req.method === 'GET' // always",
        "req.method / 2 / 1",
        "req.method === req.headers['x-a']",
        "req.method === null",
        "req.originalUrl === '/'",
        "req.headers['X-A']",
        "req.headers[req.method]",
        "req.headers['set-cookie']",
        "req.headers.referer",
        "req.headers.constructor",
        "req.headers['x-a'] === 'a, b'",
        "req.headers['x-a'].includes(' b')",
        "req.headers.cookie === 'a; b'",
        "/v/.test(req.headers['x-a'])",
        "req.query.toString",
        "req.query.n == '1,2'",
        "req.query.n === '100%'",
        "req.query.n.startsWith('a')",
        "req.query",
        "req.ip.endsWith('.1')",
        "req.ip === '::ffff:10.0.0.1'",
        "req.ip === '2001:DB8::1'",
        "/1/.test(req.ip)",
        "req.method.startsWith('')",
        "req.secure === false",
        "req.client.getPeerCertificate().subject.CN === 'a'",
        "req.headers['x-a']['startsWith']['(v']",
        "req['get(x']",
        "''",
        "req",
        "!",
        "(" * 40 + "true" + ")" * 40,
        "&&".join(["true"] * 300),
        f"req.method === '{'a' * 300}'",
    ],
)
def test_what_could_differ_for_any_request_is_left_to_a_script(source: str) -> None:
    assert truth_of(source) is None


@pytest.mark.parametrize(
    ("source", "may"),
    [
        ("req.method === 'GET' || !req.headers['x-a']", False),
        ("req.method === 'GET' && !(req.secure || req.query.n)", True),
        ("consumer && consumer.id === '7'", True),
        ("consumer?.id === '7'", False),
    ],
)
def test_it_is_known_whether_a_condition_may_throw(source: str, may: bool) -> None:
    truth = truth_of(source)
    assert truth is not None
    assert throws(truth) is may


@pytest.mark.parametrize(
    ("source", "pcre"),
    [
        (r"^\/v\d+\/", r"^\/v[0-9]+\/"),
        ("a.b$", r"a[^\n\r]b\z"),
        (r"[^\w.-]|x", r"[^A-Za-z0-9_\.\-]|x"),
        ("(a|b)?c", "(?:a|b)?c"),
        ("^a*(?:b|c)", "^a*(?:b|c)"),
        ("[a-c]-", r"[a-c]\-"),
    ],
)
def test_a_regular_expression_is_written_for_pcre(source: str, pcre: str) -> None:
    assert pcre_of(source) == pcre


@pytest.mark.parametrize(
    "source",
    [
        *(r"\s", r"\bx", r"(a)\1", "(?=a)", "(?<n>a)", "a{2}", "a??", "^a+?", "^a++", "x*"),
        *("^a*b*", "^(a|b)*", "^a*|b", "[]", "[^]", "[z-a]", r"[\d-z]", "", "a|", "(", ")", "a}"),
        *("a]", "é", r"\x41", r"\u0041", "[+--]", "^*", "a" * 300, "a?" * 7, "\\"),
        "(" * 9 + "a" + ")" * 9,
    ],
)  # fmt: skip
def test_what_pcre_may_read_otherwise_is_left_to_a_script(source: str) -> None:
    with pytest.raises(NotSupported):
        pcre_of(source)


SHOWN = Shown(method="GET", secure=False, url="/", original="/", headers="", client="::1", id="1")
SIGNS = st.text("ab.-[]^$|?*+()\\dwW,/ A", max_size=8)


@given(SIGNS, SIGNS, st.booleans())
def test_what_is_written_for_pcre_finds_what_javascript_finds(
    source: str, text: str, ignores: bool
) -> None:
    try:
        found = finds(source, text, ignores_case=ignores)
    except NotSupported:
        return
    flags = "i" if ignores else ""
    literal = re.sub(r"(?<!\\)((?:\\\\)*)/", r"\1\\/", source)
    script = Script(f"/{literal}/{flags}.test({text!r})", Wanted.TRUTH)
    assert run(script, SHOWN, Limits()) == Held(found)
