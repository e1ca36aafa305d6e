"""Patterns of hosts mean what they mean in minimatch 3.1.5 (the expectations are its answers)."""

import re

import pytest

from ostiary.config.host_patterns import NoHostPattern, host_regex


@pytest.mark.parametrize(
    ("pattern", "matched", "others"),
    [
        ("*.ex.com", ["a.ex.com", "a.b.ex.com"], ["ex.com", ".ex.com", "a.ex.com:80", "A.EX.COM"]),
        ("a?c", ["abc", "a.c"], ["ac", "abbc"]),
        ("[a-c]x", ["ax", "cx"], ["dx", "x", ".x"]),
        ("a[!b].c", ["ax.c"], ["ab.c", "a.c"]),
        ("{a,b}.c", ["a.c", "b.c"], ["c", "ab.c", "a,b.c"]),
        ("{a,{b,c}d}.e", ["a.e", "bd.e", "cd.e"], ["b.e", "ad.e"]),
        ("x{,y}", ["x", "xy"], ["y"]),
        ("{*,b}.c", ["a.c", "b.c"], [".c"]),
        ("c.d:8[04]43", ["c.d:8043", "c.d:8443"], ["c.d", "c.d:8143"]),
    ],
)
def test_a_pattern_matches_whole_hosts(pattern: str, matched: list[str], others: list[str]) -> None:
    found = [host for host in (*matched, *others) if re.search(host_regex(pattern), host)]
    assert found == matched


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("!a", "'!' isn't supported"),
        ("@(a|b)", "'@' isn't supported"),
        ("{a}", "isn't a choice"),
        ("{1..3}", "isn't a choice"),
        ("{a,b", "'{' isn't supported"),
        ("[z-a]", "the wrong way round"),
        ("[a", "'[' isn't supported"),
        ("{a,b}" * 7, "more than 64 patterns"),
        ("a b", "' ' isn't supported"),
    ],
)
def test_other_signs_are_refused(pattern: str, words: str) -> None:
    with pytest.raises(NoHostPattern, match=re.escape(words)):
        host_regex(pattern)
