"""Reading YAML: bounded, with places, and nothing in it is run."""

import pytest

from ostiary.config.text.reading import read
from ostiary.config.text.tree import Table, plain
from ostiary.kernel.problems import Position


def tree_of(text: str) -> Table:
    reading = read(text, "f", {})
    assert reading.problems == ()
    assert reading.tree is not None
    return reading.tree


def lines_of(text: str) -> list[str]:
    return [str(problem) for problem in read(text, "f", {}).problems]


def test_each_value_knows_its_line_and_column() -> None:
    tree = tree_of("a:\n  - b: 1\n    c: two\n")
    row = tree.entries["a"]
    assert row.key_at == Position("f", 1, 1)
    c = row.items[0].entries["c"]  # type: ignore[union-attr] # the shape is written above
    assert (c.at, c.key_at, c.path) == (Position("f", 3, 8), Position("f", 3, 5), "a[0].c")


def test_anchors_aliases_and_merge_keys_are_read() -> None:
    text = "x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}\nz: {<<: [{b: 4}, *x]}\nw: *x\n"
    assert plain(tree_of(text)) == {
        "x": {"a": 1, "b": 2},
        "y": {"a": 1, "b": 3},
        "z": {"b": 4, "a": 1},
        "w": {"a": 1, "b": 2},
    }


def test_a_duplicate_key_names_the_first_line() -> None:
    (line,) = lines_of("a: 1\nb: 2\na: 3\n")
    assert line.startswith("f:3:1: error: a: the key 'a' is already given at line 1")


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("!!js/function 'x'", "would run code"),
        ("!!python/object/apply:os.system [x]", "isn't supported"),
        ("!!binary aGk=", "isn't supported"),
        ("!own x", "isn't supported"),
    ],
)
def test_a_foreign_tag_is_refused(tag: str, words: str) -> None:
    (line,) = lines_of(f"a: {tag}\n")
    assert line.startswith("f:1:4: error: a: ")
    assert words in line


def test_a_regular_expression_of_javascript_is_data() -> None:
    text = "a: !!js/regexp /x\\/y/gi\nb: [!!js/regexp plain]\n"
    assert plain(tree_of(text)) == {
        "a": {"regexp": "x\\/y", "flags": "gi"},
        "b": [{"regexp": "plain", "flags": ""}],
    }


def test_standard_tags_are_honoured() -> None:
    assert plain(tree_of('a: !!str 12\nb: !!int "12"\nc: !!map {}\n')) == {
        "a": "12",
        "b": 12,
        "c": {},
    }


def test_an_alias_bomb_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    (line,) = lines_of("\n".join(lines))
    assert "more than 200000 values, aliases counted" in line


@pytest.mark.parametrize("text", ["a: *b\n", "a: &a [*a]\n", "? &k b\n: *z\n"])
def test_an_unknown_alias_is_refused(text: str) -> None:
    (line,) = lines_of(text)
    assert "no anchor named" in line


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the configuration is empty"),
        ("# nothing\n", "the configuration is empty"),
        ("null", "the configuration is empty"),
        ("- a\n", "the configuration is not a mapping"),
        ("a: 1\n---\nb: 2\n", "f:2:1: error: a second document"),
        ("a: [" * 100, "nested deeper than 64 levels"),
        ("a: \x00\n", "f:1:4: error: the character U+0000"),
        ("a: b\nc: \ud800\n", "f:2:4: error: the character U+D800"),
        ("\U00100041", "U+100041"),
        ("x" * (10 * 1024 * 1024 + 1), "larger than 10 MB"),
        ("<<: 3\n", "only mappings can be merged"),
        ("? [a]\n: 1\n", "a key must be text"),
        ('a: "\\UFFFFFFFF"', "this isn't valid YAML"),
        ("a: 'b\n", "this isn't valid YAML"),
    ],
)
def test_what_is_no_configuration_is_refused_with_a_reason(text: str, words: str) -> None:
    assert words in "\n".join(lines_of(text))


def test_a_plus_before_a_key_is_told_as_a_diff_marker() -> None:
    (line,) = lines_of("a: 1\n+ b: 2\n")
    assert "f:2:1: error:" in line
    assert "diff marker" in line
