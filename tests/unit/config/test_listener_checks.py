"""Ports, names of certificates, and what clients will be asked for."""

import pytest

from tests.unit.config.support import MINIMAL, SECURE, only, refused, warned, with_condition

ENTRY = "{key: a, cert: b, ca: [c]}"


def test_a_gateway_without_a_listener_is_refused() -> None:
    assert "neither http nor https is given" in only(refused("{}"))


@pytest.mark.parametrize("tls", ["", "  tls: {}\n", "  tls:\n"])
def test_https_without_a_certificate_is_refused(tls: str) -> None:
    assert "https has no certificate" in only(refused(f"https:\n  port: 1\n{tls}"))


@pytest.mark.parametrize(
    ("http", "https", "clash"),
    [
        ("", "", True),
        (", hostname: 127.0.0.1", "", True),
        (", hostname: 127.0.0.1", ", hostname: 127.0.0.1", True),
        (", hostname: 127.0.0.1", ", hostname: 127.0.0.2", False),
    ],
)
def test_one_port_is_for_one_listener(http: str, https: str, clash: bool) -> None:
    text = f"http: {{port: 1{http}}}\nhttps: {{port: 1{https}, tls: {{default: {ENTRY}}}}}\n"
    if clash:
        assert "port 1 is also the port of http" in only(refused(text))
    else:
        assert warned(text) == []


@pytest.mark.parametrize(("host", "clash"), [("", True), (", host: 127.0.0.2", False)])
def test_the_public_listener_of_an_authority_has_a_port_of_its_own(host: str, clash: bool) -> None:
    text = f"{MINIMAL}pki: {{port: 8080{host}}}\n".replace("8080}", "8080, hostname: 127.0.0.1}", 1)
    if clash:
        assert "port 8080 is also the port of http" in only(refused(text))
    else:
        assert warned(text) == []


@pytest.mark.parametrize("name", ["default", "a.example", "*.a.example", "localhost", "a_b.c"])
def test_a_name_may_be_exact_or_a_wildcard(name: str) -> None:
    assert warned(SECURE.replace("default", f"'{name}'")) == []


@pytest.mark.parametrize(
    "name",
    [
        "*",
        "a.*.b",
        "**.a",
        "{a,b}.c",
        "?.a",
        "!a",
        "[ab].c",
        "a..b",
        "-a",
        "é.a",
        "a b",
        "*a.b",
        "",
    ],
)
def test_patterns_beyond_one_wildcard_label_are_refused(name: str) -> None:
    assert "isn't a name for a certificate" in only(refused(SECURE.replace("default", f"'{name}'")))


def test_an_address_is_no_name() -> None:
    assert "is an address" in only(refused(SECURE.replace("default", "10.0.0.1")))


def test_names_that_differ_in_case_only_are_refused() -> None:
    text = SECURE.replace("default:", f"A.example: {ENTRY}\n    a.EXAMPLE:")
    assert "'a.EXAMPLE' is already given as 'A.example'" in only(refused(text))


def test_asking_without_trusting_anyone_is_a_warning() -> None:
    line = only(warned(SECURE.replace(", ca: [clients.pem]", "")))
    assert "gw.yml:4:14: warning: https.tls.default: trusts nobody" in line


def test_an_entry_may_ask_where_the_listener_does_not() -> None:
    text = SECURE.replace("requestCert: true", "").replace("ca:", "requestCert: true, ca:")
    assert warned(text) == []


@pytest.mark.parametrize("place", ["options", "entry"])
def test_rejecting_without_asking_is_a_warning(place: str) -> None:
    if place == "options":
        text = SECURE.replace("requestCert", "rejectUnauthorized")
    else:
        text = SECURE.replace("requestCert: true", "").replace(
            "ca:", "rejectUnauthorized: true, ca:"
        )
    assert "rejectUnauthorized does nothing" in only(warned(text))


def test_the_default_of_rejecting_is_no_reason_to_warn() -> None:
    assert warned(SECURE.replace("requestCert: true", "")) == []


@pytest.mark.parametrize(
    "condition",
    [
        "{name: tlsClientAuthenticated}",
        "{name: not, condition: {name: tlsClientAuthenticated}}",
        "{name: oneOf, conditions: [{name: never}, {name: tlsClientAuthenticated}]}",
    ],
)
def test_a_condition_on_certificates_nobody_asks_for_is_a_warning(condition: str) -> None:
    assert "is never true" in only(warned(with_condition(condition)))
    assert warned(SECURE + with_condition(condition)) == []


@pytest.mark.parametrize("host", ["", "host: localhost", "hostname: 127.0.0.5", "hostname: '::1'"])
def test_administration_on_a_loopback_address_needs_no_tls(host: str) -> None:
    assert warned(MINIMAL + f"admin: {{port: 9876, {host}}}\n") == []


@pytest.mark.parametrize("host", ["host: 0.0.0.0", "hostname: 10.1.2.3", "hostname: admin.example"])
def test_administration_in_the_open_is_refused_unless_told_so(host: str) -> None:
    text = MINIMAL + f"admin: {{{host}}}\n"
    assert "is not a loopback address, and admin has no tls" in only(refused(text))
    assert warned(MINIMAL + f"admin: {{{host}, tls: {{key: a, cert: b}}}}\n") == []
    assert warned(MINIMAL + f"admin: {{{host}, enabled: false}}\n") == []
    told = MINIMAL + f"admin: {{{host}, allowPlainHttp: true}}\n"
    assert "credentials travel in the open" in only(warned(told))


def test_administration_can_not_share_a_port_with_traffic() -> None:
    assert "port 8080 is also the port of http" in only(refused(MINIMAL + "admin: {port: 8080}\n"))


def test_administration_has_one_address() -> None:
    text = MINIMAL + "admin: {host: localhost, hostname: 127.0.0.2}\n"
    assert "are both given" in only(refused(text))


def test_enrolment_shows_a_certificate_of_its_own_or_that_of_https() -> None:
    est = "pki: {port: 2, est: {port: 3}}\n"
    assert "has no server certificate" in only(refused(f"{MINIMAL}{est}"))
    own = est.replace("port: 3", "port: 3, tls: {key: a, cert: b}")
    assert warned(f"{MINIMAL}{own}") == []
    assert warned(f"{SECURE}{est}") == []


def test_enrolment_has_a_port_of_its_own() -> None:
    est = "pki: {port: 2, est: {port: 2, host: 127.0.0.1}}\n"
    assert "port 2 is also the port of pki" in only(refused(f"{SECURE}{est}"))
