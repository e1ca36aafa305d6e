"""``ostiary apps``: programs that users own."""

from typing import Annotated

import typer

from ostiary.cli.answers import Wish
from ostiary.cli.app import app
from ostiary.cli.asking import Asker, asks
from ostiary.cli.consumer_options import (
    App,
    Apps,
    DryRun,
    RedirectUri,
    complete_users,
    each,
    given,
    place,
    tell,
)
from ostiary.cli.options import All, Search
from ostiary.cli.showing import answer, cut, facts, show, when, yes
from ostiary.cli.tables import console
from ostiary.management.consumers.views import ConsumerView
from ostiary.management.sights import ChangeView
from ostiary.management.views import Page

apps = typer.Typer(no_args_is_help=True, help="Apps: consumers of APIs that users own.")
app.add_typer(apps, name="apps")

Owner = Annotated[
    str,
    typer.Option(
        "--user", metavar="USER", help="Who owns it: name or id.", autocompletion=complete_users
    ),
]


def _place(called: str) -> str:
    return place("apps", called)


@apps.command("list")
@asks
def list_apps(asker: Asker, *, user: Owner = "", search: Search = "", limit: All = None) -> None:
    """List apps, the oldest first, of one user or of all."""
    path = "/consumers/apps"
    found = asker.gateway.pages(Page[ConsumerView], path, limit, user=user, search=search)
    if answer(asker, tuple[ConsumerView, ...], found):
        return
    show(
        ("app", "user", "active", "id", "created"),
        [
            (one.name, one.user_name, yes(one.active), str(one.id), when(one.created))
            for one in found
        ],
        nothing="nothing fits" if search or user else "there are no apps",
    )
    cut(limit, found)


@apps.command("show")
@asks
def show_app(asker: Asker, called: App) -> None:
    """Show one app. Where several users have one of this name, give its id."""
    one = asker.gateway.read(ConsumerView, _place(called))
    if answer(asker, ConsumerView, one):
        return
    rows = (
        *(("App", one.name), ("Id", str(one.id)), ("Active", yes(one.active))),
        *(("User", one.user_name), ("Redirect URI", one.redirect_uri)),
        *(("Created", when(one.created)), ("Changed", when(one.updated))),
    )
    console().print(facts(rows))


@apps.command("create")
@asks
def create_app(
    asker: Asker,
    name: Annotated[str, typer.Argument(help="Unique among the apps of its user.")],
    *,
    user: Owner,
    redirect_uri: RedirectUri = None,
    dry_run: DryRun = False,
) -> None:
    """Make an app of a user. The id is printed on standard output."""
    body = given(user=user, name=name, redirectUri=redirect_uri)
    done = asker.gateway.change("POST", "/consumers/apps", Wish(dry_run=dry_run), body)
    if answer(asker, ChangeView, done):
        return
    tell(asker, done, "created", name)
    if done.applied:
        typer.echo(done.object)


@apps.command("change")
@asks
def change_app(
    asker: Asker,
    called: App,
    *,
    name: Annotated[str | None, typer.Option(metavar="TEXT", help="Another name.")] = None,
    redirect_uri: RedirectUri = None,
    dry_run: DryRun = False,
) -> None:
    """Rename an app, or describe it anew; what isn't named stays."""
    body = given(name=name, redirectUri=redirect_uri)
    each(asker, [called], "PATCH", _place, "changed", body=body, dry_run=dry_run)


@apps.command("activate")
@asks
def activate_apps(asker: Asker, whom: Apps, *, dry_run: DryRun = False) -> None:
    """Let apps in again, whose users are active."""
    each(asker, whom, "PATCH", _place, "activated", body={"active": True}, dry_run=dry_run)


@apps.command("deactivate")
@asks
def deactivate_apps(asker: Asker, whom: Apps, *, dry_run: DryRun = False) -> None:
    """Shut apps out, at once, on open connections."""
    each(asker, whom, "PATCH", _place, "deactivated", body={"active": False}, dry_run=dry_run)


@apps.command("remove")
@asks
def remove_apps(asker: Asker, whom: Apps, *, dry_run: DryRun = False) -> None:
    """Remove apps with their credentials."""
    each(asker, whom, "DELETE", _place, "removed", dry_run=dry_run)
