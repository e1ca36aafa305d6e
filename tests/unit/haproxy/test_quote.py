"""Quoting: whatever the words are, HAProxy reads them back as they were."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.haproxy.quote import Unquotable, argument, log_text, map_value, regex, token, word

_CONTROLS = [*map(chr, range(32)), "\x7f"]
_TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="".join(_CONTROLS)))


def _read(line: str) -> list[str]:
    """The words of a line, as section 2.2 of the manual reads single quotes and backslashes."""
    words, at, quoted, begun = [""], 0, False, False
    while at < len(line):
        char = line[at]
        at += 1
        if char == "'":
            quoted, begun = not quoted, True
        elif quoted:
            words[-1] += char
        elif char == "\\":
            words[-1] += line[at]
            at += 1
        elif char == " ":
            words.append("")
        else:
            assert char not in '"#$', "nothing of the operator's may stand outside the quotes"
            words[-1] += char
    assert not quoted
    assert begun
    return words


@given(_TEXT)
def test_a_word_is_read_back_as_one_word(text: str) -> None:
    assert _read(word(text)) == [text]
    assert _read(f"{word(text)} {word(text)}") == [text, text]


@given(_TEXT)
def test_an_argument_is_read_back_after_both_readings(text: str) -> None:
    assert _read(_read(word(argument(text)))[0]) == [text]


@given(_TEXT)
def test_a_log_text_holds_no_expression(text: str) -> None:
    assert re.sub("%%", "", log_text(text)).count("%") == 0
    assert log_text(text).replace("%%", "%") == text


@given(_TEXT)
def test_a_regex_is_never_a_lone_brace_nor_nothing(text: str) -> None:
    assert _read(regex(text))[0] not in ("}", "")


@pytest.mark.parametrize(("source", "text"), [("}", "}"), ("", "anything")])
def test_the_two_that_are_rewritten_still_mean_the_same(source: str, text: str) -> None:
    written = _read(regex(source))[0]
    assert re.search(written, text)
    assert bool(re.search(written, "{")) == bool(re.search(source, "{"))


@pytest.mark.parametrize("control", _CONTROLS)
@pytest.mark.parametrize("quote", [word, argument, log_text, regex, token, map_value])
def test_a_control_character_is_refused_everywhere(quote: object, control: str) -> None:
    assert callable(quote)
    with pytest.raises(Unquotable, match=f"U\\+{ord(control):04X}"):
        quote(f"a{control}b")


@pytest.mark.parametrize("value", ["", "a b", "#a", "a\u00a0b", " a"])
def test_a_token_that_would_be_read_otherwise_is_refused(value: str) -> None:
    with pytest.raises(Unquotable, match="single token"):
        token(value)


@pytest.mark.parametrize("value", [" a", "a ", "\u3000a"])
def test_a_map_value_with_blanks_around_is_refused(value: str) -> None:
    with pytest.raises(Unquotable, match="space at an end"):
        map_value(value)


def test_tokens_and_map_values_are_written_as_they_are() -> None:
    assert token("GET|a.com|/'x'\\#") == "GET|a.com|/'x'\\#"
    assert map_value("a b  c # 'd'") == "a b  c # 'd'"
