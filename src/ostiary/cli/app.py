"""The root of the command line: verbs are registered with it, errors become exit codes here."""

import io
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from ostiary import __version__
from ostiary.cli.verbs import VERBS
from ostiary.kernel.errors import OstiaryError, WrongUse
from ostiary.kernel.problems import ConfigRefused


class Verbs(TyperGroup):
    """The root's commands: those not imported yet have a name and a line of help."""

    def __init__(self, *, commands: dict[str, Any], **more: Any) -> None:
        """``commands``: those that happen to be imported by now."""
        super().__init__(commands=_whole(commands), **more)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is wanted, imported now."""
        if _missing(args[0]):
            self.commands = _whole(_registered(args[0]))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run one, without the words of a library before what is wrong with a choice."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")
            raise


def _whole(commands: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: commands.get(name) or TyperCommand(name, help=verb.told)
        for name, verb in VERBS.items()
    }


def _missing(verb: str) -> list[str]:
    modules = VERBS[verb].modules if verb in VERBS else ()
    return [name for module in modules if (name := f"ostiary.cli.{module}") not in sys.modules]


def _registered(*verbs: str) -> Mapping[str, Any]:
    for verb in verbs:
        for module in _missing(verb):
            import_module(module)
    return typer.main.get_group(app).commands


def everything() -> Any:
    """The root command with every verb imported: for what tells about all of them."""
    _registered(*VERBS)
    return typer.main.get_command(app)


app = typer.Typer(
    name="ostiary",
    cls=Verbs,
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
