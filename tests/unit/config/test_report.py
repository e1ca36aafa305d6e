"""What the types refuse is told with place, value and way out."""

import pytest

from tests.unit.config.support import (
    MINIMAL,
    SECURE,
    only,
    refused,
    with_action,
    with_condition,
)

TLS = "{key: server.key, cert: server.crt, ca: [clients.pem]}"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            SECURE.replace("requestCert", "requestCrt"),
            "gw.yml:5:13: error: https.options.requestCrt: unknown key 'requestCrt'"
            " (did you mean 'requestCert'?)",
        ),
        (
            SECURE.replace("true", "yes"),
            "gw.yml:5:26: error: https.options.requestCert: 'yes' must be true or false"
            " (write true or false)",
        ),
        (
            SECURE.replace("8443", "70000"),
            "gw.yml:2:9: error: https.port: '70000' is too large (use at most 65535)",
        ),
        (
            SECURE.replace("8443", "0"),
            "gw.yml:2:9: error: https.port: '0' is too small (use at least 1)",
        ),
        (
            SECURE.replace("8443", "true"),
            "gw.yml:2:9: error: https.port: 'true' must be a number, not true or false",
        ),
        (
            SECURE.replace("  port: 8443\n", ""),
            "gw.yml:2:3: error: https.port: port is missing (add it)",
        ),
        (
            SECURE.replace("key: server.key, ", ""),
            "gw.yml:4:14: error: https.tls.default.key: key is missing (add it)",
        ),
        (
            SECURE.replace("{key", "{keys: 1, key").replace("default", "a.example"),
            "gw.yml:4:17: error: https.tls[\"a.example\"].keys: unknown key 'keys'"
            " (did you mean 'key'?)",
        ),
        (
            SECURE.replace(TLS, "[]"),
            "gw.yml:4:14: error: https.tls.default: a list can't be used: it must be a mapping",
        ),
        (
            SECURE.replace("requestCert: true", "requestCert: true, minVersion: TLSv1.4"),
            "gw.yml:5:44: error: https.options.minVersion: 'TLSv1.4' isn't allowed here"
            " (use 'TLSv1.2' or 'TLSv1.3')",
        ),
        (
            SECURE.replace("requestCert: true", "requestCert: true, ALPNProtocols: [h3]"),
            "gw.yml:5:48: error: https.options.ALPNProtocols[0]: 'h3' isn't allowed here"
            " (use 'h2' or 'http/1.1')",
        ),
        (
            with_action("stripPth: true"),
            "gw.yml:9:48: error: pipelines.main.policies[0].proxy[0].action.stripPth:"
            " unknown key 'stripPth' (did you mean 'stripPath'?)",
        ),
        (
            with_condition("{name: pathExact, pth: /}"),
            "gw.yml:9:24: error: pipelines.main.policies[0].proxy[0].condition.path:"
            " path is missing (add it)",
        ),
        (
            with_condition("{name: always, methods: GET}"),
            "gw.yml:9:39: error: pipelines.main.policies[0].proxy[0].condition.methods:"
            " unknown key 'methods' (known: name)",
        ),
        (
            MINIMAL.replace("/api/*", "/api/*, methods: [GTE]"),
            "gw.yml:2:47: error: apiEndpoints.api.methods[0]: unknown method 'GTE'"
            " (did you mean 'GET'?)",
        ),
    ],
)
def test_a_problem_of_type_has_place_value_and_way_out(text: str, line: str) -> None:
    assert refused(text)[0] == line


def test_no_message_repeats_a_secret() -> None:
    text = MINIMAL.replace("http://127", "http://user:hunter2@127")
    assert "hunter2" not in "\n".join(refused(text))


def test_unknown_keys_do_not_hide_what_is_wrong_elsewhere() -> None:
    lines = refused(MINIMAL.replace("port", "prt: 1, port").replace("t: backend", "t: back"))
    assert len(lines) == 2
    assert "no serviceEndpoint named 'back' (did you mean 'backend'?)" in lines[1]


def test_two_wrong_types_are_both_told() -> None:
    text = MINIMAL.replace("8080", "eighty").replace('"http://127.0.0.1:3000"', "ftp://x")
    assert len(refused(text)) == 2


def test_a_missing_service_is_told_where_it_belongs() -> None:
    line = only(refused(MINIMAL.replace("{serviceEndpoint: backend}", "{}")))
    assert line == (
        "gw.yml:9:21: error: pipelines.main.policies[0].proxy[0].action.serviceEndpoint:"
        " serviceEndpoint is missing (add it)"
    )
