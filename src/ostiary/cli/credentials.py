"""``ostiary credentials``: how consumers show who they are."""

from pathlib import Path
from typing import Annotated

import typer

from ostiary.cli.answers import Speaker, Wish
from ostiary.cli.app import app
from ostiary.cli.asking import Asker, asks
from ostiary.cli.consumer_options import (
    Consumer,
    DryRun,
    Scopes,
    complete_consumers,
    complete_credentials,
    complete_scopes,
    each,
    given,
)
from ostiary.cli.credential_rules import Cert, Dn, From, Issuer, San, Serial, Until, rules_of
from ostiary.cli.options import All, Search, Unclear, moment, password_of
from ostiary.cli.showing import answer, cut, facts, say, show, when, yes
from ostiary.cli.tables import console, misuse
from ostiary.consumers.model import CredentialType
from ostiary.management.consumers.views import CredentialView
from ostiary.management.views import Page

credentials = typer.Typer(
    no_args_is_help=True, help="Credentials of users and apps: keys, passwords, certificates."
)
app.add_typer(credentials, name="credentials")
scopes = typer.Typer(no_args_is_help=True, help="What a credential is allowed.")
credentials.add_typer(scopes, name="scopes")

Type = Annotated[CredentialType, typer.Option("--type", "-t", help="How the consumer shows it.")]
Called = Annotated[
    str,
    typer.Argument(
        metavar="CREDENTIAL", help="Its number or name.", autocompletion=complete_credentials
    ),
]
Several = Annotated[
    list[str],
    typer.Argument(
        metavar="CREDENTIAL...",
        help="Their numbers or names.",
        autocompletion=complete_credentials,
    ),
]
_LIST = "/consumers/credentials"


@credentials.command("list")
@asks
def list_credentials(
    asker: Asker,
    *,
    consumer: Annotated[
        str,
        typer.Option(
            metavar="CONSUMER", help="Only of this one.", autocompletion=complete_consumers
        ),
    ] = "",
    kind: Annotated[
        CredentialType | None, typer.Option("--type", "-t", help="Only of this type.")
    ] = None,
    search: Search = "",
    limit: All = None,
) -> None:
    """List credentials, the oldest first, inactive ones too; never a secret."""
    found = asker.gateway.pages(
        Page[CredentialView],
        _LIST,
        limit,
        consumer=consumer,
        type=kind.value if kind else None,
        search=search,
    )
    if answer(asker, tuple[CredentialView, ...], found):
        return
    show(
        ("number", "type", "name", "consumer", "active", "scopes", "counts until"),
        [
            (
                *(one.id, one.type.value, one.name, one.consumer_name, yes(one.active)),
                *(" ".join(one.scopes), when(one.valid_until)),
            )
            for one in found
        ],
        nothing="nothing fits" if consumer or kind or search else "there are no credentials",
    )
    cut(limit, found)


@credentials.command("show")
@asks
def show_credential(asker: Asker, called: Called) -> None:
    """Show one credential; never its secret."""
    one = asker.gateway.read(CredentialView, _place(asker.gateway, called))
    if answer(asker, CredentialView, one):
        return
    rules = (", ".join(f"{name}={value}" for name, value in rule.items()) for rule in one.rules)
    rows = (
        *(("Number", str(one.id)), ("Type", one.type.value), ("Name", one.name)),
        ("Consumer", f"{one.consumer_kind.value} {one.consumer_name} ({one.consumer})"),
        *(("Active", yes(one.active)), ("Scopes", " ".join(one.scopes))),
        *(("Certificates", rule) for rule in rules),
        *(("Counts from", when(one.valid_from)), ("Counts until", when(one.valid_until))),
        *(("Created", when(one.created)), ("Changed", when(one.updated))),
    )
    console().print(facts(row for row in rows if row[1]))


@credentials.command("create")
@asks
def create_credential(
    asker: Asker,
    consumer: Consumer,
    *,
    kind: Type,
    name: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Id of a key, subject of a JWT; made when left out."),
    ] = None,
    secret_file: Annotated[
        Path | None,
        typer.Option(help="File whose first line is the secret; one is made when left out."),
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(metavar="SCOPE", help="What it allows.", autocompletion=complete_scopes),
    ] = None,
    cert: Cert = None,
    issuer: Issuer = None,
    serial: Serial = None,
    dn: Dn = None,
    san: San = None,
    valid_from: From = None,
    valid_until: Until = None,
    dry_run: DryRun = False,
) -> None:
    """Make a credential. Id and secret are printed on standard output, this once."""
    rules = rules_of(cert=cert, issuer=issuer, serial=serial, dn=dn, san=san)
    if kind is CredentialType.CERTIFICATE and not rules:
        raise misuse("which certificates? Name them: --cert, --issuer with --serial, --dn or --san")
    body = given(
        consumer=consumer,
        type=kind.value,
        name=name,
        secret=password_of(secret_file),
        scopes=scope or None,
        rules=rules or None,
        validFrom=moment(valid_from, "--from", ahead=True),
        validUntil=moment(valid_until, "--until", ahead=True),
    )
    made = asker.gateway.order(CredentialView, "POST", _LIST, Wish(dry_run=dry_run), body)
    if answer(asker, CredentialView, made):
        return
    _tell(made, dry_run=dry_run)


def _tell(made: CredentialView, *, dry_run: bool) -> None:
    for warning in made.warnings:
        say(f"warning: {warning}", "yellow")
    of = f"{made.type.value} of {made.consumer_kind.value} {made.consumer_name}"
    if dry_run:
        say(f"{of}: could be made")
    elif made.secret is None:
        say(f"{of}: created")
        typer.echo(made.name)
    else:
        say(f"{of}: created; its secret is shown this once:")
        typer.echo(f"{made.name}:{made.secret}")


@credentials.command("change")
@asks
def change_credential(
    asker: Asker,
    called: Called,
    *,
    cert: Cert = None,
    issuer: Issuer = None,
    serial: Serial = None,
    dn: Dn = None,
    san: San = None,
    valid_from: From = None,
    valid_until: Until = None,
    dry_run: DryRun = False,
) -> None:
    """Tie a certificate credential to other certificates, or give it other dates."""
    body = given(
        rules=rules_of(cert=cert, issuer=issuer, serial=serial, dn=dn, san=san) or None,
        validFrom=moment(valid_from, "--from", ahead=True),
        validUntil=moment(valid_until, "--until", ahead=True),
    )
    _each(asker, [called], "changed", body, dry_run=dry_run)


@credentials.command("activate")
@asks
def activate(asker: Asker, whom: Several, *, dry_run: DryRun = False) -> None:
    """Let credentials count again."""
    _each(asker, whom, "activated", {"active": True}, dry_run=dry_run)


@credentials.command("deactivate")
@asks
def deactivate(asker: Asker, whom: Several, *, dry_run: DryRun = False) -> None:
    """Let credentials count no more, at once, on open connections; they stay on record."""
    _each(asker, whom, "deactivated", {"active": False}, dry_run=dry_run)


@credentials.command("remove")
@asks
def remove(asker: Asker, whom: Several, *, dry_run: DryRun = False) -> None:
    """Remove credentials; their names may be given again."""
    each(
        asker,
        whom,
        "DELETE",
        lambda one: _place(asker.gateway, one),
        "removed",
        dry_run=dry_run,
    )


@scopes.command("add")
@asks
def add_scopes(asker: Asker, called: Called, wanted: Scopes, *, dry_run: DryRun = False) -> None:
    """Allow a credential more."""
    _each(asker, [called], "allowed that", {"addScopes": wanted}, dry_run=dry_run)


@scopes.command("remove")
@asks
def remove_scopes(
    asker: Asker, called: Called, unwanted: Scopes, *, dry_run: DryRun = False
) -> None:
    """Allow a credential less."""
    _each(asker, [called], "allowed less", {"removeScopes": unwanted}, dry_run=dry_run)


@scopes.command("set")
@asks
def set_scopes(asker: Asker, called: Called, wanted: Scopes, *, dry_run: DryRun = False) -> None:
    """Allow a credential just these."""
    _each(asker, [called], "allowed just that", {"scopes": wanted}, dry_run=dry_run)


def _each(asker: Asker, whom: list[str], did: str, body: object, *, dry_run: bool) -> None:
    each(
        asker,
        whom,
        "PATCH",
        lambda one: _place(asker.gateway, one),
        did,
        body=body,
        dry_run=dry_run,
    )


def _place(gateway: Speaker, called: str) -> str:
    """Where a credential is, by its number or by its name. Raises Unclear."""
    found = gateway.pages(Page[CredentialView], _LIST, None, name=called)
    if not found and called.isdecimal():
        return f"{_LIST}/{called}"
    if len(found) != 1:
        numbers = ", ".join(f"{one.id} ({one.type.value})" for one in found)
        what = f"several credentials: name one of {numbers}" if found else "no credential"
        raise Unclear(f"{called!r} is the name of {what} (see: ostiary credentials list)")
    return f"{_LIST}/{found[0].id}"
