from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from ostiary.consumers import names
from ostiary.consumers.certificates import (
    CertificateCredential,
    CertificateRule,
    check_dates,
    check_rules,
    rule_of,
)
from ostiary.consumers.model import Consumer, ConsumerKind, Credential, CredentialType, Known
from ostiary.consumers.refusal import ConsumerRefused

ID = "8d6d9ea6-7e63-4a44-9b48-9dcd2ffb1e2f"
NOW = datetime(2026, 7, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize("name", ["jdoe", "j.doe@example.com", "Jürgen Groß", "x" * 200, ID[:-1]])
def test_people_may_be_called_as_they_like(name: str) -> None:
    names.check_username(name)


@pytest.mark.parametrize(
    "name",
    ["", " ", " jdoe", "jdoe ", "a\nb", "a\0b", "\u202egro", "x" * 201, ID, ID.upper(), "a:b"],
)
def test_a_username_can_t_be_mistaken(name: str) -> None:
    with pytest.raises(ConsumerRefused) as refused:
        names.check_username(name)
    assert refused.value.field == "username"
    assert refused.value.way_out


def test_an_id_is_one_in_its_usual_form_only() -> None:
    assert names.uuid_of(ID) == UUID(ID)
    for text in ("", f"{{{ID}}}", f"urn:uuid:{ID}", ID.replace("-", ""), "x" * 36):
        assert names.uuid_of(text) is None


@pytest.mark.parametrize("scope", ["read", "orders:write", "https://example.com/auth", "!"])
def test_scopes_are_written_as_in_oauth(scope: str) -> None:
    names.check_scope(scope)


@pytest.mark.parametrize("scope", ["", "a b", "a\tb", 'a"b', "a\\b", "ä", "x" * 201])
def test_other_words_are_no_scopes(scope: str) -> None:
    with pytest.raises(ConsumerRefused):
        names.check_scope(scope)


def test_a_key_s_id_has_no_colon_and_a_subject_may() -> None:
    names.check_credential_name(CredentialType.KEY_AUTH, "0pVvvHOaDYm41kO4VbnX1Z")
    names.check_credential_name(CredentialType.JWT, "auth0|google:123")
    for bad in ("a:b", "a b", "a/b", "", "ä"):
        with pytest.raises(ConsumerRefused):
            names.check_credential_name(CredentialType.KEY_AUTH, bad)


def test_addresses_are_looked_at_only_roughly() -> None:
    for good in ("", "a@b", "j.doe+x@example.com"):
        names.check_email(good)
    for bad in ("a", "a@", "@b", "a@b@c", "a b@c"):
        with pytest.raises(ConsumerRefused):
            names.check_email(bad)
    for good in ("", "https://app.example/cb", "com.example.app:/cb"):
        names.check_redirect_uri(good)
    for bad in ("app.example/cb", "https://a b", "1a:x"):
        with pytest.raises(ConsumerRefused):
            names.check_redirect_uri(bad)


@pytest.mark.parametrize(
    "tests",
    [
        {"fingerprint": "ab" * 32},
        {"issuer": "CN=ca", "serial": "01"},
        {"distinguished_name": "CN=device-*,O=Example", "issuer": "CN=ca"},
        {"dns": "*.example.com"},
        {"uri": "spiffe://example/**"},
        {"ip": "192.0.2.0/24"},
    ],
)
def test_a_rule_keeps_what_it_was_given(tests: dict[str, str]) -> None:
    assert rule_of(tests).given() == tests


@pytest.mark.parametrize(
    ("tests", "why"),
    [
        ({}, "names nobody"),
        ({"issuer": "CN=ca"}, "names nobody"),
        ({"serial": "01"}, "without its issuer"),
        ({"serial": "01", "dns": "a.example"}, "without its issuer"),
        ({"subject": "CN=x"}, "no test"),
    ],
)
def test_a_rule_that_would_name_everybody_is_refused(tests: dict[str, str], why: str) -> None:
    with pytest.raises(ConsumerRefused, match=why):
        rule_of(tests)


def test_a_certificate_credential_has_some_rules_and_an_end_after_its_beginning() -> None:
    rule = CertificateRule(dns="a.example")
    check_rules((rule,) * 100)
    for rules in ((), (rule,) * 101):
        with pytest.raises(ConsumerRefused):
            check_rules(rules)
    check_dates(NOW, NOW + DAY)
    check_dates(NOW, None)
    with pytest.raises(ConsumerRefused):
        check_dates(NOW, NOW)


def certificate(*, consumer: bool = True, credential: bool = True) -> CertificateCredential:
    return CertificateCredential(
        known=Known(
            consumer=Consumer(id=UUID(ID), kind=ConsumerKind.USER, name="u", active=consumer),
            credential=Credential(type=CredentialType.CERTIFICATE, id="c", active=credential),
        ),
        rules=(CertificateRule(dns="a.example"),),
        valid_from=NOW,
        valid_until=NOW + DAY,
    )


def test_it_counts_from_its_first_moment_to_before_its_end() -> None:
    good = certificate().good_at
    assert [good(NOW - DAY), good(NOW), good(NOW + DAY / 2), good(NOW + DAY)] == [
        False,
        True,
        True,
        False,
    ]
    assert not certificate(consumer=False).good_at(NOW)
    assert not certificate(credential=False).good_at(NOW)
