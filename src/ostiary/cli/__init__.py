"""The command line: one file per verb group; prints and exit codes, no decisions."""

from ostiary.cli import check as _check  # noqa: F401 - registers its verb
from ostiary.cli import demo as _demo  # noqa: F401 - registers its verb
from ostiary.cli import doctor as _doctor  # noqa: F401 - registers its verb
from ostiary.cli import explain as _explain  # noqa: F401 - registers its verb
from ostiary.cli import run as _run  # noqa: F401 - registers its verb
from ostiary.cli.app import app, main

__all__ = ["app", "main"]
