"""The rules of the house hold: short files, short functions, a sign on each door, tests by room."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/ostiary"
FILES = sorted(SOURCE.rglob("*.py"))

_LONGEST_FILE = 300
_LONGEST_FUNCTION = 50
_USUAL_FUNCTION = 40


def _name(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield f"{_name(path)}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1


def test_no_file_is_longer_than_a_reader_holds() -> None:
    lengths = {_name(path): len(path.read_text().splitlines()) for path in FILES}
    assert {name: length for name, length in lengths.items() if length > _LONGEST_FILE} == {}


def test_functions_are_short() -> None:
    lengths = dict(one for path in FILES for one in _functions(path))
    assert {name: length for name, length in lengths.items() if length > _LONGEST_FUNCTION} == {}
    over = [name for name, length in lengths.items() if length > _USUAL_FUNCTION]
    assert len(over) <= len(lengths) // 100, over


@pytest.mark.parametrize("path", [p for p in FILES if p.name == "__init__.py"], ids=_name)
def test_every_room_has_a_sign_on_its_door_and_nothing_else(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree), "say what lives here"
    # What third parties import is where they look for it.
    if path.parent.name not in {"cli", "plugins"} and path.parent != SOURCE:
        assert len(tree.body) == 1, "a door is no place to live"


@pytest.mark.parametrize("path", [p for p in FILES if p.name != "__init__.py"], ids=_name)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_nothing_is_switched_off_without_a_reason() -> None:
    bare = re.compile(r"#\s*(?:type:\s*ignore(?!\[[a-z-]+\]\s*#\s*\S)|noqa(?!: [A-Z]+[0-9]+))")
    found = {
        f"{_name(path)}:{number}": line.strip()
        for path in FILES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if bare.search(line)
    }
    assert found == {}


def test_no_test_folder_stands_for_a_room_that_is_gone() -> None:
    rooms = {path.name for path in SOURCE.iterdir() if path.is_dir()}
    folders = {
        path.name
        for path in (ROOT / "tests/unit").iterdir()
        if path.is_dir() and not path.name.startswith(("_", "."))
    }
    assert folders <= rooms


def test_every_test_module_of_a_folder_can_be_told_apart() -> None:
    folders = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    assert [str(one) for one in sorted(folders) if not (one / "__init__.py").exists()] == []


def test_the_import_contracts_are_kept() -> None:
    command = Path(sys.executable).parent / "lint-imports"
    found = subprocess.run(
        [str(command), "--no-cache"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout[-3000:]
