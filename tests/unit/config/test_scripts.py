"""Scripts in a configuration: which are problems, and that each is told with its place."""

import pytest

from ostiary.config.script_checks import asked_by_pipeline
from tests.unit.config.support import loaded, only, refused

HEAD = """
http: {port: 8080}
apiEndpoints: {api: {paths: /api/*}}
serviceEndpoints: {backend: {url: "http://127.0.0.1:3000"}}
"""


def with_steps(*steps: str, head: str = HEAD) -> str:
    lines = "".join(f"      - {step}\n" for step in steps)
    pipeline = f"pipelines:\n  main:\n    apiEndpoints: [api]\n    policies:\n{lines}"
    return f"{head}{pipeline}      - proxy: {{action: {{serviceEndpoint: backend}}}}\n"


def when(expression: str) -> str:
    return f'terminate: {{condition: {{name: expression, expression: "{expression}"}}}}'


def code(jscode: str) -> str:
    return f'expression: {{action: {{jscode: "{jscode}"}}}}'


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (when("req.ip ==="), "JavaScript can't read it: unexpected token in expression"),
        (when("res.statusCode === 200"), "res can't be known here"),
        (when("req.client.authorizationError"), "authorizationError can't be known here"),
        (when("consumer.username === 'a'"), "username can't be known here"),
        (when("hello"), "nothing is known by the name 'hello'"),
        (when("hello(req.ip)"), "nothing is known by the name 'hello'"),
        (when("req.url = '/x'"), "req.url can't be set by a script"),
        (when(""), "must not be empty"),
        (when("1" * 9000), "longer than 8192 characters"),
        (code("req.headers['X-A'] = '1'"), "write 'x-a'"),
        (code("req.headers.host = 'b'"), "the header 'host' can't be changed"),
        (code("req.headers['client-cert'] = 'b'"), "tells who the client is"),
        (code("req.headers['eg-consumer-id'] = 'b'"), "tells who the client is"),
        (code("res.set('a', 'b')"), "res can't be known here"),
        (when("apiEndpoint.paths[0] === '/a'"), "paths can't be known here"),
        (when("consumer.company > 'a'"), "company can't be known here"),
        (
            "terminate: {condition: {name: json-schema, schema: {type: object}}}",
            "write coerceTypes: false",
        ),
        (
            "terminate: {condition: {name: json-schema, coerceTypes: false, schema: {type: a}}}",
            "isn't a JSON Schema that can be used",
        ),
        ("log: {action: {message: '${req.ip'}}", "end of string"),
        ("headers: {action: {forwardHeaders: {X-A: hello there}}}", "for text write"),
    ],
)
def test_what_can_not_be_run_is_a_problem(step: str, words: str) -> None:
    line = only(refused(with_steps(step)))
    assert words in line
    assert line.startswith("gw.yml:9:")


def test_a_script_may_use_what_another_of_its_pipeline_has_set() -> None:
    loaded(with_steps(code("kind = req.query.kind"), when("kind === 'a'")))


@pytest.mark.parametrize("entry", ["{paths: '/a/:b-:c'}", "{pathRegex: '/a/(.*)'}"])
def test_parameters_of_a_path_must_be_known(entry: str) -> None:
    head = HEAD.replace("{paths: /api/*}", f"[{{paths: /x}}, {entry}]")
    line = only(refused(with_steps(when("req.params.b > 'a'"), head=head)))
    assert "req.params can't be known here: the path of 'api' is" in line
    assert line.startswith("gw.yml:9:")
    loaded(with_steps(when("req.params[0] > 'a'")))


def test_scripts_can_be_forbidden() -> None:
    head = HEAD + "scripts: {allowed: false}\n"
    told = refused(with_steps(when("req.query.n > 1"), code("a = 1"), head=head))
    assert len(told) == 2
    assert all("scripts.allowed is false" in one for one in told)
    loaded(with_steps("log: {action: {message: '${req.ip} asks'}}", head=head))


@pytest.mark.parametrize(
    "step",
    [
        'expression: {action: {jscode: "a = 1\\n\\tb = 2"}}',
        when("req.query.a &&\\nreq.query.b"),
        "terminate: {condition: {name: allOf, conditions: "
        '[{name: expression, expression: "1\\n"}]}}',
        'terminate: {condition: {name: not, condition: {name: expression, expression: "1\\n"}}}',
    ],
)
def test_a_script_may_have_lines(step: str) -> None:
    loaded(with_steps(step))


def test_what_is_asked_is_told_with_its_place_and_nothing_else_is() -> None:
    nested = "terminate: {condition: {name: allOf, conditions: [{name: always}, %s]}}"
    script = "{name: not, condition: {name: expression, expression: req.query.a > 1}}"
    document = loaded(
        with_steps(
            "log: {action: {message: '${req.ip}'}}",
            nested % script,
            "log: {action: {message: '${req.ip.length}'}}",
        )
    ).document
    asked = dict(asked_by_pipeline("main", document.pipelines["main"]))
    steps = ("pipelines", "main", "policies")
    assert {path: one.source for path, one in asked.items()} == {
        (*steps, 1, "steps", 0, "condition", "conditions", 1, "condition", "expression"): (
            "req.query.a > 1"
        ),
        (*steps, 2, "steps", 0, "action", "message"): "${req.ip.length}",
    }
