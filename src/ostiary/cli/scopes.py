"""``ostiary scopes``: what credentials can be allowed."""

import typer

from ostiary.cli.answers import Wish
from ostiary.cli.app import app
from ostiary.cli.asking import Asker, asks
from ostiary.cli.consumer_options import DryRun, Scopes, each, place, tell
from ostiary.cli.showing import answer, show
from ostiary.management.sights import ChangeView

scopes = typer.Typer(no_args_is_help=True, help="Scopes: what credentials can be allowed.")
app.add_typer(scopes, name="scopes")


@scopes.command("list")
@asks
def list_scopes(asker: Asker) -> None:
    """List all scopes."""
    found = asker.gateway.read(tuple[str, ...], "/consumers/scopes")
    if not answer(asker, tuple[str, ...], found):
        show(("scope",), [(one,) for one in found], nothing="there are no scopes")


@scopes.command("create")
@asks
def create_scopes(asker: Asker, wanted: Scopes, *, dry_run: DryRun = False) -> None:
    """Make scopes, so that credentials and API endpoints can have them."""
    body = {"scopes": wanted}
    done = asker.gateway.change("POST", "/consumers/scopes", Wish(dry_run=dry_run), body)
    if not answer(asker, ChangeView, done):
        tell(asker, done, "created", " ".join(wanted))


@scopes.command("remove")
@asks
def remove_scopes(asker: Asker, unwanted: Scopes, *, dry_run: DryRun = False) -> None:
    """Remove scopes, also from every credential that has them."""
    each(asker, unwanted, "DELETE", lambda one: place("scopes", one), "removed", dry_run=dry_run)
