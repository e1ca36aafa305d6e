"""What pipelines have asked, and the rules that ask it."""

import re

from ostiary.compiler.asks import asks_of, reads_bodies
from ostiary.compiler.engine import buffer_size
from ostiary.compiler.pipelines import CompiledPipeline, compile_pipeline
from ostiary.config.load import load
from ostiary.config.model.document import Document

HEAD = """
http: {port: 8080}
apiEndpoints: {a: {paths: /a/*}, b: {paths: /b}}
serviceEndpoints: {s: {url: "http://127.0.0.1:9"}}
"""


def document(*steps: str) -> Document:
    lines = "".join(f"      - {step}\n" for step in steps)
    return load(
        f"{HEAD}pipelines:\n  a:\n    apiEndpoints: [a]\n    policies:\n{lines}", "gw.yml", {}
    ).document


def compiled(*steps: str) -> CompiledPipeline:
    return compile_pipeline(1, "a", document(*steps).pipelines["a"])


def when(condition: str) -> str:
    return f"terminate: {{condition: {condition}, action: {{statusCode: 402}}}}"


def script(source: str) -> str:
    return f"{{name: expression, expression: {source}}}"


PROXY = "proxy: {action: {serviceEndpoint: s}}"


def test_what_is_asked_is_found_by_what_the_answer_depends_on() -> None:
    asks = asks_of(document(when(script("req.query.a > 1")), PROXY))
    (ask,) = asks.values()
    assert asks == {ask.id: ask}
    assert list(ask.endpoints.values()) == [{"apiEndpointName": "a", "scopes": []}]
    other = document(when(script("req.query.b > 1")), PROXY)
    same = document("log: {action: {message: x}}", when(script("req.query.a > 1")), PROXY)
    assert asks.keys() == asks_of(same).keys()
    assert asks.keys().isdisjoint(asks_of(other))


def test_a_pipeline_that_asks_has_its_rules_in_the_listener_behind_one_comparison() -> None:
    made = compiled(when(script("req.query.a > 1")), PROXY)
    assert made.branches[0].rules == ()
    first = [rule for rule in made.choosing if rule.startswith("http-request set-var(txn.ost.ask)")]
    assert first
    assert all("{ var(txn.ost.pl) -m int eq 1 }" in rule for rule in first)
    assert compiled(PROXY).choosing == ()


def test_nobody_goes_on_without_an_answer() -> None:
    rules = compiled(when(script("req.query.a > 1")), PROXY).choosing
    returned = [found[1] for rule in rules if (found := re.search(r"return status (\d+)", rule))]
    assert returned[:3] == ["503", "400", "500"]


def test_a_script_is_asked_where_those_before_it_leave_it_open() -> None:
    both = "[{name: method, methods: POST}, " + script("req.query.a > 1") + "]"
    for name, test in (("allOf", "{ method POST }"), ("oneOf", "!{ method POST }")):
        rules = compiled(when(f"{{name: {name}, conditions: {both}}}"), PROXY).choosing
        (asked,) = (rule for rule in rules if "set-var(txn.ost.ask)" in rule)
        guard = asked.rpartition(" if { var(")[2].partition(")")[0]
        (made,) = (rule for rule in rules if f"set-var({guard}) " in rule)
        assert made.endswith(test)


def test_nothing_is_asked_about_what_another_step_has_taken() -> None:
    first = "proxy: {condition: {name: method, methods: GET}, action: {serviceEndpoint: s}}"
    rules = compiled(first, when(script("req.query.a > 1")), PROXY).choosing
    (asked,) = (rule for rule in rules if "set-var(txn.ost.ask)" in rule)
    guard = asked.rpartition(" if { var(")[2].partition(")")[0]
    (made,) = (rule for rule in rules if f"set-var({guard}) " in rule)
    taken = made.rpartition("!{ var(")[2].partition(")")[0]
    (first,) = (rule for rule in rules if f"set-var({taken}) " in rule)
    assert first.endswith("{ method GET }")


def test_only_what_looks_at_bodies_waits_for_them_and_has_room_for_them() -> None:
    plain, looking = (
        document(when(script(source)), PROXY) for source in ("req.query.a", "req.body.a")
    )
    assert not reads_bodies(plain)
    assert reads_bodies(looking)
    assert buffer_size(looking) == buffer_size(plain) + 16 * 1024
    assert not any("wait-for-body" in rule for rule in compiled(when(script("1")), PROXY).choosing)
    waits = [
        rule
        for rule in compiled(when(script("req.body.a")), PROXY).choosing
        if "wait-for-body" in rule
    ]
    assert len(waits) == 1
