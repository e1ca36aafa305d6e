"""Nobody waits for what isn't needed: commands and the start of a gateway import little."""

import subprocess
import sys

import pytest

HEAVY = {"fastapi", "starlette", "sqlalchemy", "alembic", "uvicorn", "jinja2", "prometheus_client"}
EVERY_VERB = "import ostiary.cli; list(ostiary.cli.app.info.cls().commands)"
THE_START = "import ostiary.wiring.running, ostiary.wiring.administering, ostiary.wiring.logs"


def _imported_by(program: str) -> set[str]:
    told = f"{program}; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True)
    return {module.partition(".")[0] for module in done.stdout.split()}


@pytest.mark.parametrize(
    ("program", "needed"), [(EVERY_VERB, "httpx"), (THE_START, "uvloop")], ids=["commands", "start"]
)
def test_what_administration_needs_is_not_imported_by(program: str, needed: str) -> None:
    found = _imported_by(program)
    assert needed in found
    assert not found & HEAVY


def test_a_command_does_not_import_the_others() -> None:
    assert not _imported_by("import ostiary.cli.run") & {"httpx", "pydantic", "cryptography"}
