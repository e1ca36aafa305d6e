"""What can be told of a script before it runs."""

import pytest

from ostiary.scripts.model import Script, Wanted
from ostiary.scripts.syntax import syntax_fault, undeclared_names
from ostiary.scripts.vocabulary import (
    changed_headers,
    reads_body,
    reads_parameters,
    set_names,
    unknown_names,
)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("req.ip === '1'", []),
        ("res.status(1)", ["res"]),
        ("req.app.get('x')", ["app"]),
        ("req.client.authorizationError", ["authorizationError"]),
        ("req.client.getPeerCertificate().raw", ["raw"]),
        ("consumer.username === 'a'", ["username"]),
        ("consumer.company === req.user.id || req.user?.team", ["company", "team"]),
        ("consumer.id.length && consumer.hasOwnProperty('id') && consumer.toString()", []),
        ("egContext.apiEndpoint.host + apiEndpoint.apiEndpointName", ["host"]),
        ("apiEndpoint.scopes.includes('a')", []),
        ("'res.status' + req.headers.res // res", []),
        ("require('fs')", ["require"]),
        ("({res: 1}).res", []),
    ],
)
def test_names_of_express_that_mean_nothing_here_are_found(source: str, names: list[str]) -> None:
    assert [*unknown_names(source)] == names


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("req.url = '/x'", ["req.url"]),
        ("req.url == '/x' || req.path === '/y'", []),
        ("req.testValue = 10", []),
    ],
)
def test_what_a_script_can_not_set_is_found(source: str, names: list[str]) -> None:
    assert [*set_names(source)] == names


def test_headers_that_are_set_or_deleted_are_found() -> None:
    source = (
        "req.headers['x-a'] = 1; req.headers.b += 'c'; delete req.headers[\"x-d\"];"
        "egContext.req.headers.e ??= 1; if (req.headers.f === 'g' && req.headers['h'] == 1) 0"
    )
    assert changed_headers(source) == ("x-a", "b", "e", "x-d")


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("req.params.id", True),
        ("it's ${req['params'].id}, isn't it?", True),
        ("const {params} = req; params", True),
        ("req.query.params", False),
        ("'params'", False),
    ],
)
def test_scripts_that_look_at_parameters_of_the_path_are_found(source: str, found: bool) -> None:
    assert reads_parameters(source) is found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("req.body.a", True),
        ("req['body']", True),
        ("const {body} = req; body", True),
        ("req?.body", True),
        ("req.headers.body", False),
        ("'body'", False),
    ],
)
def test_scripts_that_look_at_bodies_are_found(source: str, found: bool) -> None:
    assert reads_body(source) is found


@pytest.mark.parametrize(
    ("script", "names"),
    [
        (Script("hello > 1", Wanted.TRUTH), ("hello",)),
        (Script("req.a.hello ? {hello: Math.PI} : null", Wanted.TRUTH), ()),
        (Script("typeof hello", Wanted.TRUTH), ()),
        (Script("[1].some(hello => hello)", Wanted.TRUTH), ()),
        (Script("let hello = 1; hello", Wanted.TRUTH), ()),
        (Script("text ${foo(req.ip)} text", Wanted.MESSAGE, template=True), ("foo",)),
        (Script("hello ${req.ip}", Wanted.MESSAGE, template=True), ()),
    ],
)
def test_names_without_a_meaning_are_found(script: Script, names: tuple[str, ...]) -> None:
    assert undeclared_names(script) == names


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (Script("req.ip === ", Wanted.TRUTH), "line 1, column 12"),
        (Script("a\n&& (", Wanted.TRUTH), "line 2"),
        (Script("${a", Wanted.TEXT, template=True), "end of string"),
        (Script("return 1", Wanted.TRUTH), "return not in a function"),
        (Script("\ud800", Wanted.TRUTH), "no text"),
        (Script("(" * 10_000, Wanted.TRUTH), "too deeply"),
    ],
)
def test_what_javascript_can_not_read_is_told_with_its_place(script: Script, words: str) -> None:
    assert words in syntax_fault(script)


def test_a_script_is_read_without_being_run() -> None:
    assert syntax_fault(Script("while (true) {}", Wanted.TRUTH)) == ""
