"""What ``ostiary check`` says about names in the file that can be read, and are no good idea."""

from ostiary.services.name_checks import advise_file_names
from tests.unit.services.support import TEXT, prepared


def advised(settings: str, own: str = "") -> list[str]:
    text = TEXT.replace("requestCert: true, rejectUnauthorized: false", "honorCipherOrder: true")
    text += "clientCertificateAuth:\n  type: certificate\n" + settings
    if own:
        text = text.replace("paths: /lost", f"paths: /lost, clientCertificateAuth: {{{own}}}")
    return [str(one) for one in advise_file_names(prepared(text).loaded)]


def test_a_name_that_fits_nobody_is_told_at_its_line_with_the_way_out() -> None:
    (line,) = advised("  trustedDistinguishedNames:\n    - CN=a,O=Partner,C=GB\n    - CN=a,C=gb\n")
    last = TEXT.replace("\n", "", 1).count("\n") + 6
    assert line == (
        f"/etc/o/gateway.config.yml:{last}:7: warning: "
        "clientCertificateAuth.trustedDistinguishedNames[1]: unlikely to match: `C=gb`: countries "
        "are written in capitals, and values are compared by case (write `C=GB`)"
    )


def test_a_name_that_is_broader_than_it_looks_is_told_at_the_gateway_and_at_an_api() -> None:
    own = "trustedDistinguishedNames: ['CN=*example.com,**']"
    gateway, api = advised("  trustedDistinguishedNames: ['CN=*']\n", own)
    assert "clientCertificateAuth.trustedDistinguishedNames[0]: broader than it looks" in gateway
    assert "apiEndpoints.lost.clientCertificateAuth.trustedDistinguishedNames[0]" in api
    assert "evilexample.com" in api
    assert api.endswith("(write `*.example.com` or `*@example.com`)")


def test_rules_are_told_at_the_field_it_is_about() -> None:
    first, second = advised("  allow:\n    - {distinguishedName: 'C=GB,**'}\n    - {serial: 0a}\n")
    assert "clientCertificateAuth.allow[0].distinguishedName: broader" in first
    assert "clientCertificateAuth.allow[1].serial: broader" in second
    assert second.endswith("(add `issuer`)")


def test_a_deny_that_shuts_out_many_is_taken_as_meant_and_one_for_nobody_is_told() -> None:
    deny = "  deny:\n    - {distinguishedName: 'C=GB,**'}\n    - {distinguishedName: 'C=GBR,**'}\n"
    (line,) = advised(deny)
    assert "clientCertificateAuth.deny[1].distinguishedName: unlikely to match" in line


def test_sensible_names_are_left_alone() -> None:
    names = "  trustedDistinguishedNames: ['CN=*,O=Partner,**', 'CN=*.example.com,**']\n"
    assert advised(names) == []
