"""Client certificate authentication: what would not act is told, what would be unsafe refused."""

import pytest

from ostiary.config.effective import Managed
from ostiary.config.load import draft
from ostiary.config.model.client_auth import ApiAuth, GatewayAuth
from ostiary.kernel.problems import ConfigRefused
from tests.unit.config.support import MINIMAL, SECURE, only, refused, warned

BOTH = SECURE + MINIMAL
HEADER = "clientCertificateAuth: {type: header, headerName: X-C, trustedProxies: 10.0.0.1}\n"


def auth(settings: str) -> str:
    return f"clientCertificateAuth: {{{settings}}}\n"


def own(settings: str) -> str:
    return MINIMAL.replace("/api/*}", f"/api/*, clientCertificateAuth: {{{settings}}}}}")


def refused_with(text: str, managed: Managed) -> list[str]:
    with pytest.raises(ConfigRefused) as caught:
        draft(text, "gw.yml", {}).checked(managed)
    return [str(problem) for problem in caught.value.problems]


# -- type certificate ---------------------------------------------------------------------------


def test_certificates_need_tls_and_the_refusal_says_so_in_the_seeds_words() -> None:
    line = only(refused(MINIMAL + auth("type: certificate")))
    assert "clientCertificateAuth.type" in line
    assert "certificates can be added only when SSL is enabled" in line
    assert warned(BOTH + auth("type: certificate, required: true")) == []


def test_a_handshake_that_would_have_refused_whoever_shows_nothing_is_told_of() -> None:
    line = only(warned(BOTH + auth("type: certificate")))
    assert "clientCertificateAuth.required" in line
    assert "clients without a certificate are let in" in line
    lenient = BOTH.replace("{requestCert: true}", "{requestCert: true, rejectUnauthorized: false}")
    assert warned(lenient + auth("type: certificate")) == []


def test_a_type_from_the_store_that_no_longer_fits_is_told_with_its_cause() -> None:
    line = only(refused_with(MINIMAL, Managed(gateway=GatewayAuth(type="certificate"))))
    assert "certificates can be added only when SSL is enabled" in line
    assert "it is set in the store, by console, API or command line" in line


def test_the_file_wins_over_what_is_managed() -> None:
    loaded = draft(BOTH + auth("type: none"), "gw.yml", {}).checked(
        Managed(gateway=GatewayAuth(type="header"))
    )
    assert loaded.effective.type.value.value == "none"


@pytest.mark.parametrize(
    "text",
    [
        BOTH.replace("{requestCert: true}", "{requestCert: false}"),
        BOTH.replace("ca: [clients.pem]", "ca: [clients.pem], requestCert: false"),
    ],
)
def test_not_asking_for_certificates_does_nothing_where_the_type_asks(text: str) -> None:
    line = only(warned(text + auth("type: certificate")))
    assert "with type certificate every client is asked" in line


@pytest.mark.parametrize("where", ["gateway", "api"])
def test_a_handshake_that_refuses_leaves_nothing_to_report(where: str) -> None:
    api = where == "api"
    text = SECURE.replace("requestCert: true", "rejectUnauthorized: true")
    text += own("reportOnly: true") if api else MINIMAL
    text += auth("type: certificate" if api else "type: certificate, reportOnly: true")
    line = only(warned(text))
    assert "https.options.rejectUnauthorized" in line
    assert "before reportOnly can let them pass" in line
    assert warned(text.replace("rejectUnauthorized: true", "rejectUnauthorized: false")) == []


def test_settings_of_header_mode_do_nothing_with_another_type() -> None:
    line = only(
        warned(BOTH + auth("type: certificate, required: true, trustedProxies: [10.0.0.0/8]"))
    )
    assert "trustedProxies does nothing with type certificate" in line


# -- type header --------------------------------------------------------------------------------


def test_a_header_needs_a_name() -> None:
    line = only(refused(MINIMAL + auth("type: header, trustedProxies: 10.0.0.1")))
    assert "type header needs the name of the header" in line
    preset = "type: header, headerPreset: nginx, trustedProxies: 10.0.0.1"
    assert warned(MINIMAL + auth(preset)) == []


@pytest.mark.parametrize("proxies", ["", ", trustedProxies: []"])
def test_without_a_trusted_proxy_nobody_would_be_heard(proxies: str) -> None:
    line = only(refused(MINIMAL + auth(f"type: header, headerName: X-C{proxies}")))
    assert "nobody's header would be believed" in line


def test_what_the_file_lacks_may_be_managed() -> None:
    text = MINIMAL + auth("type: header")
    managed = Managed(gateway=GatewayAuth(header_name="X-C", trusted_proxies=("10.0.0.0/8",)))
    assert draft(text, "gw.yml", {}).checked(managed).warnings == ()


@pytest.mark.parametrize("name", ["X-Client-Cert-SHA256", "x_client_cert_subject_dn"])
def test_the_header_is_not_one_that_tells_services_who_the_client_is(name: str) -> None:
    line = only(refused(MINIMAL + HEADER.replace("X-C", name)))
    assert "is also a header that tells the service who the client is" in line


def test_the_standard_header_comes_in_and_goes_out_by_the_same_name() -> None:
    assert warned(MINIMAL + HEADER.replace("headerName: X-C", "headerPreset: rfc9440")) == []
    line = only(refused(MINIMAL + HEADER.replace("X-C", "Client-Cert, headerFormat: pem")))
    assert "is also a header" in line


@pytest.mark.parametrize("name", ["Connection", "Transfer-Encoding", "Forwarded", "a b", "Cookie"])
def test_the_header_is_none_that_http_itself_uses(name: str) -> None:
    assert "headerName" in only(refused(MINIMAL + HEADER.replace("X-C", name)))


def test_a_balancer_behind_two_kinds_of_entries_can_not_speak_the_proxy_protocol() -> None:
    two = SECURE.replace(
        "  options", "    b.example: {key: k, cert: c, ca: d, rejectUnauthorized: false}\n  options"
    )
    proxied = HEADER.replace("type: header", "type: header, proxyProtocol: true")
    assert "the balancer's address is lost" in only(refused(two + MINIMAL + proxied))
    assert warned(two + MINIMAL + HEADER) == []
    assert warned(BOTH + proxied) == []


def test_a_condition_on_certificates_makes_sense_where_a_header_brings_them() -> None:
    text = MINIMAL.replace(
        "- action:", "- condition: {name: tlsClientAuthenticated}\n            action:"
    )
    assert "tlsClientAuthenticated is never true" in only(warned(text))
    assert warned(text + HEADER) == []
    asked = SECURE.replace("requestCert: true", "honorCipherOrder: true")
    assert "never true" in only(warned(asked + text))
    assert warned(asked + text + auth("type: certificate")) == []


# -- type none ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "setting", ["required: true", "trustedDistinguishedNames: CN=a", "reportOnly: false"]
)
def test_settings_without_a_type_do_nothing(setting: str) -> None:
    name = setting.split(":", maxsplit=1)[0]
    assert f"{name} does nothing without a type" in only(warned(MINIMAL + auth(setting)))
    assert "it does nothing without a type" in only(warned(own(setting)))


# -- APIs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["type", "headerName", "trustedCertificates", "trustedProxies"])
def test_the_type_can_not_be_changed_at_the_api_level(key: str) -> None:
    value = {"type": "none"}.get(key, "X")
    line = only(refused(own(f"{key}: {value}") + HEADER))
    assert f"apiEndpoints.api.clientCertificateAuth.{key}" in line
    assert "at the API level; it is inherited from the gateway" in line


def test_entries_of_one_api_have_one_authentication() -> None:
    one = "{paths: /a, clientCertificateAuth: {required: true}}"
    text = MINIMAL.replace("{paths: /api/*}", f"[{one}, {one.replace('/a', '/b')}, {{paths: /c}}]")
    assert warned(text + HEADER) == []
    line = only(refused(text.replace("true}}, {paths: /c", "false}}, {paths: /c") + HEADER))
    assert "another entry of 'api' has another clientCertificateAuth" in line


@pytest.mark.parametrize("key", ["trustedDistinguishedNames", "allow", "deny"])
def test_a_list_whose_items_are_all_gone_is_not_guessed_at(key: str) -> None:
    text = MINIMAL + f"clientCertificateAuth:\n  type: none\n  {key}:\n"
    assert "is empty" in only(refused(text))


def test_what_is_managed_for_an_api_that_is_gone_does_nothing() -> None:
    managed = Managed(apis={"gone": ApiAuth(required=True)})
    loaded = draft(MINIMAL + HEADER, "gw.yml", {}).checked(managed)
    assert loaded.effective.overriding == frozenset()
