"""What is said about patterns that match nobody or too many."""

import pytest

from ostiary.trust.names.advice import AdviceKind, advice, rule_advice
from ostiary.trust.names.rules import Rule


@pytest.mark.parametrize(
    "text",
    [
        "CN=*,O=Boomi,**",
        "O=Boomi,**",
        "CN=*.example.com,**",
        "E=*@test.com,**",
        "CN=api,OU=a,OU=b,C=IN",
        "CN=client-*,O=Boomi,**",
        "C=*,O=Boomi",
        "UID=jd*,**",
    ],
)
def test_a_sensible_pattern_is_left_alone(text: str) -> None:
    assert advice(text) == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("C=IN,C=DE,O=x", "two patterns"),
        ("C=IND,O=x", "two letters"),
        ("C=?,O=x", "two letters"),
        ("C=in,O=x", "capitals"),
        ("CN=,O=x", "empty"),
        (f"CN={'a' * 65},O=x", "64"),
        ("O=Zu\u0308rich", "composed"),
        ("O=a\u00a0b", "type it anew"),
        ("O=a\u200bb", "type it anew"),
    ],
)
def test_what_hardly_any_certificate_fits_is_pointed_out(text: str, says: str) -> None:
    (found,) = advice(text)
    assert found.kind is AdviceKind.UNLIKELY
    assert says in found.sentence


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("**", "every certificate"),
        ("CN=*", "no value"),
        ("CN=*,**", "no value"),
        ("CN=?*,C=*", "no value"),
        ("C=IN,**", "where somebody is"),
        ("CN=*,C=IN,**", "where somebody is"),
        ("CN=*example.com,**", "evilexample.com"),
        ("E=*test.com,**", "eviltest.com"),
        ("CN=api.example.*,**", "no end"),
    ],
)
def test_what_is_broader_than_it_looks_is_pointed_out(text: str, says: str) -> None:
    (found,) = advice(text)
    assert found.kind is AdviceKind.BROADER
    assert says in found.sentence


@pytest.mark.parametrize("text", ["*", "", "CN=a\0", "XY=1"])
def test_what_can_not_be_read_is_said_to_be_refused(text: str) -> None:
    assert [one.kind for one in advice(text)] == [AdviceKind.REFUSED]


def test_rules_are_looked_at_as_a_whole() -> None:
    assert rule_advice(Rule(serial="0a", issuer="CN=ca,**")) == ()
    assert rule_advice(Rule(issuer="CN=*,**")) == ()
    assert "issuer" in rule_advice(Rule(serial="0a"))[0][1].sentence
    assert rule_advice(Rule(dns="**"))[0][1].kind is AdviceKind.BROADER
    assert rule_advice(Rule(dns="*.example.com")) == ()
    ((field, _),) = rule_advice(Rule(distinguished_name="CN=*"))
    assert field == "distinguished_name"
