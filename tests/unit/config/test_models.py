"""Single settings take what they should and refuse the rest."""

import pytest
from pydantic import ValidationError

from ostiary.config.model.settings import IdentityHeaders
from tests.unit.config.support import (
    MINIMAL,
    SECURE,
    loaded,
    only,
    refused,
    with_action,
    with_condition,
)


def with_option(option: str) -> str:
    return SECURE.replace("requestCert: true", f"requestCert: true, {option}")


def with_service(service: str) -> str:
    return MINIMAL.replace('{url: "http://127.0.0.1:3000"}', service)


def with_endpoint(entry: str) -> str:
    return MINIMAL.replace("{paths: /api/*}", entry)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (with_option("minVersion: TLSv1.3, maxVersion: TLSv1.2"), "minVersion is newer"),
        (with_option("ciphers: 'a b'"), "isn't an OpenSSL cipher list"),
        (with_option("ecdhCurve: 'a b'"), "isn't a list of curves"),
        (with_option("crl: ''"), "is empty"),
        (with_option("keepAliveTimeout: -1"), "too small"),
        (with_option("handshakeTimeout: 9999999999"), "too large"),
        (with_option("maxHeaderSize: 10"), "too small"),
        (with_option("rejectUnauthorized: "), "null must be true or false"),
        (with_option("honorCipherOrder: "), "null must be true or false"),
        (SECURE.replace("server.key", "''"), "is empty where a file name"),
        (SECURE.replace("8443", "8443\n  hostname: 'a:80'"), "isn't a host name"),
        (SECURE.replace("8443", "8443\n  hostname: '[::1]'"), "isn't a host name"),
        (with_endpoint("{host: 'a.com:80'}"), "would never match"),
        (with_endpoint("{host: 'a com'}"), "isn't a host name"),
        (with_endpoint("{host: a, hostRegex: b}"), "both given"),
        (with_endpoint("{paths: api}"), "write '/api'"),
        (with_endpoint("{paths: []}"), "must not be empty"),
        (with_endpoint("{paths: '/a(b)?'}"), "use pathRegex"),
        (with_endpoint("{pathRegex: '('}"), "isn't a regular expression"),
        (with_endpoint("{hostRegex: '['}"), "isn't a regular expression"),
        (with_endpoint("{methods: []}"), "must not be empty"),
        (with_endpoint("{methods: 'GET,'}"), "unknown method ''"),
        (with_endpoint("{methods: CONNECT}"), "unknown method 'CONNECT'"),
        (with_service("{}"), "has no address"),
        (with_service("{urls: []}"), "has no address"),
        (with_service("{url: 'http://a', urls: ['http://b']}"), "both given"),
        (with_service("{urls: ['http://a', 'https://b']}"), "differ in scheme or path"),
        (with_service("{urls: ['http://a/x', 'http://b/y']}"), "differ in scheme or path"),
        (with_service("{url: 'http://a', healthCheck: {path: 'x'}}"), "isn't a path"),
        (with_service("{url: 'http://a', healthCheck: {}}"), "path is missing"),
        (with_action("target: {keyFile: k}"), "needed together"),
        (with_action("headers: {'a b': c}"), "isn't a header name"),
        (with_action("headers: {Host: c}"), "can't be set here"),
        (with_action("headers: {a: ' c'}"), "isn't a header value"),
        (with_action("strategy: random"), "use 'round-robin'"),
        (with_condition("{name: method, methods: get}"), "isn't allowed here"),
        (with_condition("{name: method, methods: []}"), "must not be empty"),
        (with_condition("{name: pathMatch, pattern: '('}"), "isn't a regular expression"),
        (with_condition("{name: hostMatch, pattern: '+(a|b).c'}"), "'+' isn't supported here"),
        (
            MINIMAL.replace("- proxy:", "- terminate: {action: {statusCode: 99}}\n      - proxy:"),
            "too small",
        ),
        (MINIMAL + "identity: {headers: {subject: Host}}", "can't be set here"),
        (MINIMAL + "identity: {headers: {subject: 'a b'}}", "isn't a header name"),
        (MINIMAL + "identity: {headers: {subject: X-A, issuer: x_a}}", "have the name 'x_a'"),
        (
            MINIMAL + "identity: {headers: {clientCert: null, clientCertChain: X-Chain}}",
            "clientCertChain needs clientCert",
        ),
        (MINIMAL + "certificatePolicy: {minimumRsaBits: 512}", "too small"),
        (MINIMAL + "certificatePolicy: {allowSha1: 1}", "must be true or false"),
        (MINIMAL + "engine: {threads: two}", "must be a number"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused(text: str, words: str) -> None:
    assert words in refused(text)[0]


def test_null_switches_an_identity_header_off() -> None:
    headers = loaded(MINIMAL + "identity: {headers: {serial: }}").document.identity.headers
    assert headers.serial is None
    assert "X-Client-Cert-Serial" not in headers.names


def test_the_default_identity_headers_are_the_documented_ones() -> None:
    assert IdentityHeaders().names == (
        "Client-Cert",
        "X-Client-Cert-Subject-DN",
        "X-Client-Cert-Issuer-DN",
        "X-Client-Cert-Serial",
        "X-Client-Cert-SHA256",
        "eg-request-id",
    )


def test_numbers_and_switches_may_be_quoted() -> None:
    text = with_option('rejectUnauthorized: "false", keepAliveTimeout: "5000"')
    https = loaded(text.replace("8443", '"8443"')).document.https
    assert https is not None
    assert (https.port, https.options.keep_alive_timeout) == (8443, 5000)
    assert not https.rejects_unauthorized("default")


def test_an_entry_overrides_the_listener() -> None:
    own = "requestCert: false, rejectUnauthorized: false, ca:"
    https = loaded(SECURE.replace("ca:", own)).document.https
    assert https is not None
    assert not https.requests_certificate("default")
    assert not https.rejects_unauthorized("default")


def test_a_document_cannot_be_changed() -> None:
    document = loaded(MINIMAL).document
    with pytest.raises(ValidationError, match="frozen"):
        document.http = None


def test_the_addresses_of_a_service_keep_their_order() -> None:
    text = with_service("{urls: ['http://b:1/x', 'http://a:2/x']}")
    targets = loaded(text).document.service_endpoints["backend"].targets
    assert [(t.host, t.port, t.path) for t in targets] == [("b", 1, "/x"), ("a", 2, "/x")]


def test_python_names_are_not_keys_of_the_file() -> None:
    line = only(refused(SECURE.replace("requestCert", "request_cert")))
    assert "unknown key 'request_cert' (did you mean 'requestCert'?)" in line
