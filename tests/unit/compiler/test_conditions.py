"""Conditions as HAProxy's tests. What they mean is shown on the real HAProxy."""

import re

import pytest

from ostiary.compiler.conditions import AUTHENTICATED, translate
from ostiary.compiler.expressions import ALWAYS, NEVER, Algebra
from ostiary.config.host_patterns import host_regex
from ostiary.config.model.condition import (
    AllOf,
    Always,
    Condition,
    HostMatch,
    Method,
    Never,
    Not,
    OneOf,
    PathExact,
    PathMatch,
    TlsClientAuthenticated,
)


def _algebra() -> Algebra:
    return Algebra(iter("vwxyz").__next__)


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (PathExact(path="/it's"), r"{ pathq -m str -- '/it'\''s' }"),
        (PathMatch(pattern="^/a|b$"), "{ pathq -m reg -- '^/a|b$' }"),
        (PathMatch(pattern="}"), "{ pathq -m reg -- '[}]' }"),
        (Method(methods=("GET", "PUT")), "{ method GET PUT }"),
        (HostMatch(pattern="a.com:80"), r"{ req.hdr(host) -m reg -- '^a\.com:80$' }"),
        (TlsClientAuthenticated(), AUTHENTICATED),
        (Not(condition=TlsClientAuthenticated()), f"!{AUTHENTICATED}"),
        (Not(condition=Not(condition=TlsClientAuthenticated())), AUTHENTICATED),
    ],
)
def test_a_condition_is_one_test(condition: Condition, text: str) -> None:
    algebra = _algebra()
    assert str(translate(condition, algebra)) == text
    assert algebra.rules == []


@pytest.mark.parametrize(
    "condition",
    [
        *(Always(), AllOf(conditions=()), Not(condition=Never())),
        OneOf(conditions=(Method(methods=("GET",)), Always())),
    ],
)
def test_what_always_holds_needs_no_test(condition: Condition) -> None:
    assert translate(condition, _algebra()) == ALWAYS


@pytest.mark.parametrize(
    "condition",
    [
        *(Never(), OneOf(conditions=()), Not(condition=Always())),
        AllOf(conditions=(Method(methods=("GET",)), Never())),
        PathExact(path="no/slash"),
    ],
)
def test_what_never_holds_needs_no_test(condition: Condition) -> None:
    assert translate(condition, _algebra()) == NEVER


@pytest.mark.parametrize(
    ("pattern", "host", "fits"),
    [
        ("*.ex.com", "a.b.ex.com", True),
        ("*.ex.com", "ex.com", False),
        ("*.ex.com", ".ex.com", False),
        ("?.ex.com", "a.ex.com", True),
        ("?.ex.com", "ab.ex.com", False),
        ("*.ex.com", "a.EX.com", False),
        ("*.ex.com", "a.ex.com:80", False),
        ("a.com", "aXcom", False),
        ("*", "anything:80", True),
    ],
)
def test_a_host_glob_fits_as_in_minimatch(pattern: str, host: str, fits: bool) -> None:
    assert bool(re.search(host_regex(pattern), host)) == fits
