"""The command line: one file per verb group; prints and exit codes, no decisions."""

from ostiary.cli import apis as _apis  # noqa: F401 - registers its verbs
from ostiary.cli import check as _check  # noqa: F401 - registers its verb
from ostiary.cli import clients as _clients  # noqa: F401 - registers its verbs
from ostiary.cli import demo as _demo  # noqa: F401 - registers its verb
from ostiary.cli import doctor as _doctor  # noqa: F401 - registers its verb
from ostiary.cli import explain as _explain  # noqa: F401 - registers its verb
from ostiary.cli import gateway_auth as _gateway_auth  # noqa: F401 - registers its verbs
from ostiary.cli import library as _library  # noqa: F401 - registers its verbs
from ostiary.cli import names as _names  # noqa: F401 - registers its verbs
from ostiary.cli import run as _run  # noqa: F401 - registers its verb
from ostiary.cli import seen as _seen  # noqa: F401 - registers its verbs
from ostiary.cli import tokens as _tokens  # noqa: F401 - registers its verbs
from ostiary.cli import trust as _trust  # noqa: F401 - registers its verbs
from ostiary.cli.app import app, main

__all__ = ["app", "main"]
