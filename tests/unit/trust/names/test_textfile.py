"""Patterns in a text file."""

from hypothesis import given
from hypothesis import strategies as st

from ostiary.trust.names.globs import written
from ostiary.trust.names.textfile import read_patterns, write_patterns
from ostiary.x509.names import hostile_character

VALUES = st.text(max_size=8).filter(lambda text: hostile_character(text) is None)


def test_comments_and_empty_lines_are_left_out_and_repetitions_too() -> None:
    found = read_patterns("\ufeff# partners\r\n\r\n  O=a,**\r\nO=b,**\n\tO=a,**\n")
    assert found.patterns == ("O=a,**", "O=b,**")
    assert found.bad == ()


def test_each_bad_line_is_told_with_its_number_and_the_good_ones_are_read() -> None:
    found = read_patterns("O=a\n*\nO=b\nXY=c\n")
    assert found.patterns == ("O=a", "O=b")
    assert [bad.line for bad in found.bad] == [2, 4]
    assert str(found.bad[0]).startswith("line 2: column 1: '*'")


@given(st.lists(VALUES.map(lambda value: f"CN={written(value)}"), unique=True))
def test_what_is_exported_is_imported_as_it_was(patterns: list[str]) -> None:
    found = read_patterns(write_patterns(patterns))
    assert list(found.patterns) == patterns
    assert found.bad == ()
