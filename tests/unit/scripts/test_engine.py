"""What scripts see and say, as in Express Gateway 1.16 (its ``lib/gateway/context.js``)."""

from dataclasses import replace

import pytest

from ostiary.scripts.engine import run
from ostiary.scripts.model import (
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
from ostiary.scripts.request import Shown

PEER = {"subject": {"CN": "clientA"}, "fingerprint256": "AA:BB", "serialNumber": "0A"}
SHOWN = Shown(
    method="GET",
    secure=True,
    url="/now?x=1&y=2&x=3&empty=&sp=a+b%20c",
    original="/before?x=1",
    headers="host: a.example:8443\r\nx-a: v\r\nx-a: w\r\ncookie: a=b\r\ncookie: c=d\r\n"
    "referer: r\r\n\r\n",
    client="192.0.2.1",
    consumer="7",
    id="the-id",
    params={"id": "7"},
    endpoint={"apiEndpointName": "api", "scopes": ["read"]},
    peer=PEER,
)
NOBODY = replace(SHOWN, consumer="", peer=None, params=None)
PLAIN = replace(NOBODY, secure=False)


def truth(source: str, shown: Shown = SHOWN) -> Result:
    return run(Script(source, Wanted.TRUTH), shown, Limits())


@pytest.mark.parametrize(
    "source",
    [
        "req.method === 'GET'",
        "req.url === '/now?x=1&y=2&x=3&empty=&sp=a+b%20c' && req.path === '/now'",
        "req.originalUrl === '/before?x=1'",
        "req.protocol === 'https' && req.secure && req.hostname === 'a.example'",
        "req.host === req.hostname",
        "req.ip === '192.0.2.1' && req.ips.length === 0",
        "req.connection.remoteAddress === req.ip && req.socket.encrypted",
        "req.headers['x-a'] === 'v, w'",
        "req.headers.cookie === 'a=b; c=d'",
        "req.get('X-A') === req.header('x-a')",
        "req.get('Referrer') === 'r'",
        "req.headers.none === undefined",
        "req.query.x.join() === '1,3' && req.query.y === '2'",
        "req.query.empty === '' && req.query.sp === 'a b c'",
        "consumer.id === '7' && req.user.id === '7'",
        "egContext.req === req && egContext.egContext === egContext",
        "req.egContext === egContext && req.egContext.requestID === requestID",
        "requestID === 'the-id'",
        "apiEndpoint.apiEndpointName === 'api' && apiEndpoint.scopes[0] === 'read'",
        "`${consumer}` === '[object Object]' && consumer.hasOwnProperty('id')",
        'JSON.stringify(apiEndpoint) === \'{"apiEndpointName":"api","scopes":["read"]}\'',
        "Object.keys(consumer).join() === 'id'",
        "req.client.authorized",
        "req.client.getPeerCertificate().subject.CN === 'clientA'",
        "req.client.getPeerCertificate(true).fingerprint256 === 'AA:BB'",
        "var n = 0; for (const one of [1, 2, 3]) n += one; n === 6",
        "/^\\/NOW/i.test(req.url)",
        "typeof require === 'undefined' && typeof process === 'undefined'",
        "typeof setTimeout === 'undefined' && typeof console === 'undefined'",
        "typeof std === 'undefined' && typeof os === 'undefined'",
        "({})",
        "'0'",
        "new Date().getTime() > 0 && Math.max(1, 2) === 2",
    ],
)
def test_a_script_sees_what_express_gateway_shows(source: str) -> None:
    assert truth(source) == Truth(True)


@pytest.mark.parametrize("source", ["0", "''", "NaN", "null", "undefined", "0n", "false", "var a"])
def test_what_javascript_takes_for_false_is_false(source: str) -> None:
    assert truth(source) == Truth(False)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("req.query.a.b", "TypeError"),
        ("nobody.knows", "ReferenceError"),
        ("throw new Error('mine')", "mine"),
        ("throw null", ""),
        ("throw {toString() { throw 1 }}", ""),
        ("res.status(200)", "res isn't known here"),
        ("req.fresh", "req.fresh isn't known here"),
        ("req['app']", "req.app isn't known here"),
        ("apiEndpoint['pat' + 'hs']", "apiEndpoint.paths isn't known here"),
        ("const {host} = apiEndpoint", "apiEndpoint.host isn't known here"),
        ("const one = consumer; one.company", "consumer.company isn't known here"),
        ("egContext['re' + 's']", "res isn't known here"),
        ("req.client.authorizationError", "socket.authorizationError isn't known here"),
        ("req.client.getPeerCertificate().raw", "certificate.raw isn't known here"),
        ("consumer.username", "consumer.username isn't known here"),
        ("req.url = '/other'", "url can't be changed here"),
        ("consumer = {id: 1}", "consumer can't be changed here"),
        ("(function f() { f() })()", "stack"),
    ],
)
def test_what_goes_wrong_is_a_failure_with_its_reason(source: str, words: str) -> None:
    result = truth(source)
    assert isinstance(result, Failed)
    assert result.failure is Failure.THREW
    assert words in result.detail
    assert "\n" not in result.detail


def test_parameters_of_the_path_are_known_or_throw() -> None:
    assert truth("req.params.id === '7' && req.params.x === undefined") == Truth(True)
    unknown = truth("req['par' + 'ams'].id === undefined", NOBODY)
    assert unknown == Failed(Failure.THREW, "Error: req.params isn't known here")


def test_nobody_is_no_consumer_and_has_no_certificate() -> None:
    assert truth("consumer === undefined && !req.client.authorized", NOBODY) == Truth(True)
    assert truth("Object.keys(req.client.getPeerCertificate()).length === 0", NOBODY) == Truth(True)
    assert isinstance(truth("req.client.getPeerCertificate().subject.CN === 'a'", NOBODY), Failed)
    assert isinstance(truth("consumer.id === '7'", NOBODY), Failed)


def test_a_plain_connection_has_no_certificates() -> None:
    assert truth("req.client.getPeerCertificate === undefined", PLAIN) == Truth(True)
    assert truth("req.client.authorized === undefined", PLAIN) == Truth(True)


def test_a_query_that_express_takes_apart_is_not_read_in_another_way() -> None:
    shown = replace(SHOWN, url="/x?a[b]=1")
    assert isinstance(truth("req.query.c === undefined", shown), Failed)
    assert truth("req.path === '/x'", shown) == Truth(True)


@pytest.mark.parametrize(
    ("source", "failure"),
    [
        ("while (true) {}", Failure.TIME),
        ("/(a+)+$/.test('a'.repeat(40) + 'b')", Failure.TIME),
        ("const a = []; for (;;) a.push(new Array(10000).fill(1))", Failure.MEMORY),
        ("new Uint8Array(1e9).length", Failure.MEMORY),
    ],
)
def test_time_and_memory_are_bounded(source: str, failure: Failure) -> None:
    result = truth(source)
    assert isinstance(result, Failed)
    assert result.failure is failure


@pytest.mark.parametrize(
    "source",
    [
        "Array.prototype.includes = () => 'poisoned'",
        "Object.prototype.poisoned = true",
        "JSON.parse = JSON.stringify = String = eval = () => 'poisoned'; true",
        "RegExp.prototype.test = () => true",
        "globalThis.poisoned = true",
        "Object.defineProperty(Object.prototype, 'poisoned', {value: 1})",
    ],
)
def test_nothing_a_script_does_is_there_for_the_next(source: str) -> None:
    assert truth(source) == Truth(True)
    clean = (
        "typeof poisoned === 'undefined' && !({}).poisoned && ![1].includes(2) "
        "&& JSON.parse('1') === 1 && String(1) === '1' && !/a/.test('b')"
    )
    assert truth(clean) == Truth(True)


@pytest.mark.parametrize(
    "source",
    [
        "JSON.stringify = () => '{\"truth\": true}'; false",
        "Object.prototype.toJSON = () => ({truth: true}); false",
        "String.prototype.toString = () => 'x'; false",
        "Object.prototype.truth = true; false",
    ],
)
def test_a_script_says_what_it_says_whatever_it_does_to_its_world(source: str) -> None:
    assert truth(source) == Truth(False)


@pytest.mark.parametrize(
    ("source", "text"),
    [("req.ip + 1", "192.0.2.11"), ("1.5", "1.5"), ("true", "true"), ("2n ** 64n", str(2**64))],
)
def test_values_become_texts(source: str, text: str) -> None:
    assert run(Script(source, Wanted.TEXT), SHOWN, Limits()) == Said(text)


@pytest.mark.parametrize(
    "source",
    ["'a\\nb'", "'\\u00e9'", "'\\ud800'", "({})", "null", "undefined", "[]", "'x'.repeat(5000)"],
)
def test_what_fits_no_header_is_no_text(source: str) -> None:
    result = run(Script(source, Wanted.TEXT), SHOWN, Limits())
    assert isinstance(result, Failed)
    assert result.failure is Failure.NO_TEXT


def test_a_template_is_a_message_of_any_characters() -> None:
    script = Script("${req.method}\n${req.headers.none} é", Wanted.MESSAGE, template=True)
    assert run(script, SHOWN, Limits()) == Said("GET\nundefined é")


def changes(source: str, *headers: str, variables: str = "") -> Result:
    script = Script(source, Wanted.CHANGES, headers=headers)
    return run(script, replace(SHOWN, variables=variables), Limits())


def test_headers_that_a_script_names_are_changed() -> None:
    source = "req.headers['x-b'] = 1; delete req.headers.cookie; req.headers['x-a'] = 'v, w'"
    assert changes(source, "x-b", "cookie", "x-a") == Changed({"x-b": "1", "cookie": None}, "")


@pytest.mark.parametrize(
    ("source", "failure"),
    [
        ("req.headers['x-' + 'c'] = '1'", Failure.HEADERS),
        ("req.headers['x-b'] = 'a\\r\\nX-Evil: 1'", Failure.NO_TEXT),
        ("req.headers['x-b'] = {}", Failure.NOT_JSON),
        ("kept = () => 1", Failure.NOT_JSON),
        ("kept = new Date()", Failure.NOT_JSON),
        ("kept = 1n", Failure.NOT_JSON),
        ("kept = {}; kept.self = kept", Failure.NOT_JSON),
        ("kept = 'x'.repeat(5000)", Failure.NOT_JSON),
    ],
)
def test_what_can_not_be_handed_on_is_a_failure(source: str, failure: Failure) -> None:
    result = changes(source, "x-b")
    assert isinstance(result, Failed)
    assert result.failure is failure


def test_variables_are_there_for_later_scripts() -> None:
    first = changes("kind = {a: [1, null]}; req.testValue = 'x'; var n = 2; let gone = 3")
    assert isinstance(first, Changed)
    second = changes("n += kind.a[0]; kind.a.push(req.testValue)", variables=first.variables)
    assert isinstance(second, Changed)
    seen = replace(SHOWN, variables=second.variables)
    assert truth("n === 3 && kind.a[2] === 'x' && typeof gone === 'undefined'", seen) == Truth(True)


BODIES: list[tuple[str, str, str]] = [
    ("application/json", '{"a": [1, "é"]}', "req.body.a[1] === 'é'"),
    ("application/json; charset=utf-8", '{"__proto__": {"x": 1}}', "req.body.x === undefined"),
    ("application/json", "", "Object.keys(req.body).length === 0"),
    ("application/x-www-form-urlencoded", "a=1&b=x+y", "req.body.b === 'x y'"),
    ("text/plain", "hello", "Object.keys(req.body).length === 0"),
]


def with_body(kind: str, body: str) -> Shown:
    raw = body.encode().decode("utf-8", "surrogateescape")
    return replace(SHOWN, headers=f"content-type: {kind}\r\n\r\n", body=raw)


@pytest.mark.parametrize(("kind", "body", "source"), BODIES)
def test_bodies_are_read_as_express_reads_them(kind: str, body: str, source: str) -> None:
    assert truth(source, with_body(kind, body)) == Truth(True)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", "{"),
        ("application/json", "1"),
        ("application/json", "null"),
        ("application/x-www-form-urlencoded", "a[b]=1"),
    ],
)
def test_a_body_that_is_not_what_it_says_is_a_fault_of_the_client(kind: str, body: str) -> None:
    assert truth("true", with_body(kind, body)) == Failed(Failure.BODY)


def test_bytes_that_are_no_text_are_seen_as_node_sees_them() -> None:
    raw = b"x-a: \xe9\r\n\r\n".decode("utf-8", "surrogateescape")
    assert truth("req.headers['x-a'] === 'é'", replace(SHOWN, headers=raw)) == Truth(True)
