"""``ostiary trust``: the gateway's trusted certificates, and the store they are kept in."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from ostiary.cli.answers import Refusal, Wish
from ostiary.cli.app import app
from ostiary.cli.asking import Asker, asks
from ostiary.cli.options import (
    All,
    Days,
    DryRun,
    Given,
    PasswordFile,
    Search,
    Trusted,
    Unclear,
    password_of,
    trusted_of,
    wish,
)
from ostiary.cli.progress import through, working
from ostiary.cli.putting import NotPlaced, Placed, Put, put_file
from ostiary.cli.showing import (
    answer,
    certificate_facts,
    cut,
    facts,
    say,
    show,
    tell,
    text,
    until,
    when,
)
from ostiary.cli.tables import FAILED, MISUSED, console, misuse
from ostiary.management.sights import ChangeView, StoreState, TruststoreView
from ostiary.management.views import CertificateView, Expiry, Page, TrustedView

trust = typer.Typer(
    no_args_is_help=True, help="Trusted certificates: authorities, or single certificates."
)
app.add_typer(trust, name="trust")

_CHANGES = tuple[ChangeView, ...]


@trust.command("list")
@asks
def list_trusted(
    asker: Asker,
    *,
    search: Search = "",
    expiring: Annotated[
        bool, typer.Option("--expiring", help="Only what has expired or soon will (90 days).")
    ] = False,
    limit: All = None,
) -> None:
    """List what the gateway trusts: by the configuration file first, then by name."""
    found = asker.gateway.pages(Page[TrustedView], "/trusted", limit, search=search)
    shown = tuple(one for one in found if not expiring or one.expiry is not Expiry.GOOD)
    if answer(asker, tuple[TrustedView, ...], shown):
        return
    show(
        ("id", "certificate name", "version", "subject", "issued on", "expires on", "added"),
        [
            (
                one.id or "-",
                one.name,
                _version(one),
                one.subject,
                f"{one.issued_on:%Y-%m-%d}",
                until(one.expires_on, one.expiry),
                f"{one.locked_by} (locked)" if one.locked_by else when(one.added),
            )
            for one in shown
        ],
        nothing="nothing is trusted" if not (search or expiring) else "nothing fits",
    )
    cut(limit, found)


@trust.command("show")
@asks
def show_trusted(
    asker: Asker,
    trusted: Trusted,
    *,
    pem: Annotated[bool, typer.Option("--pem", help="Print the certificates alone, PEM.")] = False,
) -> None:
    """Show every field of a trusted certificate; one of the file by its SHA-256."""
    if len(trusted) == 64 and not trusted.isdecimal():
        path = f"/trusted/locked/{trusted}"
        found: tuple[CertificateView, ...] = (asker.gateway.read(CertificateView, path),)
    else:
        path = f"/trusted/{trusted_of(asker.gateway, trusted)}/certificates"
        found = asker.gateway.read(tuple[CertificateView, ...], path)
    if answer(asker, tuple[CertificateView, ...], found):
        return
    for index, one in enumerate(found):
        if pem:
            typer.echo(one.pem, nl=False)
            continue
        if index:
            console().print()
        console().print(certificate_facts(one))


@trust.command("add")
@asks
def add(
    asker: Asker,
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Certificates: PEM, DER, PKCS#7 or PKCS#12."),
    ],
    *,
    name: Annotated[
        str | None, typer.Option(help="Name in the library; that of the file when left out.")
    ] = None,
    description: Annotated[str, typer.Option(help="What it is for, in the library.")] = "",
    library_only: Annotated[
        bool, typer.Option("--library-only", help="Put it into the library, and trust nothing.")
    ] = False,
    password_file: PasswordFile = None,
    dry_run: DryRun = False,
    days: Days = 30,
) -> None:
    """Trust what files hold.

    Each file becomes a component of the library, or a new version of the component that has its
    name already; that version is trusted from now on, or nothing is changed. A file that is trusted
    already is left.
    """
    if name is not None and len(files) > 1:
        raise misuse("--name is for one file; several get the names of their files")
    put = Put(
        name=name,
        description=description,
        password=password_of(password_file),
        library_only=library_only,
        wish=wish(dry_run=dry_run, days=days),
    )
    done: list[Placed | NotPlaced] = []
    for file in through(files, "trusting"):
        done.append(put_file(asker, file, put))
        if not asker.as_json:
            done[-1].tell(asker)
    answer(asker, list[Any], [one.json() for one in done])
    if any(isinstance(one, NotPlaced) for one in done):
        raise typer.Exit(MISUSED)


@trust.command("upgrade")
@asks
def upgrade(
    asker: Asker,
    trusted: Given = None,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Every one that has a newer version.")
    ] = False,
    dry_run: DryRun = False,
    days: Days = 30,
) -> None:
    """Trust the newest version of the component instead."""
    if bool(trusted) is everything:
        raise misuse("name what to upgrade, or say --all")
    if everything:
        found = asker.gateway.pages(Page[TrustedView], "/trusted", None)
        numbers = [one.id for one in found if one.id is not None and one.upgradable]
    else:
        numbers = [trusted_of(asker.gateway, one) for one in trusted or ()]
    wanted = wish(dry_run=dry_run, days=days)
    done = []
    for one in through(numbers, "upgrading"):
        change = asker.gateway.change("POST", f"/trusted/{one}/upgrade", wanted)
        done.append(change)
        if not asker.as_json:
            tell(asker, change, "upgraded", about=str(one))
    if not answer(asker, _CHANGES, tuple(done)) and not numbers:
        say("everything is at its newest version")


@trust.command("remove")
@asks
def remove(
    asker: Asker,
    trusted: Given = None,
    *,
    confirm_last: Annotated[
        bool,
        typer.Option("--confirm-last", help="Also when nothing would be trusted any more."),
    ] = False,
    dry_run: DryRun = False,
    days: Days = 30,
) -> None:
    """Trust it no more; it stays in the library."""
    if not trusted:
        raise misuse("name what to remove (see: ostiary trust list)")
    wanted = wish(dry_run=dry_run, days=days)
    done = []
    for given in trusted:
        number = trusted_of(asker.gateway, given)
        change = _remove(asker, number, wanted, confirmed=confirm_last)
        done.append(change)
        if not asker.as_json:
            tell(asker, change, "removed", about=given)
    answer(asker, _CHANGES, tuple(done))


@trust.command("recover")
@asks
def recover(asker: Asker, *, dry_run: DryRun = False) -> None:
    """Build the truststore anew from the library, damaged or not.

    Where the database itself is damaged, it goes back to its last good copy first.
    """
    with working("recovering"):
        done = asker.gateway.change("POST", "/truststore/recover", Wish(dry_run=dry_run))
    if not answer(asker, ChangeView, done):
        for warning in done.warnings:
            hint = "" if dry_run else " (repeat what 'ostiary audit' lacks)"
            say(f"warning: {warning}{hint}", "yellow")
        say("only looked at: the truststore would be built anew" if dry_run else "recovered")


@trust.command("verify")
@asks
def verify(asker: Asker) -> None:
    """Look through truststore and database now, and mend what can be. Exit code 1 if damaged."""
    with working("looking"):
        found = asker.gateway.ask(TruststoreView, "/truststore/verify", None)
    if not answer(asker, TruststoreView, found):
        _show_store(found)
    if StoreState.DAMAGED in {found.state, found.database}:
        raise typer.Exit(FAILED)


def _remove(asker: Asker, number: int, wanted: Wish, *, confirmed: bool) -> ChangeView:
    path = f"/trusted/{number}"
    try:
        return asker.gateway.change("DELETE", path, wanted, confirmLast=confirmed or None)
    except Refusal as refusal:
        if refusal.kind != "confirm" or asker.as_json:
            raise
        if not sys.stdin.isatty():
            again = str(refusal).replace("ask again to confirm", "confirm it with --confirm-last")
            raise Unclear(again) from refusal
        say(str(refusal), "yellow")
        typer.confirm("Remove it all the same?", abort=True, err=True)
    return asker.gateway.change("DELETE", path, wanted, confirmLast=True)


def _version(one: TrustedView) -> str:
    if one.version is None:
        return "-"
    return f"{one.version} (upgrade: {one.newest})" if one.upgradable else str(one.version)


def _show_store(found: TruststoreView) -> None:
    back = found.recovery
    console().print(
        facts(
            (
                ("Truststore", _state(found.state, found.detail)),
                ("Database", _state(found.database, found.database_detail)),
                ("Verified", when(found.verified)),
                ("Certificates in force", found.certificates),
                ("Last rebuilt", f"{when(back.at)}, {back.by}" if back else "never"),
            )
        )
    )


def _state(state: StoreState, detail: str) -> Text:
    style = "red" if state is StoreState.DAMAGED else ""
    return text(f"{state.value}: {detail}" if detail else state.value, style)
