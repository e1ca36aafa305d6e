"""Policies in the file: what is accepted, and what each refusal says."""

import pytest

from ostiary.config.model.condition import CONDITION_MODELS, ClientCertificate
from ostiary.config.model.pipeline import ACTIONS, CorsAction, RateLimitAction
from ostiary.config.model.policies.cors import Pattern
from tests.unit.config.support import MINIMAL, loaded, only, refused, warned, with_condition

HEAD = MINIMAL.split("      - proxy:")[0]
TAIL = "      - proxy: {action: {serviceEndpoint: backend}}\n"


def with_policy(policy: str) -> str:
    """The minimal document with a policy (a list item, flow YAML) before its proxy."""
    return f"{HEAD}      - {policy}\n{TAIL}"


@pytest.mark.parametrize("model", ACTIONS, ids=lambda one: str(one.__name__))
def test_every_policy_has_an_example_that_is_accepted(model: type) -> None:
    lines = "".join(f"      {line}\n" for line in model.example.splitlines())
    asking = (
        "clientCertificateAuth: {type: header, headerPreset: nginx, headerName: X-Cert, "
        "trustedProxies: [127.0.0.1]}\n"
    )
    text = asking + HEAD + lines + (TAIL if "proxy" not in lines else "")
    document = loaded(text).document
    steps = document.pipelines["main"].policies[0].steps
    assert all(type(step.action) is model for step in steps)


@pytest.mark.parametrize("model", CONDITION_MODELS, ids=lambda one: str(one.__name__))
def test_every_condition_has_an_example_that_is_accepted(model: type) -> None:
    document = loaded(with_condition(model.example)).document
    (step,) = document.pipelines["main"].policies[0].steps
    assert type(step.condition) is model


def test_defaults_are_those_of_express_gateway() -> None:
    text = with_policy("rate-limit:").replace(TAIL, f"      - cors:\n{TAIL}")
    limit, cors, _ = loaded(text).document.pipelines["main"].policies
    assert limit.steps[0].action == RateLimitAction(
        rate_limit_by="${req.ip}",
        window_ms=60000,
        max=5,
        status_code=429,
        message="Too many requests, please try again later.",
    )
    assert cors.steps[0].action == CorsAction(
        origin="*",
        methods=("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"),
        allowed_headers=None,
        options_success_status=204,
    )


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("true", True),
        ("https://a.test", "https://a.test"),
        (
            "[https://a.test, !!js/regexp '/b$/i']",
            ("https://a.test", Pattern(regexp="b$", flags="i")),
        ),
        ("!!js/regexp /x/", Pattern(regexp="x")),
        ("!!js/regexp x", Pattern(regexp="x")),
        ("{regexp: x, flags: i}", Pattern(regexp="x", flags="i")),
    ],
)
def test_an_origin_may_be_text_a_pattern_or_both(origin: str, expected: object) -> None:
    action = loaded(with_policy(f"cors: {{action: {{origin: {origin}}}}}"))
    assert action.document.pipelines["main"].policies[0].steps[0].action == CorsAction(
        origin=expected
    )


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("cors: {action: {origin: !!js/regexp '/(/'}}", "isn't a regular expression"),
        ("cors: {action: {origin: !!js/regexp /x/m}}", "isn't allowed here"),
        ("cors: {action: {origin: 'true'}}", "write true or false without quotes"),
        ("cors: {action: {methods: 'GET POST'}}", "isn't a name that HTTP knows"),
        ("cors: {action: {preflightContinue: true}}", "can't be honoured"),
        ("cors: {action: {optionsSuccessStatus: 404}}", "too large"),
        ("headers: {action: {forwardHeaders: {X-A: b}}}", "for text write '\"b\"'"),
        ("headers: {action: {forwardHeaders: {Host: '\"b\"'}}}", "HTTP itself uses it"),
        ("headers: {action: {forwardHeaders: {'a b': '\"b\"'}}}", "isn't a header name"),
        (
            "headers: {action: {headersPrefix: 'a b', forwardHeaders: {x: '1'}}}",
            "isn't a header name",
        ),
        ("headers: {action: {forwardHeaders: {X-A: '\"é\"'}}}", "use ASCII"),
        ("headers: {action: {forwardHeaders: {X-A: consumer.id}}}", "consumer.id isn't known"),
        ("log: {action: {message: '${req.body.}'}}", "JavaScript can't read it"),
        ("log: {action: {}}", "message is missing"),
        ("rate-limit: {action: {delayMs: 100}}", "requests can't be delayed"),
        ("rate-limit: {action: {delayAfter: 3}}", "write delayMs: 0"),
        ("rate-limit: {action: {skipFailedRequests: true}}", "every request counts"),
        ("rate-limit: {action: {rateLimitBy: '${foo()}'}}", "nothing is known by the name 'foo'"),
        ("rate-limit: {action: {windowMs: 0}}", "too small"),
        ("rate-limit: {action: {max: -1}}", "too small"),
        ("request-transformer: {action: {}}", "it changes nothing"),
        ("request-transformer: {action: {headers: {}}}", "neither add nor remove"),
        ("request-transformer: {action: {query: {remove: 'a[]'}}}", "can be told apart"),
        (
            "request-transformer: {action: {headers: {remove: Content-Length}}}",
            "HTTP itself uses it",
        ),
        ("rewrite: {action: {rewrite: /x}}", "needs one condition named pathmatch or regexpmatch"),
        (
            "rewrite: {condition: {name: pathmatch, match: '/a/:b'}, action: {rewrite: '/:c'}}",
            "nothing is named :c",
        ),
        (
            "rewrite: {condition: {name: regexpmatch, match: ^/a}, action: {rewrite: /$1}}",
            "has 0 groups",
        ),
        (
            "rewrite: {condition: {name: pathmatch, match: /a}, action: {rewrite: '/b?c=d'}}",
            "the query stays as it is",
        ),
        (
            "rewrite: {condition: {name: pathmatch, match: /a}, action: {rewrite: b}}",
            "must begin with '/'",
        ),
        (
            "rewrite: {condition: {name: pathmatch, match: '/a(b)'}, action: {rewrite: /b}}",
            "take apart",
        ),
        (
            "rewrite: {condition: {name: pathmatch, match: '/:a/:a'}, action: {rewrite: /b}}",
            "twice",
        ),
        ("redirect: {action: {location: /x, statusCode: 200}}", "isn't allowed here"),
        ("redirect: {action: {}}", "location is missing"),
        ("ip-filter: {action: {}}", "neither allow nor deny"),
        ("ip-filter: {action: {allow: []}}", "could mean all or nobody"),
        ("ip-filter: {action: {allow: 10.0.0.0/99}}", "isn't an IP address or network"),
    ],
)
def test_what_can_not_be_honoured_is_refused(policy: str, words: str) -> None:
    line = only(refused(with_policy(policy)))
    assert line.startswith("gw.yml:8:")
    assert words in line


def test_a_certificate_is_named_by_its_digest() -> None:
    digest = "aB" * 32
    for written in (digest, f"'{':'.join(['Ab'] * 32)}'", f"[{digest}]"):
        condition = f"{{name: clientCertificate, fingerprint: {written}}}"
        (step,) = loaded(with_condition(condition)).document.pipelines["main"].policies[0].steps
        assert step.condition == ClientCertificate(fingerprint=("AB" * 32,))
    for part, words in (
        ("fingerprint: abc", "write its 64 hexadecimal digits"),
        ("fingerprint: []", "must not be empty"),
        ("fingerprint:", "must not be empty"),
        ("subject: []", "must not be empty"),
        ("subject: ' '", "is empty"),
        ("san: a.example", "alternative names have their kinds: dns, uri, email, ip"),
        ("distinguishedName: CN=a", "write subject"),
        ("ip: 10.0.0.0/99", "isn't an IP address or network"),
    ):
        line = only(refused(with_condition(f"{{name: clientCertificate, {part}}}")))
        assert words in line


def test_a_condition_on_certificates_asks_for_something() -> None:
    line = only(refused(with_condition("{name: clientCertificate}")))
    assert "it asks for nothing of the certificate" in line
    assert "use tlsClientAuthenticated" in line


def test_more_conditions_on_certificates_than_can_be_told_are_a_problem() -> None:
    many = [f"{{name: clientCertificate, subject: CN=c{one}}}" for one in range(249)]
    text = with_condition(f"{{name: oneOf, conditions: [{', '.join([*many, many[0]])}]}}")
    (line,) = [one for one in refused(text) if "error" in one]
    assert "249 different conditions about certificates; 248 are possible" in line
    fewer = with_condition(f"{{name: oneOf, conditions: [{', '.join(many[1:])}]}}")
    assert all("never true" in one for one in warned(fewer))


@pytest.mark.parametrize("name", ["request-transformer", "response-transformer"])
def test_a_body_can_not_be_changed(name: str) -> None:
    policy = f"{name}: {{action: {{headers: {{remove: x-a}}, body: {{add: {{a: '1'}}}}}}}}"
    line = only(refused(with_policy(policy)))
    assert f"body of {name} can't be honoured (headers can be changed" in line
    assert "headers" in "".join(refused(with_policy(f"{name}: {{action: {{body: {{a: 1}}}}}}")))


@pytest.mark.parametrize(
    "policy",
    [
        "rate-limit: {action: {delayMs: 0, delayAfter: 5, skipFailedRequests: false}}",
        "request-transformer: {action: {headers: {remove: [authorization]}, body: }}",
        "cors: {action: {preflightContinue: false}}",
        "rewrite: {condition: {name: allOf, conditions: [{name: method, methods: GET}, "
        "{name: regexpmatch, match: '^/(a)'}]}, action: {rewrite: '/$1$$$&'}}",
    ],
)
def test_what_changes_nothing_is_accepted(policy: str) -> None:
    assert warned(with_policy(policy)) == []


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("rate-limit: {action: {max: 0}}", "limits nothing"),
        ("cors: {action: {credentials: true}}", "no credentials where the origin is '*'"),
        ("cors: {action: {credentials: true, origin: true}}", "every site may act"),
    ],
)
def test_what_is_doubtful_is_told(policy: str, words: str) -> None:
    assert words in only(warned(with_policy(policy)))


def test_preflights_that_never_come_are_told() -> None:
    text = with_policy("cors:").replace("{paths: /api/*}", "{paths: /api/*, methods: GET}")
    assert "has no method OPTIONS" in only(warned(text))


def test_a_header_that_tells_who_the_client_is_can_not_be_set() -> None:
    for policy in (
        "headers: {action: {forwardHeaders: {client-cert: '\"x\"'}}}",
        "request-transformer: {action: {headers: {add: {Client_Cert: '\"x\"'}}}}",
        "request-transformer: {action: {headers: {add: {EG-Consumer-Id: '\"x\"'}}}}",
    ):
        assert "tells who the client is" in only(refused(with_policy(policy)))


def test_a_common_name_is_not_known_of_certificates_in_headers() -> None:
    text = with_policy("log: {action: {message: '${req.client.getPeerCertificate().subject.CN}'}}")
    auth = "clientCertificateAuth: {type: header, headerName: X-C, trustedProxies: [127.0.0.1]}\n"
    assert warned(text) == []
    assert any("isn't known of certificates in headers" in one for one in refused(text + auth))


def test_a_pipeline_whose_steps_only_change_something_is_told() -> None:
    text = MINIMAL.replace(
        "      - proxy:\n          - action: {serviceEndpoint: backend}\n", "      - cors:\n"
    )
    assert "has no policy that answers" in only(warned(text))


def test_steps_behind_one_that_only_changes_something_are_reached() -> None:
    assert warned(with_policy("log: {action: {message: x}}")) == []
    line = only(warned(with_policy("redirect: {action: {location: /x}}")))
    assert "is never reached" in line
