"""Conditions in JavaScript as rules. What they mean is shown on the real HAProxy."""

import re

import pytest

from ostiary.compiler.conditions import AUTHENTICATED, translate
from ostiary.compiler.expressions import Algebra
from ostiary.compiler.pipelines import CompiledPipeline, compile_pipeline
from ostiary.config.load import load
from ostiary.config.model.condition import ExpressionHolds

HEAD = """
http: {port: 8080}
apiEndpoints: {a: {paths: /a/*}}
serviceEndpoints: {s: {url: "http://127.0.0.1:9"}}
pipelines:
  a:
    apiEndpoints: [a]
    policies:
"""
PROXY = "proxy: {action: {serviceEndpoint: s}}"
THROWS = "req.headers['x-a'].includes('b')"


def compiled(*steps: str) -> CompiledPipeline:
    lines = "".join(f"      - {step}\n" for step in steps)
    document = load(HEAD + lines, "gw.yml", {}).document
    return compile_pipeline(1, "a", document.pipelines["a"])


def step(policy: str, expression: str, action: str) -> str:
    condition = f'{{name: expression, expression: "{expression}"}}'
    return f"{policy}: {{condition: {condition}, action: {action}}}"


def stop(expression: str) -> str:
    return step("terminate", expression, "{statusCode: 402}")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("req.method === 'it s'", "{ method -m str -- 'it s' }"),
        ("!req.secure", "!{ ssl_fc }"),
        ("req.client.authorized", AUTHENTICATED),
        (
            "req.headers['x-a'] === 'v'",
            "{ req.fhdr_cnt(x-a) eq 1 } { req.fhdr(x-a) -m str -- 'v' }",
        ),
        ("req.headers['x-a']?.endsWith('v')", "{ req.fhdr(x-a,-1) -m end -- 'v' }"),
        (r"/^\/a$/i.test(req.path)", r"{ path -m reg -i -- '^\/a\z' }"),
    ],
)
def test_a_condition_is_worked_out_by_haproxy(source: str, text: str) -> None:
    algebra = Algebra(iter("vwxyz").__next__)
    assert str(translate(ExpressionHolds(expression=source), algebra)) == text
    assert algebra.rules == []


def test_a_pipeline_with_such_conditions_alone_asks_nobody() -> None:
    made = compiled(stop("req.method === 'GET'"), PROXY)
    assert made.asks == {}
    assert made.choosing == ()
    assert "http-request return status 402 if { method -m str -- 'GET' }" in " ".join(
        re.sub(" (?:content-type|lf-string|string|hdr) '[^']*'", "", rule)
        for rule in made.branches[0].rules
    )


def test_a_header_that_comes_twice_and_should_not_is_refused_before_it_is_looked_at() -> None:
    rules = compiled(stop("req.secure && req.get('User-Agent') === 'v'"), PROXY).branches[0].rules
    assert rules[0].startswith("http-request return status 400 ")
    assert rules[0].endswith(" if { req.fhdr_cnt(user-agent) gt 1 }")
    assert rules[1].endswith(" if { ssl_fc } { req.fhdr(user-agent,1) -m str -- 'v' }")


def test_where_a_script_would_throw_the_request_is_refused() -> None:
    rules = compiled(stop(THROWS), PROXY).branches[0].rules
    assert rules[0].startswith("http-request return status 500 ")
    assert rules[0].endswith(" if !{ req.fhdr(x-a) -m found }")


@pytest.mark.parametrize(
    ("before", "test"),
    [("req.method === 'GET' && ", "{ method -m str -- 'GET' }"),
     ("req.method === 'GET' || ", "!{ method -m str -- 'GET' }")],
)  # fmt: skip
def test_it_throws_only_where_those_before_it_leave_it_open(before: str, test: str) -> None:
    rules = compiled(stop(before + THROWS), PROXY).branches[0].rules
    (refused,) = (rule for rule in rules if "return status 500" in rule)
    guard = refused.rpartition(" if { var(")[2].partition(")")[0]
    (made,) = (rule for rule in rules if f"set-var({guard}) " in rule)
    assert made.endswith(f" if {test}")


def test_it_throws_behind_the_steps_before_it_where_proxy_steps_are_chosen() -> None:
    first = step("proxy", "req.method === 'GET'", "{serviceEndpoint: s}")
    rules = compiled(stop("req.secure"), first, step("proxy", THROWS, "{serviceEndpoint: s}"))
    stopped, refused = (
        next(at for at, rule in enumerate(rules.choosing) if f"return status {status}" in rule)
        for status in (402, 500)
    )
    assert stopped < refused
    guard = rules.choosing[refused].rpartition("!{ req.fhdr")[0]
    assert "{ var(txn.ost." in guard
