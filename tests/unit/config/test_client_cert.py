"""The policy client-cert in a file: what it needs, and what is odd."""

import pytest

from ostiary.config.model.client_cert import ClientCertAction
from tests.unit.config.support import MINIMAL, loaded, only, refused, warned

HEADER = "clientCertificateAuth: {type: header, headerName: X-Cert, trustedProxies: [127.0.0.1]}\n"
HTTPS = "https: {port: 8443, tls: {default: {key: k, cert: c, ca: [a]%s}}}\n"


def with_step(head: str, action: str = "") -> str:
    before, proxy, after = MINIMAL.partition("      - proxy:")
    return f"{head}{before}      - client-cert:{action}\n{proxy}{after}"


def test_by_default_a_certificate_must_be_a_consumer_s() -> None:
    step = loaded(with_step(HEADER)).document.pipelines["main"].policies[0].steps[0]
    assert step.action == ClientCertAction(
        required=True,
        trusted_distinguished_names=(),
        allow=(),
        deny=(),
        consumer="required",
        consumers=(),
        report_only=False,
        pass_through=False,
    )


@pytest.mark.parametrize("head", ["", HTTPS % ""])
def test_where_nobody_is_asked_for_a_certificate_it_is_a_problem_with_a_way_out(head: str) -> None:
    found = [one for one in refused(with_step(head)) if "client-cert can let nobody" in one]
    assert len(found) == 1
    assert "clientCertificateAuth: {type: " in found[0]


@pytest.mark.parametrize(
    "head",
    [
        HTTPS % ", requestCert: true",
        "clientCertificateAuth: {type: certificate, trustedCertificates: [a.pem]}\n" + HTTPS % "",
        HEADER,
    ],
)
def test_wherever_they_are_asked_it_is_none(head: str) -> None:
    loaded(with_step(head))


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("{consumer: optional, consumers: [ada]}", "does nothing where consumers are named"),
        ("{reportOnly: true, passThrough: true}", "does nothing where reportOnly"),
    ],
)
def test_what_does_nothing_is_told(action: str, said: str) -> None:
    found = warned(with_step(HEADER, f" {{action: {action}}}"))
    assert any(said in one for one in found)


def test_what_is_no_rule_is_refused() -> None:
    assert "a rule without a test" in only(refused(with_step(HEADER, " {action: {allow: [{}]}}")))
