"""What may be written about tokens."""

import pytest

from ostiary.config.model.policies.tokens import IntrospectAction, JwtAction
from tests.unit.config.support import MINIMAL, SECURE, loaded, only, refused, warned

PROXY = "      - proxy:"
SECRET = "secretOrPublicKey: 0123456789abcdef0123456789abcdef"


def jwt(action: str) -> str:
    return MINIMAL.replace(PROXY, f"      - jwt: {{action: {{{action}}}}}\n{PROXY}")


def introspect(action: str) -> str:
    policy = f"oauth2-introspect: {{action: {{{action}}}}}"
    return MINIMAL.replace(PROXY, f"      - {policy}\n{PROXY}")


def test_the_defaults_are_express_gateway_s() -> None:
    action = loaded(jwt(SECRET)).document.pipelines["main"].policies[0].steps[0].action
    assert isinstance(action, JwtAction)
    assert (action.scheme, action.check_credential_existence, action.pass_through) == (
        "Bearer",
        True,
        False,
    )
    text = introspect("endpoint: 'https://a.example/i', authorization_value: Basic eA==")
    other = loaded(text).document.pipelines["main"].policies[0].steps[0].action
    assert isinstance(other, IntrospectAction)
    assert (other.ttl, other.timeout, other.authorization_value) == (60, 10_000, "Basic eA==")


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("issuer: a", "no key given"),
        (f"{SECRET}, jwksUrl: 'https://a.example/'", "secretOrPublicKey and jwksUrl given"),
        (f"{SECRET}, jwksRefresh: 1h", "options of jwksUrl without jwksUrl"),
        (f"{SECRET}, jwtExtractor: header", "jwtExtractor header without jwtExtractorField"),
        (f"{SECRET}, jwtExtractor: body, jwtExtractorField: t", "no body is read"),
        (f"{SECRET}, jwtExtractor: cookie", "jwtExtractor"),
        (f"{SECRET}, jwtExtractor: header, jwtExtractorField: 'a b'", "can't be a name"),
        (f"{SECRET}, algorithms: none", "algorithms"),
        (f"{SECRET}, algorithms: []", "must not be empty"),
        (f"{SECRET}, leeway: 1h", "between 0s and 5m"),
        (f"{SECRET}, audience: ''", "audience"),
        ("jwksUrl: 'ftp://a.example/'", "the URL can't be used"),
        ("jwksUrl: 'https://u:p@a.example/'", "remove everything up to"),
        (f"{SECRET}, secretOrPublicKeyfile: x", "secretOrPublicKeyFile"),
    ],
)
def test_what_cannot_be_honoured_is_a_problem(action: str, said: str) -> None:
    lines = refused(jwt(action))
    assert said in "\n".join(lines)


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("ttl: 60", "endpoint"),
        ("endpoint: nonsense", "isn't a URL"),
        ("endpoint: 'https://a.example/', ttl: 0", "ttl"),
        ("endpoint: 'https://a.example/', authorization_value: \"a\\r\\nb\"", "control"),
        ("endpoint: 'https://a.example/', authorization_value: ' x'", "can't stand in a header"),
    ],
)
def test_an_authorization_server_must_be_one_that_can_be_asked(action: str, said: str) -> None:
    assert said in "\n".join(refused(introspect(action)))


def test_a_refusal_repeats_no_secret() -> None:
    lines = refused(jwt("secretOrPublicKey: hush-hush, jwksUrl: 'https://a.example/?key=hush'"))
    lines += refused(introspect("endpoint: 'https://a.example/', authorization_value: ' hush'"))
    assert not any("hush" in line for line in lines)


def test_what_is_in_force_is_told_without_secrets() -> None:
    documents = [
        loaded(jwt("secretOrPublicKey: hush")).document,
        loaded(introspect("endpoint: 'https://a.example/', authorization_value: hush")).document,
    ]
    for document in documents:
        assert "hush" not in document.model_dump_json()
        assert "hush" not in repr(document)
        assert "(not shown)" in document.model_dump_json(by_alias=True)
    assert "write the secret itself" in only(refused(jwt("secretOrPublicKey: (not shown)")))


def test_what_is_doubtful_is_told() -> None:
    insecure = warned(jwt("jwksUrl: 'http://issuer.example/', audience: a"))
    assert "jwksUrl is not https" in only(insecure)
    assert warned(jwt("jwksUrl: 'http://127.0.0.1/', audience: a")) == []
    assert "made for others" in only(warned(jwt("jwksUrl: 'https://issuer.example/'")))
    assert "endpoint is not https" in only(warned(introspect("endpoint: 'http://a.example/'")))


def test_bound_tokens_need_clients_that_can_show_certificates() -> None:
    text = jwt(f"{SECRET}, requireBoundCertificate: true")
    assert "no client is asked for the certificate" in only(refused(text))
    assert warned(SECURE + text) == []


def test_tokens_enforce_scopes_and_tell_consumers() -> None:
    scoped = jwt(SECRET).replace("paths: /api/*", "paths: /api/*, scopes: [read]")
    assert warned(scoped) == []
    step = "terminate: {condition: {name: consumer, consumers: ada}}"
    assert warned(jwt(SECRET).replace(PROXY, f"      - {step}\n{PROXY}")) == []
