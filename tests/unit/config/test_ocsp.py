"""``clientCertificateAuth.revocation.ocsp`` and ``preference``: what is meant, what is refused."""

from datetime import timedelta

import pytest

from ostiary.config.effective import Source
from ostiary.config.model.ocsp import Ocsp
from tests.unit.config.test_revocation_checks import loaded, refused, told


def ocsp(text: str) -> Ocsp:
    revocation = loaded(f"{{ocsp: {text}}}").document.client_certificate_auth.revocation
    assert revocation is not None
    assert revocation.ocsp is not None
    return revocation.ocsp


def test_left_empty_the_responders_of_certificates_are_asked() -> None:
    found = ocsp("{}")
    assert (found.responders, found.aia, found.nonce, found.timeout) == ((), True, "optional", None)
    assert not told("{ocsp: {}, fetch: {hosts: ocsp.example.com}}")


@pytest.mark.parametrize(
    "text",
    [
        "{responders: 'http://a.example/x?y'}",
        "{responders: ['http://a.example/x?y']}",
        "{responders: [{url: 'http://a.example/x?y'}]}",
        "{responders: {url: 'http://a.example/x?y'}}",
    ],
)
def test_a_responder_may_be_its_address_alone(text: str) -> None:
    (one,) = ocsp(text).responders
    assert (one.url, one.issuer, one.certificate) == ("http://a.example/x?y", None, None)


def test_a_responder_may_be_for_one_authority_and_have_a_certificate_of_its_own() -> None:
    (one,) = ocsp(
        "{responders: [{url: 'https://a.example', issuer: 'CN=A', certificate: a.crt}], "
        "timeout: 2s, maximumAge: 12h, refresh: 10m, nonce: required, aia: false}"
    ).responders
    assert (one.url, one.issuer, one.certificate) == ("https://a.example/", "CN=A", "a.crt")


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ("{responders: [ftp://a.example/]}", "ocsp.responders[0].url", "isn't a URL"),
        ("{responders: ['http://u:p@a.example/']}", "ocsp.responders[0].url", "user name"),
        ("{responders: [{issuer: CN=A}]}", "ocsp.responders[0].url", ""),
        (
            "{responders: [{url: 'http://a.example/', issuer: ' '}]}",
            "responders[0].issuer",
            "empty",
        ),
        ("{timeout: 0s}", "ocsp.timeout", "between 1s and 30s"),
        ("{timeout: 31s}", "ocsp.timeout", "between 1s and 30s"),
        ("{refresh: 0s}", "ocsp.refresh", "1s or more"),
        ("{nonce: maybe}", "ocsp.nonce", ""),
        ("{aia: null}", "ocsp.aia", "true or false"),
        ("null", "revocation.ocsp", "is empty"),
    ],
)
def test_what_can_not_be_meant_is_refused_where_it_stands(
    text: str, where: str, words: str
) -> None:
    problem = refused(f"{{ocsp: {text}}}")
    assert problem.path.endswith(where)
    assert words in f"{problem.message} {problem.way_out}"


def test_the_timeout_and_times_are_durations() -> None:
    found = ocsp("{timeout: 2s, maximumAge: 12h, refresh: 10m}")
    assert (found.timeout, found.maximum_age, found.refresh) == (
        timedelta(seconds=2),
        timedelta(hours=12),
        timedelta(minutes=10),
    )


def test_an_api_may_prefer_another_source_than_the_gateway() -> None:
    acts = loaded("{preference: ocsp-first, ocsp: {}}", "{preference: ocsp-if-no-crl}").effective
    assert acts.gateway.preference.value == "ocsp-first"
    assert acts.apis["a"].preference.value == "ocsp-if-no-crl"
    acts = loaded("{preference: ocsp-first, ocsp: {}}", "{mode: soft}").effective
    assert acts.apis["a"].preference.value == "ocsp-first"
    assert acts.apis["a"].preference.source is Source.GATEWAY
    assert loaded("").effective.gateway.preference.value == "crl-first"


@pytest.mark.parametrize(
    ("parts", "paths", "words"),
    [
        (("{mode: strict, ocsp: {responders: 'http://a.example/'}}",), [], ""),
        (("{mode: soft, ocsp: {responders: 'http://a.example/'}}",), [], ""),
        (("{ocsp: {}}",), ["ocsp"], "no host is allowed"),
        (
            ("{mode: off, ocsp: {responders: 'http://a.example/'}}",),
            ["mode"],
            "responders are not asked",
        ),
        (("{ocsp: {aia: false}}",), ["ocsp"], "no OCSP responder is named"),
        (("{preference: crl-first, crl: a.crl}",), ["preference"], "OCSP is not asked"),
        (("{mode: strict, grace: 1h, ocsp: {responders: 'http://a.example/'}}",), [], ""),
    ],
)
def test_what_would_not_act_is_told(parts: tuple[str, ...], paths: list[str], words: str) -> None:
    found = told(*parts)
    assert [one.path.rpartition(".")[2] for one in found] == paths
    assert all(words in one.message for one in found)


def test_only_the_gateway_names_responders() -> None:
    assert refused("", "{ocsp: {}}").path.endswith("clientCertificateAuth.revocation.ocsp")
