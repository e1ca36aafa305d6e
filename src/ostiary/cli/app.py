"""The root of the command line: verbs are registered here, errors become exit codes here."""

import io
import sys

import typer

from ostiary import __version__
from ostiary.kernel.errors import OstiaryError, WrongUse
from ostiary.kernel.problems import ConfigRefused

app = typer.Typer(
    name="ostiary",
    help="A mutual-TLS API gateway: HAProxy carries the traffic, Python decides who may pass.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ostiary {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version and exit."
    ),
) -> None:
    """Options of every command."""


def run_app() -> int:
    """Run; 0 fine, 1 refused or failed, 2 wrong use or wrong configuration."""
    for stream in (sys.stdout, sys.stderr):
        # Names come from files: what can't be encoded is shown escaped, not a reason to fail.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app(standalone_mode=True)
    except ConfigRefused as refused:
        for problem in refused.problems:
            typer.echo(str(problem), err=True)
        return 2
    except OstiaryError as error:
        typer.echo(f"ostiary: {error}", err=True)
        return 2 if isinstance(error, WrongUse) else 1
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    return 0


def main() -> None:
    """The console script."""
    sys.exit(run_app())
