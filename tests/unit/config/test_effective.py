"""What client certificate authentication comes to: the file wins, APIs inherit part by part."""

from ostiary.config.effective import (
    AuthType,
    Effective,
    Managed,
    Part,
    Source,
    effective,
)
from ostiary.config.model.client_auth import ApiAuth, GatewayAuth
from ostiary.config.model.name_rule import NameRule
from ostiary.forwarded.formats import HeaderFormat
from tests.unit.config.support import MINIMAL, SECURE, loaded


def acts(auth: str = "", api: str = "", managed: Managed | None = None) -> Effective:
    text = SECURE + MINIMAL
    if api:
        text = text.replace("/api/*}", f"/api/*, clientCertificateAuth: {{{api}}}}}")
    if auth:
        text += f"clientCertificateAuth: {{{auth}}}\n"
    return effective(loaded(text).document, managed)


def test_nothing_given_is_none_by_default() -> None:
    found = acts()
    assert found.type == Part(AuthType.NONE, Source.DEFAULT)
    assert found.overriding == frozenset()
    assert found.gateway.required == Part(False, Source.DEFAULT)
    assert found.apis["api"].required == Part(False, Source.GATEWAY)


def test_the_file_wins_setting_by_setting() -> None:
    store = GatewayAuth(type="header", required=True, trusted_distinguished_names=("CN=store",))
    found = acts("type: certificate, required: false", managed=Managed(gateway=store))
    assert found.type == Part(AuthType.CERTIFICATE, Source.FILE)
    assert found.gateway.required == Part(False, Source.FILE)
    assert found.gateway.names == Part(("CN=store",), Source.STORE)


def test_an_api_replaces_what_it_gives_and_inherits_the_rest() -> None:
    found = acts(
        "type: certificate, required: true, trustedDistinguishedNames: [CN=a]",
        "trustedDistinguishedNames: []",
    )
    policy = found.apis["api"]
    assert policy.names == Part((), Source.FILE)
    assert policy.required == Part(True, Source.GATEWAY)
    assert found.overriding == {"api"}


def test_an_api_may_be_managed_where_the_file_is_silent() -> None:
    managed = Managed(apis={"api": ApiAuth(required=False, report_only=True)})
    policy = acts("type: certificate, required: true", "required: true", managed).apis["api"]
    assert policy.required == Part(True, Source.FILE)
    assert policy.report_only == Part(True, Source.STORE)


def test_rules_that_deny_add_up() -> None:
    found = acts("type: certificate, deny: [{dns: a}]", "deny: [{dns: b}, {dns: a}]")
    assert found.apis["api"].deny.value == (NameRule(dns="a"), NameRule(dns="b"))
    assert acts("type: certificate, deny: [{dns: a}]").apis["api"].deny == Part(
        (NameRule(dns="a"),), Source.GATEWAY
    )


def test_a_preset_gives_name_and_format_unless_they_are_given() -> None:
    proxies = "trustedProxies: 10.0.0.1"
    header = acts(f"type: header, headerPreset: envoy, {proxies}").header
    assert (header.name.value, header.format.value) == (
        "X-Forwarded-Client-Cert",
        HeaderFormat.XFCC,
    )
    header = acts(f"type: header, headerPreset: envoy, headerName: X-C, {proxies}").header
    assert (header.name.value, header.format.value) == ("X-C", HeaderFormat.XFCC)
    header = acts(f"type: header, headerName: X-C, {proxies}").header
    assert header.format == Part(HeaderFormat.AUTO, Source.DEFAULT)
