"""Names that others chose can't make the terminal, the tables or the JSON do anything."""

import json

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from ostiary.cli.plain import json_text, plain
from ostiary.cli.showing import facts, table
from tests.doors.cli_rig import Shell
from tests.doors.rig import House

TEXTS = st.text(st.characters(), max_size=40)
HOSTILE = "\x1b]0;owned\x07 \x9b31m [red]x[/red] \u202egpj.exe \r\n\t:warning: \x7f \\"


def obeyed(text: str) -> list[str]:
    """What a terminal could act on."""
    return [one for one in text if one != "\n" and not one.isprintable()]


@given(TEXTS)
def test_plain_text_has_one_line_and_nothing_to_obey(text: str) -> None:
    assert plain(text).isprintable()


@given(st.recursive(TEXTS | st.integers() | st.none(), lambda x: st.lists(x, max_size=3)))
def test_json_means_what_was_given_and_has_nothing_to_obey(value: object) -> None:
    for indent in (None, 2):
        written = json_text(value, indent)
        assert json.loads(written) == value
        assert obeyed(written) == []


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=3))
def test_cells_of_tables_are_shown_and_not_obeyed(rows: list[tuple[str, str]]) -> None:
    out = Console(width=4096, force_terminal=False, highlight=False)
    with out.capture() as shown:
        out.print(table(("a", "b"), rows))
        out.print(facts(rows[:1]))
    assert obeyed(shown.get()) == []


def test_markup_and_emoji_are_shown_as_they_were_written() -> None:
    out = Console(width=4096, force_terminal=False)
    with out.capture() as shown:
        out.print(table(("a",), [(HOSTILE,)]))
    text = shown.get()
    assert "[red]x[/red]" in text
    assert ":warning:" in text
    assert obeyed(text) == []


def test_a_certificate_with_markup_in_its_name_is_shown_as_it_is(house: House) -> None:
    shell = Shell(house)
    name = "[red]x[/] :bomb: \\"
    made = house.kit.root("odd", common_name=name)
    shell.good("trust", "add", made.certificate_file, "--name", "[bold]odd[/] :bomb:")
    for words in (
        ("trust", "list"),
        ("trust", "show", "[bold]odd[/] :bomb:"),
        ("trust", "library", "list"),
        ("trust", "library", "show", "1"),
        ("audit",),
        ("overview",),
        ("trust", "remove", "[red]\x1bnot there"),
    ):
        done = shell(*words)
        assert obeyed(done.out) == []
        assert obeyed(done.err) == []
        assert "Traceback" not in done.err
    listed = shell.good("trust", "list").out
    assert "[bold]odd[/] :bomb:" in listed
    assert name in listed or name.replace("\\", "\\\\") in listed
