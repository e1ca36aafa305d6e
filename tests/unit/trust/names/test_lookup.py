"""Looking up finds every rule that fits, and few others, whatever the rules are looked up by."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.trust.names import rules as tests
from ostiary.trust.names.facts import Facts
from ostiary.trust.names.lookup import RuleLookup
from ostiary.trust.names.refusal import PatternRefused
from ostiary.trust.names.rules import Rule, rule_of
from tests.unit.trust.names.model import facts

NAMES = ("a.x", "b.x", "a.b.x", "x", "ab.x")
DRAWN = {
    "distinguished_name": ("CN=a", "CN=*,O=o", "CN=?,**", "**", "O=o,**"),
    "dns": ("*.x", "a.*", "**", "?.x", "a.b.x", "**.x", "*b*.x", r"a\*"),
    "uri": ("s://h/*", "s://h/**", "S://H/a", "s://h/?"),
    "email": ("*@x", "a@X", "?@*", "**"),
    "ip": ("10.0.0.1", "10.0.0.0/8", "0.0.0.0/0", "2001:db8::/32", "::/0"),
    "issuer": ("CN=ca", "CN=*"),
    "serial": ("1", "0x2", "0A"),
    "fingerprint": ("ab" * 32, "CD" * 32),
    "policy": ("1.2.3",),
}


def somebody(dice: random.Random) -> Facts:
    return facts(
        *dice.choice([("CN=a",), ("CN=b", "O=o"), ("O=o", "CN=a")]),
        issuer=("CN=ca",),
        dns=tuple(dice.sample(NAMES, dice.randint(0, 2))),
        uri=tuple(dice.sample(["s://h/a", "s://h/a/b", "S://H/c"], dice.randint(0, 2))),
        email=tuple(dice.sample(["a@x", "B@X", "ab@y"], dice.randint(0, 2))),
        ip=tuple(dice.sample(["10.0.0.1", "10.9.9.9", "2001:db8::1", "::1"], dice.randint(0, 2))),
        policies=("1.2.3",),
        serial=dice.choice([1, 2, 10]),
        fingerprint=dice.choice(["ab" * 32, "cd" * 32]),
    )


def drawn_rule(dice: random.Random) -> Rule:
    names = dice.sample(list(DRAWN), dice.randint(1, 2))
    return rule_of(**{name: dice.choice(DRAWN[name]) for name in names})


def fits(rule: Rule, whom: Facts) -> bool:
    return all(tests.test_of(name, text)(whom) for name, text in rule.given().items())


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 1 << 40))
def test_no_rule_that_fits_is_missed_and_none_is_told_twice(seed: int) -> None:
    dice = random.Random(seed)
    rules = [drawn_rule(dice) for _ in range(dice.choice([0, 3, 60]))]
    lookup = RuleLookup(rules)
    for _ in range(5):
        whom = somebody(dice)
        found = list(lookup.candidates(whom))
        assert len(found) == len(set(found))
        assert {at for at, rule in enumerate(rules) if fits(rule, whom)} <= set(found)


@pytest.mark.parametrize(
    ("kind", "pattern", "value"),
    [
        ("dns", "*.device-{}.example", "x.device-70.example"),
        ("dns", "device-{}.example", "device-70.example"),
        ("uri", "spiffe://fleet.example/{}/**", "spiffe://fleet.example/70/a"),
        ("email", "device-{}@*", "device-70@x.example"),
        ("ip", "10.{}.0.0/16", "10.70.3.4"),
        ("fingerprint", "{:064x}", f"{70:064x}"),
        ("serial", "{:x}", "70"),
    ],
)
def test_of_many_that_differ_only_one_is_looked_at(kind: str, pattern: str, value: str) -> None:
    rules = [Rule(**{kind: pattern.format(number)}) for number in range(200)]
    if kind == "fingerprint":
        whom = facts("CN=a", fingerprint=value)
    elif kind == "serial":
        whom = facts("CN=a", serial=int(value))
    else:
        whom = facts("CN=a", **{kind: (value,)})  # type: ignore[arg-type] # one of the three
    assert list(RuleLookup(rules).candidates(whom)) == [70]


def test_what_can_t_be_read_is_refused() -> None:
    with pytest.raises(PatternRefused):
        RuleLookup([Rule(fingerprint="ab")])
