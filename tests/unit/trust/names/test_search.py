"""The index finds exactly what the patterns mean, however many and however alike they are."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.trust.names.automaton import Automaton, set_bits
from ostiary.trust.names.globs import MANY, ONE, canonical, matches
from ostiary.trust.names.pattern import each_has_its_own
from ostiary.trust.names.reading import parse_pattern
from ostiary.trust.names.search import PatternSearch
from tests.unit.trust.names.model import Name, name, slowly_fits, slowly_matches

GLOBS = st.text(st.sampled_from("ab" + ONE + MANY), max_size=8).map(canonical)
TEXTS = st.text("ab", max_size=10)


def drawn(dice: random.Random, letters: str, most: int) -> str:
    return "".join(dice.choice(letters) for _ in range(dice.randint(0, most)))


@settings(max_examples=400, deadline=None)
@given(GLOBS, TEXTS)
def test_a_glob_describes_what_its_definition_says(glob: str, text: str) -> None:
    assert matches(glob, text) == slowly_matches(glob, text)


@settings(max_examples=200, deadline=None)
@given(st.lists(GLOBS, max_size=12), TEXTS)
def test_an_automaton_finds_the_globs_that_one_by_one_describe_a_text(
    globs: list[str], text: str
) -> None:
    found = list(Automaton(globs).accepted(text))
    assert found == [at for at, glob in enumerate(globs) if slowly_matches(glob, text)]


def test_an_automaton_of_many_rare_letters_finds_them_too() -> None:
    letters = [chr(0x4E00 + n) for n in range(600)]
    automaton = Automaton([f"{MANY}{one}{ONE}" for one in letters])
    assert list(automaton.accepted(f"a{letters[577]}b")) == [577]
    assert list(automaton.accepted(f"a{letters[577]}")) == []


@given(st.sets(st.integers(0, 300)))
def test_the_bits_of_a_set_are_told_in_order(places: set[int]) -> None:
    assert list(set_bits(sum(1 << at for at in places))) == sorted(places)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 1 << 40))
def test_the_index_finds_what_each_pattern_means(seed: int) -> None:
    dice = random.Random(seed)
    kinds = dice.choice([["CN"], ["CN", "O"], ["OU"], ["CN", "OU", "O", "L"]])
    letters = dice.choice(["ab", "abc"])
    wild = dice.choice(["*", "*?", "?", "**", ""])
    patterns = []
    for _ in range(dice.choice([3, 100, 400])):
        elements = [
            f"{dice.choice(kinds)}={drawn(dice, letters + wild, 5)}"
            for _ in range(dice.randint(0, 3))
        ]
        rest = ["**"] if not elements or dice.random() < 0.5 else []
        patterns.append(parse_pattern(",".join([*elements, *rest])))
    first = {pattern.plain(): at for at, pattern in reversed(list(enumerate(patterns)))}
    search = PatternSearch(patterns)
    for _ in range(3):
        subject = name(
            *(f"{dice.choice(kinds)}={drawn(dice, letters, 6)}" for _ in range(dice.randint(0, 5)))
        )
        wanted = {at for pattern, at in first.items() if slowly_fits(pattern, subject)}
        assert sorted(search.fitting(subject)) == sorted(wanted)
        assert all(one.fits(subject) == slowly_fits(one, subject) for one in patterns[:30])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 31), max_size=5))
def test_everybody_gets_one_of_their_own_if_there_is_any_way(masks: list[int]) -> None:
    def way(at: int, taken: int) -> bool:
        return at == len(masks) or any(
            masks[at] >> bit & 1 and not taken >> bit & 1 and way(at + 1, taken | 1 << bit)
            for bit in range(5)
        )

    assert each_has_its_own(masks) == way(0, 0)


def test_a_long_chain_of_wishes_is_worked_out_and_not_tried_out() -> None:
    # Each wants a place or the next one's; the last wants only the first: all must move on.
    masks = [3 << at for at in range(63)]
    assert each_has_its_own([*masks, 1])
    assert not each_has_its_own([*masks, 1, 1])


SUBJECT = name("O=Boomi", "OU=zyxwvutsrqponmlkjihgfedcba", "CN=" + "zyxwvutsrqponmlkjihgfedcba" * 2)


def looked_at(patterns: list[str], subject: Name, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many patterns a decision looks at one by one."""
    search = PatternSearch(map(parse_pattern, patterns))
    count = 0
    fits = PatternSearch._fits

    def counting(*given: object) -> bool:
        nonlocal count
        count += 1
        return fits(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(PatternSearch, "_fits", counting)
    assert list(search.fitting(subject)) == []
    return count


HOSTILE = {
    "letters in order": [
        f"CN=*{a}*{b}*{c}*z1*,**" for a in "abcdefghij" for b in "abcdefghij" for c in "klmnopqrst"
    ],
    "nearly right": [f"CN=*zyxwv*{n}*,**" for n in range(1000)],
    "a missing unit": [
        ",".join(f"OU=*{bit:c}*" for bit in range(97, 108) if n >> bit - 97 & 1) + ",L=x,**"
        for n in range(1, 1000)
    ],
    "two of one type": [f"OU=*{a}*,OU=*{b}{a}*,**" for a in "abcdefgh" for b in "ijklmnop"] * 20,
    "question marks": [f"CN=*z?{'?' * (n % 9)}{n:b}*{n:b}?*,**" for n in range(1000)],
    "any length": [f"CN={'?' * n},**" for n in range(1000)],
    "the wrong number": [f"CN=*,O=Boomi,L=*,E=x{n % 3}*{n}" for n in range(1000)],
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_patterns_made_to_be_slow_are_not_looked_at_one_by_one(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    patterns = [one for one in HOSTILE[kind] if one != f"CN={'?' * 52},**"]
    # Groups of up to 64 are simply tried; the sets have about 1,000.
    assert looked_at(patterns, SUBJECT, monkeypatch) <= 128
