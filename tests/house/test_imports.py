"""Nobody waits for what isn't needed: commands and the start of a gateway import little."""

import inspect
import subprocess
import sys

import pytest

from ostiary.cli import everything
from ostiary.cli.verbs import VERBS

HEAVY = {"fastapi", "starlette", "sqlalchemy", "alembic", "uvicorn", "jinja2", "prometheus_client"}
NOT_FOR_HELP = HEAVY | {"httpx", "cryptography", "uvloop", "asyncio"}
EVERY_VERB = "import ostiary.cli; ostiary.cli.everything()"
THE_START = "import ostiary.wiring.running, ostiary.wiring.administering, ostiary.wiring.logs"


def _imported_by(program: str) -> set[str]:
    told = f"import sys\ntry:\n {program}\nfinally:\n print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True)
    return set(done.stderr.split())


def _packages(modules: set[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules}


def _said(*arguments: str) -> str:
    return f"sys.argv[1:] = {list(arguments)}; from ostiary.cli import main; main()"


@pytest.mark.parametrize(
    ("program", "needed"),
    [(EVERY_VERB, "pydantic"), (THE_START, "uvloop")],
    ids=["commands", "start"],
)
def test_what_administration_needs_is_not_imported_by(program: str, needed: str) -> None:
    found = _packages(_imported_by(program))
    assert needed in found
    assert not found & HEAVY


def test_a_command_does_not_import_the_others() -> None:
    found = _packages(_imported_by("import ostiary.cli.run"))
    assert not found & {"httpx", "pydantic", "cryptography"}


@pytest.mark.parametrize("arguments", [("--version",), ("--help",)], ids=" ".join)
def test_the_root_tells_of_itself_without_importing_a_verb(arguments: tuple[str, ...]) -> None:
    found = _imported_by(_said(*arguments))
    ours = {module for module in found if module.startswith("ostiary")}
    assert "ostiary.cli.app" in ours
    assert len(ours) <= 10, sorted(ours)
    assert not _packages(found) & (NOT_FOR_HELP | {"pydantic"})


@pytest.mark.parametrize("words", ["clients list", "trust list", "dn list", "api list"])
def test_help_of_a_command_imports_little(words: str) -> None:
    found = _imported_by(_said(*words.split(), "--help"))
    ours = {module for module in found if module.startswith("ostiary")}
    assert f"ostiary.cli.{VERBS[words.split(maxsplit=1)[0]].modules[0]}" in ours
    assert len(ours) <= 60, sorted(ours)
    assert not _packages(found) & NOT_FOR_HELP


def test_help_of_the_root_tells_of_each_verb_what_it_says_of_itself() -> None:
    commands = everything().commands
    said = {name: inspect.cleandoc(one.help).split("\n\n")[0] for name, one in commands.items()}
    assert {name: verb.told for name, verb in VERBS.items()} == said
