"""``ostiary clients``: the client certificates that were seen."""

from typing import Annotated

import typer

from ostiary.cli.app import app
from ostiary.cli.asking import Asker, asks
from ostiary.cli.completing import complete_apis
from ostiary.cli.options import Most, Search
from ostiary.cli.paths import client_path
from ostiary.cli.showing import Cell, answer, cut, facts, number, show, text, until, when
from ostiary.cli.tables import console
from ostiary.management.clients import ClientView
from ostiary.management.views import Page

clients = typer.Typer(no_args_is_help=True, help="Client certificates that were seen.")
app.add_typer(clients, name="clients")

_COLUMNS = ("subject", "verdict", "requests", "last seen", "APIs", "expires on", "SHA-256")
Api = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Only those seen there.", autocompletion=complete_apis),
]


@clients.command("list")
@asks
def list_clients(
    asker: Asker,
    *,
    search: Search = "",
    api: Api = None,
    admitted: Annotated[
        bool | None, typer.Option("--admitted/--refused", help="Only those; else both.")
    ] = None,
    seen_days: Annotated[
        int | None, typer.Option(min=0, max=36500, help="Only those of the last so many days.")
    ] = None,
    issuer: Annotated[
        str, typer.Option(metavar="TEXT", help="Only those with this in their issuer's name.")
    ] = "",
    limit: Most = 50,
) -> None:
    """List the certificates that were seen, the latest first."""
    found = asker.gateway.pages(
        Page[ClientView],
        "/clients",
        limit,
        search=search,
        api=api,
        admitted=admitted,
        seenDays=seen_days,
        issuer=issuer,
    )
    _shown(asker, found, limit)


@clients.command("expiring")
@asks
def expiring(
    asker: Asker,
    *,
    days: Annotated[int, typer.Option(min=0, max=36500, help="Within so many days.")] = 90,
    search: Search = "",
    api: Api = None,
    limit: Most = 50,
) -> None:
    """List the certificates that were seen and end soon, the nearest end first."""
    found = asker.gateway.pages(
        Page[ClientView], "/clients", limit, search=search, api=api, expiringDays=days
    )
    _shown(asker, found, limit)


@clients.command("show")
@asks
def show_client(
    asker: Asker,
    fingerprint: Annotated[str, typer.Argument(metavar="SHA-256", help="Of its certificate.")],
) -> None:
    """Show what is known of one client."""
    one = asker.gateway.read(ClientView, client_path(fingerprint))
    if answer(asker, ClientView, one):
        return
    console().print(
        facts(
            (
                ("Subject", one.subject),
                ("Issuer", one.issuer),
                ("Serial", one.serial),
                ("SHA-256", one.fingerprint),
                ("Expires on", until(one.not_after, one.expiry)),
                ("Verdict", _verdict(one)),
                ("Trusted by", one.anchor_name or one.anchor),
                ("First seen", when(one.first_seen)),
                ("Last seen", when(one.last_seen)),
                ("Requests", number(one.count)),
                ("APIs", "  ".join(one.apis)),
            )
        )
    )


def _shown(asker: Asker, found: tuple[ClientView, ...], limit: int) -> None:
    if answer(asker, tuple[ClientView, ...], found):
        return
    show(_COLUMNS, [_row(one) for one in found], nothing="no such certificate was seen")
    cut(limit, found)


def _row(one: ClientView) -> tuple[Cell, ...]:
    return (
        one.subject,
        _verdict(one),
        number(one.count),
        when(one.last_seen),
        "  ".join(one.apis),
        until(one.not_after, one.expiry),
        one.fingerprint,
    )


def _verdict(one: ClientView) -> Cell:
    if one.blocked is not None:
        return text("blocked", "red")
    if one.would_refuse:
        return text(f"would refuse: {one.reason}", "yellow")
    return text("admitted", "green") if one.admitted else text(one.reason or "refused", "red")
