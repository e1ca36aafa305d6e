"""Known mistakes are told by name, at the exact place."""

import pytest

from ostiary.config.text.reading import read


def lines_of(text: str) -> list[str]:
    return [str(problem) for problem in read(text, "f", {}).problems]


def test_several_trailing_commas_are_all_found() -> None:
    lines = lines_of('"a": {"b": 1},\n"c": [1],\n"d": {"e": 2},\n')
    assert [line.split(":")[1:3] for line in lines] == [["1", "14"], ["2", "9"], ["3", "14"]]
    assert "after the closing bracket" in lines[1]


def test_a_comma_inside_braces_is_fine() -> None:
    assert lines_of('{"a": {"b": 1,},\n"c": 2,}\n') == []


def test_a_doubled_comma_is_told() -> None:
    assert lines_of("a: [1,, 2]\n")[0].startswith("f:1:7: error: a comma after ','")


@pytest.mark.parametrize("text", ["a:\n\tb: 1\n", "a: {\n  b: 1,\n}\n\tc: 2\n"])
def test_a_tab_for_indentation_is_told(text: str) -> None:
    assert "a tab can't indent YAML" in lines_of(text)[0]


def test_a_removed_line_alone_is_told_inside_braces() -> None:
    (line,) = lines_of('a: {\n  "b": 1,\n-  "c": 2\n}\n')
    assert line.startswith("f:3:1: error: the '-' in the first column is a diff marker")


def test_a_list_in_the_first_column_is_no_diff() -> None:
    (line,) = lines_of("a:\n- b: 1\n- c: 'x\n")
    assert "diff marker" not in line


def test_a_variable_is_shown_as_written_in_an_error() -> None:
    assert "\U00100024" not in lines_of("a: [${B} ${C:-d}\n")[0]
