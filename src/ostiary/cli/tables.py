"""How things look: tables on a terminal, plain lines elsewhere, JSON when asked for."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ostiary.cli.plain import json_text
from ostiary.kernel.errors import OstiaryError, WrongUse
from ostiary.kernel.problems import ConfigRefused, Problem

AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON document.")]

FAILED = 1
"""Exit code: refused, or failed."""
MISUSED = 2
"""Exit code: wrong use, or a configuration that can't be used."""

_WIDE = 4096


def console() -> Console:
    """Standard output, as wide as the terminal; unbounded when it is none, so nothing is cut."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=_WIDE, soft_wrap=True)


def error_console() -> Console:
    """Standard error, likewise: for progress and complaints."""
    found = Console(highlight=False, stderr=True)
    if found.is_terminal:
        return found
    return Console(highlight=False, stderr=True, width=_WIDE, soft_wrap=True)


def emit_json(value: object) -> None:
    """One JSON document on standard output."""
    typer.echo(json_text(value))


def mark(passed: bool) -> str:
    """A coloured ✓ or ✗, in Rich's markup."""
    return "[green]✓[/]" if passed else "[red]✗[/]"


def grid(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A table; cells are Rich markup, so foreign text must come through ``escape``."""
    table = Table(*columns, header_style="bold", pad_edge=False, box=None)
    for row in rows:
        table.add_row(*row)
    return table


def problem_json(problem: Problem) -> dict[str, object]:
    """A problem as an object; ``path`` and ``wayOut`` may be empty."""
    return {
        "file": problem.position.file,
        "line": problem.position.line,
        "column": problem.position.column,
        "severity": problem.severity.value,
        "path": problem.path,
        "message": problem.message,
        "wayOut": problem.way_out,
    }


@contextmanager
def refusals(
    *, as_json: bool, more: Callable[[OstiaryError], Mapping[str, object]] = lambda _: {}
) -> Iterator[None]:
    """With --json, say as JSON too what can't be done; the exit code is the same as without.

    ``more``: what else there is to say about an error.
    """
    try:
        yield
    except ConfigRefused as refused:
        if not as_json:
            raise
        problems = [problem_json(problem) for problem in refused.problems]
        emit_json({"ok": False, "problems": problems})
        raise typer.Exit(MISUSED) from refused
    except OstiaryError as error:
        if not as_json:
            raise
        emit_json({"ok": False, "error": str(error), **more(error)})
        raise typer.Exit(MISUSED if isinstance(error, WrongUse) else FAILED) from error


def misuse(sentence: str) -> typer.BadParameter:
    """Wrong use: told with the command's usage, exit code 2."""
    return typer.BadParameter(sentence)


__all__ = [
    "FAILED",
    "MISUSED",
    "AsJson",
    "console",
    "emit_json",
    "error_console",
    "escape",
    "grid",
    "mark",
    "misuse",
    "problem_json",
    "refusals",
]
