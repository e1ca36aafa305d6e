"""``ostiary overview``, ``events`` and ``audit``: what happens, and what was done."""

import time
from collections.abc import Iterable
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from ostiary.cli.answers import to_json
from ostiary.cli.app import app
from ostiary.cli.asking import Asker, asks
from ostiary.cli.options import Most, Unclear, moment
from ostiary.cli.plain import json_text
from ostiary.cli.showing import Cell, answer, cut, facts, number, say, show, table, text, when
from ostiary.cli.tables import console
from ostiary.management.sights import AuditView, EventView, ExpiringView, OverviewView
from ostiary.management.views import Page

_PAUSE_SECONDS = 1.0
_AT_ONCE = 1000


@app.command()
@asks
def overview(asker: Asker) -> None:
    """Show how the gateway is doing: traffic, refusals by reason, what ends soon, what is wrong."""
    one = asker.gateway.read(OverviewView, "/overview")
    if answer(asker, OverviewView, one):
        return
    out = console()
    for banner in one.banners:
        out.print(text(f"{banner.sentence} ({banner.way_out})", "red"), soft_wrap=True)
    out.print(_summary(one))
    if one.refusals:
        out.print()
        out.print(
            table(
                ("refusals", "reason", "meaning"),
                ((number(each.count), each.reason, each.sentence) for each in one.refusals),
            )
        )
    if one.expiring:
        out.print()
        rows = map(_ending, one.expiring)
        out.print(table(("ends", "what", "certificate", "SHA-256"), rows))
        more = one.expiring_count - len(one.expiring)
        if more:
            say(f"and {more:,} more that end within 90 days", "dim")


@app.command()
@asks
def events(
    asker: Asker,
    *,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C; with --json a line each.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=_AT_ONCE, help="The latest so many.")] = 50,
) -> None:
    """Show refusals as they happen, and what report-only policies would refuse."""
    found = asker.gateway.read(tuple[EventView, ...], "/events", limit=limit)
    if not follow:
        if not answer(asker, tuple[EventView, ...], found):
            show(_COLUMNS, [_row(one) for one in found], nothing="nothing was refused lately")
        return
    if not asker.running:
        raise Unclear("the gateway is stopped: there is nothing to follow (start it first)")
    try:
        _follow(asker, found)
    except KeyboardInterrupt:
        return


@app.command()
@asks
def audit(
    asker: Asker,
    *,
    actor: Annotated[str, typer.Option(help="Only by this one, such as token:ci.")] = "",
    action: Annotated[
        str, typer.Option(help="Only this, such as trusted.add; trusted. for all that begin so.")
    ] = "",
    about: Annotated[str, typer.Option(help="Only about this object.")] = "",
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Such as 7d or 2030-01-31.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Such as 1d or 2030-02-01.")
    ] = None,
    limit: Most = 50,
) -> None:
    """Show what was changed and by whom, the latest first."""
    found = asker.gateway.pages(
        Page[AuditView],
        "/audit",
        limit,
        actor=actor,
        action=action,
        about=about,
        since=moment(since, "--since"),
        until=moment(until, "--until"),
    )
    if answer(asker, tuple[AuditView, ...], found):
        return
    show(
        ("when", "who", "what", "object", "before", "after"),
        [
            (
                when(one.at),
                one.actor,
                one.action,
                one.object,
                "" if one.before is None else json_text(one.before, None),
                "" if one.after is None else json_text(one.after, None),
            )
            for one in found
        ],
        nothing="nothing was changed",
    )
    cut(limit, found)


_COLUMNS = ("when", "API", "status", "reason", "client", "subject", "request", "meaning")


def _row(one: EventView) -> tuple[Cell, ...]:
    status = "would refuse" if one.would_refuse else str(one.status or "-")
    return (
        f"{one.at:%Y-%m-%d %H:%M:%S} UTC",
        one.api or one.listener,
        text(status, "yellow" if one.would_refuse else "red"),
        one.reason,
        one.client,
        one.subject,
        f"{one.method} {one.path}".strip(),
        one.sentence,
    )


def _follow(asker: Asker, found: tuple[EventView, ...]) -> None:
    out, last = console(), 0
    while True:
        for one in found:
            last = max(last, one.id)
            if asker.as_json:
                typer.echo(json_text(to_json(EventView, one), None))
            else:
                out.print(_line(_row(one)), soft_wrap=True)
        if len(found) < _AT_ONCE:
            time.sleep(_PAUSE_SECONDS)
        found = asker.gateway.read(tuple[EventView, ...], "/events", after=last, limit=_AT_ONCE)


def _line(cells: Iterable[Cell]) -> Text:
    return text("  ").join(text(one) for one in cells if str(one))


def _summary(one: OverviewView) -> Table:
    traffic = one.traffic
    return facts(
        (
            ("Version", one.version),
            ("Up since", when(one.started)),
            ("Client certificate auth", one.type),
            ("APIs", number(one.apis)),
            ("Trusted certificates", number(one.trusted)),
            ("Clients seen", number(one.clients)),
            ("Requests in the last hour", number(sum(each.requests for each in traffic))),
            ("let through", number(sum(each.admitted for each in traffic))),
            ("refused", number(sum(each.refused for each in traffic))),
            ("would be refused", number(sum(each.would_refuse for each in traffic))),
        )
    )


def _ending(one: ExpiringView) -> tuple[Cell, ...]:
    ends = text(f"{one.not_after:%Y-%m-%d}", "red" if one.expired else "yellow")
    return ends, one.kind.value, one.name, one.fingerprint
