"""Allow and deny rules, and what comes of them together with patterns."""

import pytest

from ostiary.trust.names.facts import LONGEST_NAME, MOST_ATTRIBUTES, Facts
from ostiary.trust.names.index import Denied, NameIndex, NotTrusted, Passed
from ostiary.trust.names.refusal import PatternRefused
from ostiary.trust.names.rules import NameRules, Rule, rule_of
from tests.unit.trust.names.model import facts

ME = facts(
    "C=IN",
    "O=Boomi",
    "CN=me",
    issuer=("O=CA", "CN=issuing"),
    dns=("api.Example.com", "deep.api.example.com", "*.wild.example"),
    uri=("spiffe://trust.example/ns/a/sa/b", "https://x.example/"),
    email=("Me@Test.com",),
    ip=("10.1.2.3", "2001:db8::7"),
    policies=("2.23.140.1.2.2",),
    serial=0x0A1F,
    fingerprint="ab" * 32,
)


def allowed(rule: Rule, whom: Facts = ME) -> bool:
    return isinstance(NameIndex(NameRules(allow=(rule,))).judge(whom), Passed)


FITS = [
    {"distinguished_name": "CN=m?,**"},
    {"dns": "api.example.com"},
    {"dns": "*.example.com"},
    {"dns": "**.example.com"},
    {"dns": "deep.*.example.com"},
    {"dns": "DEEP.**"},
    {"dns": r"\*.wild.example"},
    {"uri": "spiffe://trust.example/**"},
    {"uri": "SPIFFE://Trust.example/ns/*/sa/?"},
    {"email": "Me@test.com"},
    {"email": "*@test.com"},
    {"ip": "10.0.0.0/8"},
    {"ip": "2001:db8::/32"},
    {"ip": "10.1.2.3"},
    {"issuer": "CN=issuing,**"},
    {"serial": "0A:1F"},
    {"serial": "0xa1f"},
    {"fingerprint": ":".join(["AB"] * 32)},
    {"policy": "2.23.140.1.2.2"},
    {"policy": "OID.2.23.140.1.2.2"},
]
FITS_NOT = [
    {"distinguished_name": "CN=me"},
    {"dns": "*.com"},
    {"dns": "a?i.example.co"},
    {"dns": "api?example.com"},
    {"dns": "example.com"},
    {"uri": "spiffe://trust.example/*"},
    {"uri": "spiffe://trust.example/ns/A/**"},
    {"uri": "spiffe://trust.example"},
    {"email": "me@test.com"},
    {"email": "*"},
    {"ip": "10.1.2.4"},
    {"ip": "192.168.0.0/16"},
    {"issuer": "CN=me,**"},
    {"serial": "a1e"},
    {"fingerprint": "ac" * 32},
    {"policy": "2.23.140.1.2.1"},
]


@pytest.mark.parametrize("given", FITS, ids=str)
def test_a_test_that_holds_lets_pass_and_denies(given: dict[str, str]) -> None:
    rule = rule_of(**given)
    assert allowed(rule)
    verdict = NameIndex(NameRules(patterns=("**",), deny=(rule,))).judge(ME)
    assert verdict == Denied(rule.text)


@pytest.mark.parametrize("given", FITS_NOT, ids=str)
def test_a_test_that_does_not_hold_neither_lets_pass_nor_denies(given: dict[str, str]) -> None:
    rule = rule_of(**given)
    assert not allowed(rule)
    assert isinstance(NameIndex(NameRules(deny=(rule,))).judge(ME), Passed)


@pytest.mark.parametrize("miss", FITS_NOT, ids=str)
def test_all_tests_of_a_rule_must_hold(miss: dict[str, str]) -> None:
    for fit in FITS:
        if fit.keys() != miss.keys():
            assert not allowed(rule_of(**fit, **miss))
    assert allowed(rule_of(serial="a1f", issuer="**", dns="**", distinguished_name="**"))


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"distinguished_name": "*"},
        {"issuer": "nothing"},
        {"dns": ""},
        {"dns": "a\0"},
        {"uri": "a\\"},
        {"ip": "10.0.0.1/8"},
        {"ip": "localhost"},
        {"serial": "xyz"},
        {"serial": ""},
        {"fingerprint": "ab"},
        {"fingerprint": "ab" * 20},
        {"policy": "CN"},
        {"policy": "1"},
    ],
    ids=str,
)
def test_a_test_that_can_not_be_read_is_refused_by_name(given: dict[str, str]) -> None:
    with pytest.raises(PatternRefused) as caught:
        rule_of(**given)
    assert caught.value.way_out
    assert str(caught.value).count(next(iter(given), "rule"))


def test_rules_that_say_the_same_about_the_subject_all_count() -> None:
    rules = NameRules(
        deny=(
            rule_of(distinguished_name="CN=me,O=Boomi,**", serial="1", dns="no"),
            rule_of(distinguished_name="CN=me,O=Boomi,**", dns="no"),
            rule_of(distinguished_name="O=Boomi,CN=me,**", ip="10.0.0.0/8"),
        )
    )
    assert NameIndex(rules).judge(ME) == Denied(rules.deny[2].text)


def test_nothing_given_lets_everybody_pass() -> None:
    assert isinstance(NameIndex(NameRules()).judge(ME), Passed)
    assert isinstance(NameIndex(NameRules()).judge(facts("CN=a\0b")), Passed)


def test_either_a_pattern_or_an_allow_rule_is_enough_and_told() -> None:
    rules = NameRules(patterns=("CN=you", "O=Boomi,**"), allow=(rule_of(serial="1"),))
    assert NameIndex(rules).judge(ME) == Passed("pattern 'O=Boomi,**'")
    assert NameIndex(rules).judge(facts("CN=x")) == Passed("rule 'serial=1'")
    assert NameIndex(rules).judge(facts("CN=x", serial=2)) == NotTrusted(
        "none of 2 distinguished names and none of 1 allow rules fits it"
    )


@pytest.mark.parametrize(
    "subject",
    [
        ["CN=me\0evil"],
        ["CN=me\nX: y"],
        ["CN=me\u2028"],
        ["OU=a"] * (MOST_ATTRIBUTES + 1),
        ["CN=" + "a" * (LONGEST_NAME + 1)],
    ],
    ids=["NUL", "line", "separator", "many", "long"],
)
@pytest.mark.parametrize("rules", [NameRules(patterns=("**",)), NameRules(deny=(Rule(dns="x"),))])
def test_names_that_nothing_may_be_decided_by_never_pass(
    subject: list[str], rules: NameRules
) -> None:
    assert isinstance(NameIndex(rules).judge(facts(*subject)), NotTrusted)
    assert isinstance(NameIndex(rules).judge(facts("CN=a", issuer=subject)), NotTrusted)


def test_the_same_rules_in_any_order_have_the_same_id_and_others_another() -> None:
    a, b = rule_of(serial="1"), rule_of(serial="2")
    assert NameRules(patterns=("x", "y"), allow=(a, b)).id == (
        NameRules(patterns=("y", "x", "x"), allow=(b, a)).id
    )
    different = [
        NameRules(),
        NameRules(patterns=("x",)),
        NameRules(patterns=("x", "y")),
        NameRules(allow=(a,)),
        NameRules(deny=(a,)),
        NameRules(allow=(b,)),
    ]
    assert len({one.id for one in different}) == len(different)
