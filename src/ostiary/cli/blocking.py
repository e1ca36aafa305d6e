"""``ostiary clients block``, ``unblock`` and ``blocked``: who may pass nowhere."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ostiary.cli.answers import Speaker
from ostiary.cli.asking import Asker, asks
from ostiary.cli.clients import clients
from ostiary.cli.options import All, Days, DryRun, Search, Unclear, content_of, moment, wish
from ostiary.cli.showing import Cell, answer, cut, show, tell, text, when
from ostiary.cli.tables import misuse
from ostiary.cli.uploading import read_upload
from ostiary.management.clients import BlockedView
from ostiary.management.sights import ChangeView
from ostiary.management.views import Page
from ostiary.x509.errors import UnreadableError

if TYPE_CHECKING:
    from ostiary.x509.certificate import Certificate

_FINGERPRINT = re.compile(r"(?:[0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}")

Whom = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SHA-256|FILE]...", help="Fingerprints, or files with the certificates."
    ),
]
Issuer = Annotated[
    str | None,
    typer.Option(metavar="DN", help="With --serial: whoever has this number from this issuer."),
]
Serial = Annotated[str | None, typer.Option(metavar="HEX", help="With --issuer.")]


@clients.command("block")
@asks
def block(
    asker: Asker,
    whom: Whom = None,
    *,
    issuer: Issuer = None,
    serial: Serial = None,
    note: Annotated[str, typer.Option(help="Why; people who wonder will read it.")] = "",
    until: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="When it ends, such as 7d or 2030-01-31; else never."),
    ] = None,
    dry_run: DryRun = False,
    days: Days = 30,
) -> None:
    """Refuse certificates everywhere, at once: on open connections and resumed sessions, too.

    Of a file with a chain the first certificate is blocked. One that is blocked already gets this
    note and this end.
    """
    body = {
        **_named(whom, issuer, serial),
        "note": note,
        "until": moment(until, "--until", ahead=True),
    }
    done = asker.gateway.change("POST", "/blocked", wish(dry_run=dry_run, days=days), body)
    if not answer(asker, ChangeView, done):
        tell(asker, done, "blocked")


@clients.command("unblock")
@asks
def unblock(
    asker: Asker,
    whom: Whom = None,
    *,
    issuer: Issuer = None,
    serial: Serial = None,
    dry_run: DryRun = False,
    days: Days = 30,
) -> None:
    """Judge certificates as all others again."""
    _refuse_unclear(whom, issuer, serial)
    if issuer and serial:
        found = [_blocked_by_issuer(asker.gateway, issuer, serial)]
    else:
        wanted_ones = [_fingerprint(_certificate(one)) for one in whom or ()]
        found = [_blocked(asker.gateway, one) for one in wanted_ones]
    wanted = wish(dry_run=dry_run, days=days)
    done = []
    for one in found:
        change = asker.gateway.change("DELETE", f"/blocked/{one.id}", wanted)
        done.append(change)
        if not asker.as_json:
            tell(asker, change, "unblocked", about=_who(one))
    answer(asker, tuple[ChangeView, ...], tuple(done))


@clients.command("blocked")
@asks
def blocked(asker: Asker, *, search: Search = "", limit: All = None) -> None:
    """List who is blocked, the latest first, with who did it, when and why."""
    found = asker.gateway.pages(Page[BlockedView], "/blocked", limit, search=search)
    if answer(asker, tuple[BlockedView, ...], found):
        return
    show(
        ("certificate", "note", "until", "blocked", "by", "subject"),
        [_row(one) for one in found],
        nothing="nobody is blocked" if not search else "nothing fits",
    )
    cut(limit, found)


def _row(one: BlockedView) -> tuple[Cell, ...]:
    end: Cell = when(one.until) or "unblocked"
    if not one.in_force:
        end = text(f"{when(one.until)} (over)", "dim")
    return _who(one), one.note, end, when(one.added), one.added_by, one.subject


def _who(one: BlockedView) -> str:
    return one.fingerprint or f"serial {one.serial} of {one.issuer}"


def _named(whom: list[str] | None, issuer: str | None, serial: str | None) -> dict[str, Any]:
    """As the API takes it; a file alone goes whole, so that its subject is known."""
    _refuse_unclear(whom, issuer, serial)
    if issuer:
        return {"issuer": issuer, "serial": serial}
    found = [_certificate(one) for one in whom or ()]
    if len(found) == 1 and not isinstance(found[0], str):
        return {"certificate": found[0].pem.decode()}
    return {"fingerprints": [_fingerprint(one) for one in found]}


def _refuse_unclear(whom: list[str] | None, issuer: str | None, serial: str | None) -> None:
    if bool(issuer) is not bool(serial) or bool(whom) is bool(issuer):
        raise misuse("name certificates by fingerprint or file, or one by --issuer and --serial")


def _certificate(given: str) -> "Certificate | str":
    """What a file holds; else the fingerprint."""
    if _FINGERPRINT.fullmatch(given) and not Path(given).exists():
        return given.replace(":", "").lower()
    try:
        return read_upload(content_of(Path(given)), None)[0]
    except UnreadableError as error:
        raise Unclear(f"{given!r}: {error}") from error


def _fingerprint(one: "Certificate | str") -> str:
    return one if isinstance(one, str) else one.fingerprint


def _blocked(gateway: Speaker, fingerprint: str) -> BlockedView:
    found = gateway.pages(Page[BlockedView], "/blocked", None, search=fingerprint)
    one = next((one for one in found if one.fingerprint == fingerprint), None)
    if one is None:
        raise Unclear(f"{fingerprint} is not blocked (see: ostiary clients blocked)")
    return one


def _blocked_by_issuer(gateway: Speaker, issuer: str, serial: str) -> BlockedView:
    from ostiary.trust.blocks import by_issuer  # noqa: PLC0415 - reads names: not for help

    wanted = by_issuer(issuer, serial)
    found = gateway.pages(Page[BlockedView], "/blocked", None, search=f"{wanted.serial:X}")
    for one in found:
        if one.serial and by_issuer(one.issuer, one.serial).mark == wanted.mark:
            return one
    raise Unclear(
        f"serial {wanted.serial:X} of {issuer!r} is not blocked (see: ostiary clients blocked)"
    )
