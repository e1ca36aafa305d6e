"""``ostiary ca``: tokens devices enrol with, and requests that wait for approval.

Asked of the gateway, which has them from devices; the other commands work in the authority's
folder.
"""

import re
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from ostiary.ca.signing import Purpose
from ostiary.cli.answers import Wish
from ostiary.cli.asking import Asker, asks
from ostiary.cli.ca import ca
from ostiary.cli.ca_files import PUBLIC_FILE
from ostiary.cli.options import All
from ostiary.cli.showing import answer, cut, facts, say, show, text, when
from ostiary.cli.tables import console, misuse
from ostiary.management.authority.views import CertifiedView, EnrolTokenView, RequestView
from ostiary.management.views import Page
from ostiary.store.files import write_atomically

T = TypeVar("T")

_DURATION = re.compile(r"([0-9]{1,6})([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_AS_IT_IS = Wish()

Number = Annotated[
    int, typer.Argument(metavar="REQUEST", min=1, help="Its number (see: ostiary ca requests).")
]


class Which(Enum):
    """Requests to be listed."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    ALL = "all"


@ca.command("requests")
@asks
def list_requests(
    asker: Asker,
    *,
    only: Annotated[Which, typer.Option(help="Which of them.")] = Which.PENDING,
    limit: All = None,
) -> None:
    """List requests for certificates that wait for approval, the newest first."""
    wanted = "" if only is Which.ALL else only.value
    found = asker.gateway.pages(Page[RequestView], "/ca/requests", limit, only=wanted)
    if answer(asker, tuple[RequestView, ...], found):
        return
    show(
        ("request", "name", "for", "subject", "alternative names", "asked by", "received", "state"),
        [
            (
                one.id,
                one.name,
                one.purpose.value,
                one.subject,
                "  ".join(one.alternative_names),
                one.asked_by,
                when(one.received),
                text(f"{one.state.value}: {one.problem}", "red")
                if one.problem
                else one.state.value,
            )
            for one in found
        ],
        nothing="nobody waits" if only is Which.PENDING else "there are none",
    )
    cut(limit, found)


@ca.command("request")
@asks
def show_request(asker: Asker, request: Number) -> None:
    """Show what a request asks for, and what stands against it."""
    one = asker.gateway.read(RequestView, f"/ca/requests/{request}")
    if answer(asker, RequestView, one):
        return
    decided = f"{when(one.decided)}, by {one.decided_by}" if one.decided else ""
    rows = (
        ("Request", str(one.id)),
        ("Name", one.name),
        ("For", one.purpose.value),
        ("Subject", one.subject),
        ("Alternative names", "  ".join(one.alternative_names)),
        ("Key", one.key),
        ("Asked by", one.asked_by),
        ("Received", when(one.received)),
        ("State", one.state.value),
        ("Stands against it", text(one.problem, "red") if one.problem else ""),
        ("Decided", decided),
        ("Why", one.note),
        ("Serial number", one.serial),
    )
    console().print(facts((name, value) for name, value in rows if value))


@ca.command("approve")
@asks
def approve(
    asker: Asker,
    request: Number,
    *,
    days: Annotated[
        int | None,
        typer.Option(min=1, max=36500, help="How long it is valid; else as the profile says."),
    ] = None,
    another: Annotated[
        bool,
        typer.Option(
            "--another", help="Also if the name has a good certificate with another key or names."
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write the certificate here, too, PEM."),
    ] = None,
) -> None:
    """Issue what a request asks for; the device gets it when it asks again."""
    body = {"days": days, "another": another}
    done = _send(asker, CertifiedView, f"/ca/requests/{request}/approve", body)
    if out is not None:
        write_atomically(out, done.certificate.encode(), mode=PUBLIC_FILE)
    if not answer(asker, CertifiedView, done):
        say(f"{done.name}: until {done.not_after:%Y-%m-%d}, serial number {done.serial}")


@ca.command("deny")
@asks
def deny(
    asker: Asker,
    request: Number,
    *,
    note: Annotated[str, typer.Option(help="Why; whoever asked is told.")] = "",
) -> None:
    """Refuse a request for good."""
    done = _send(asker, RequestView, f"/ca/requests/{request}/deny", {"note": note})
    if not answer(asker, RequestView, done):
        say(f"{done.name}: denied")


@ca.command("token")
@asks
def make_token(
    asker: Asker,
    *,
    name: Annotated[
        str,
        typer.Option(metavar="NAME", help="The common name it is for; * for any characters."),
    ],
    uses: Annotated[int, typer.Option(min=1, help="How many certificates.")] = 1,
    valid: Annotated[
        str, typer.Option(metavar="DURATION", help="How long, as 30m, 12h or 7d.")
    ] = "1d",
    server: Annotated[
        bool, typer.Option("--server/--client", help="For a server, or for a client.")
    ] = False,
    approval: Annotated[
        bool, typer.Option("--approval", help="Have each request wait for an operator.")
    ] = False,
) -> None:
    """Make a token that a device enrols with. It alone is printed, this once."""
    body = {
        "name": name,
        "purpose": (Purpose.SERVER if server else Purpose.CLIENT).value,
        "uses": uses,
        "validSeconds": int(_duration(valid).total_seconds()),
        "approval": approval,
    }
    made = _send(asker, EnrolTokenView, "/ca/tokens", body)
    if answer(asker, EnrolTokenView, made):
        return
    times = "once" if made.uses == 1 else f"{made.uses} times"
    say(f"token {made.id}, for {made.name}: {times}, until {when(made.expires)}; shown this once:")
    typer.echo(made.secret)


@ca.command("tokens")
@asks
def list_tokens(asker: Asker) -> None:
    """List the tokens devices enrol with, the newest first; never a secret."""
    found = asker.gateway.read(tuple[EnrolTokenView, ...], "/ca/tokens")
    if answer(asker, tuple[EnrolTokenView, ...], found):
        return
    show(
        ("token", "name", "for", "used", "approval", "made", "by", "until", "active"),
        [
            (
                one.id,
                one.name,
                one.purpose.value,
                f"{one.used} of {one.uses}",
                "yes" if one.approval else "no",
                when(one.created),
                one.created_by,
                when(one.expires),
                "yes" if one.active else "no",
            )
            for one in found
        ],
        nothing="there are no tokens",
    )


@ca.command("end-token")
@asks
def end_token(
    asker: Asker,
    token: Annotated[int, typer.Argument(min=1, help="Its number (see: ostiary ca tokens).")],
) -> None:
    """Let nothing new be asked for with a token."""
    done = asker.gateway.order(EnrolTokenView, "DELETE", f"/ca/tokens/{token}", _AS_IT_IS)
    if not answer(asker, EnrolTokenView, done):
        say(f"token {done.id}, for {done.name}: ended")


def _send(asker: Asker, kind: type[T], path: str, body: object) -> T:
    return asker.gateway.order(kind, "POST", path, _AS_IT_IS, body)


def _duration(given: str) -> timedelta:
    found = _DURATION.fullmatch(given)
    if found is None:
        raise misuse(f"--valid: {given!r} is no duration (write 30m, 12h or 7d)")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])
