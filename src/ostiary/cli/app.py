"""The root of the command line: verbs are registered with it, errors become exit codes here."""

import io
import sys
from collections.abc import Iterable, MutableMapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from ostiary import __version__
from ostiary.kernel.errors import OstiaryError, WrongUse
from ostiary.kernel.problems import ConfigRefused

_MODULES = {
    "run": ("run",),
    "check": ("check",),
    "demo": ("demo",),
    "doctor": ("doctor",),
    "import": ("importing",),
    "explain": ("explain",),
    "overview": ("seen",),
    "events": ("seen",),
    "audit": ("seen",),
    "notifications": ("notifications",),
    "webhooks": ("webhooks",),
    "api": ("apis",),
    "clients": ("clients", "blocking"),
    "client-auth": ("gateway_auth",),
    "trust": ("trust", "library", "revocation"),
    "dn": ("names",),
    "users": ("users",),
    "apps": ("consumer_apps",),
    "credentials": ("credentials",),
    "consumers": ("consumers",),
    "scopes": ("scopes",),
    "tokens": ("tokens",),
    "ca": ("ca", "ca_issuing", "ca_revoking", "ca_enrolling", "ca_publishing"),
}
"""Modules of this package by verb, in the order of the help; importing one registers its verbs."""


class Verbs(TyperGroup):
    """The root's commands, each imported when it is asked for."""

    @property
    def commands(self) -> MutableMapping[str, Any]:
        """All of them, in the order of the help."""
        return self._registered(_MODULES)

    @commands.setter
    def commands(self, registered: MutableMapping[str, Any]) -> None:
        # What the root's constructor finds: the verbs that happen to be imported by then.
        self._known = registered

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - as typer calls it
        """One command; None if there is no such."""
        # Of a word that is none, typer tells which ones are alike: all of them are looked at.
        wanted = (cmd_name,) if cmd_name in _MODULES else _MODULES
        return self._registered(wanted).get(cmd_name)

    def invoke(self, ctx: Any) -> Any:
        """Run one, without the words of a library before what is wrong with a choice."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")
            raise

    def _registered(self, wanted: Iterable[str]) -> MutableMapping[str, Any]:
        for verb in wanted:
            for module in _MODULES[verb]:
                import_module(f"ostiary.cli.{module}")
        known = getattr(typer.main.get_group(app), "_known", {})
        return {verb: known[verb] for verb in _MODULES if verb in known}


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
