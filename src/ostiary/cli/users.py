"""``ostiary users``: people who may have credentials."""

from typing import Annotated

import typer

from ostiary.cli.answers import Wish
from ostiary.cli.app import app
from ostiary.cli.asking import Asker, asks
from ostiary.cli.consumer_options import (
    DryRun,
    Email,
    Firstname,
    Lastname,
    RedirectUri,
    User,
    Users,
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

users = typer.Typer(no_args_is_help=True, help="Users: consumers of APIs, and owners of apps.")
app.add_typer(users, name="users")


def _place(user: str) -> str:
    return place("users", user)


@users.command("list")
@asks
def list_users(asker: Asker, *, search: Search = "", limit: All = None) -> None:
    """List users, the oldest first."""
    found = asker.gateway.pages(Page[ConsumerView], "/consumers/users", limit, search=search)
    if answer(asker, tuple[ConsumerView, ...], found):
        return
    show(
        ("username", "name", "email", "active", "id", "created"),
        [
            (
                *(one.name, f"{one.firstname} {one.lastname}".strip(), one.email),
                *(yes(one.active), str(one.id), when(one.created)),
            )
            for one in found
        ],
        nothing="nothing fits" if search else "there are no users",
    )
    cut(limit, found)


@users.command("show")
@asks
def show_user(asker: Asker, user: User) -> None:
    """Show one user."""
    one = asker.gateway.read(ConsumerView, _place(user))
    if answer(asker, ConsumerView, one):
        return
    rows = (
        *(("Username", one.name), ("Id", str(one.id)), ("Active", yes(one.active))),
        *(("First name", one.firstname), ("Last name", one.lastname), ("E-mail", one.email)),
        ("Redirect URI", one.redirect_uri),
        *(("Created", when(one.created)), ("Changed", when(one.updated))),
    )
    console().print(facts(rows))


@users.command("create")
@asks
def create_user(
    asker: Asker,
    username: Annotated[str, typer.Argument(help="What the user is called by; it stays.")],
    *,
    firstname: Firstname = None,
    lastname: Lastname = None,
    email: Email = None,
    redirect_uri: RedirectUri = None,
    dry_run: DryRun = False,
) -> None:
    """Make a user. The id is printed on standard output."""
    body = given(
        username=username,
        firstname=firstname,
        lastname=lastname,
        email=email,
        redirectUri=redirect_uri,
    )
    done = asker.gateway.change("POST", "/consumers/users", Wish(dry_run=dry_run), body)
    if answer(asker, ChangeView, done):
        return
    tell(asker, done, "created", username)
    if done.applied:
        typer.echo(done.object)


@users.command("change")
@asks
def change_user(
    asker: Asker,
    user: User,
    *,
    firstname: Firstname = None,
    lastname: Lastname = None,
    email: Email = None,
    redirect_uri: RedirectUri = None,
    dry_run: DryRun = False,
) -> None:
    """Describe a user anew; what isn't named stays, and an empty text removes."""
    body = given(firstname=firstname, lastname=lastname, email=email, redirectUri=redirect_uri)
    each(asker, [user], "PATCH", _place, "changed", body=body, dry_run=dry_run)


@users.command("activate")
@asks
def activate_users(asker: Asker, whom: Users, *, dry_run: DryRun = False) -> None:
    """Let users in again. Their apps stay inactive until they are activated themselves."""
    each(asker, whom, "PATCH", _place, "activated", body={"active": True}, dry_run=dry_run)


@users.command("deactivate")
@asks
def deactivate_users(asker: Asker, whom: Users, *, dry_run: DryRun = False) -> None:
    """Shut users out with all their apps, at once, on open connections."""
    each(asker, whom, "PATCH", _place, "deactivated", body={"active": False}, dry_run=dry_run)


@users.command("remove")
@asks
def remove_users(asker: Asker, whom: Users, *, dry_run: DryRun = False) -> None:
    """Remove users with their apps and all credentials."""
    each(asker, whom, "DELETE", _place, "removed", dry_run=dry_run)
