"""``ostiary tokens``: credentials of the admin API."""

from typing import Annotated

import typer

from ostiary.cli.answers import Wish
from ostiary.cli.app import app
from ostiary.cli.asking import Asker, asks
from ostiary.cli.options import Unclear, moment
from ostiary.cli.showing import answer, say, show, when
from ostiary.management.sights import ChangeView, TokenView
from ostiary.store.database.records import Role

tokens = typer.Typer(no_args_is_help=True, help="Credentials of console and admin API.")
app.add_typer(tokens, name="tokens")


@tokens.command("list")
@asks
def list_tokens(asker: Asker) -> None:
    """List all tokens, ended and revoked ones too; never a secret."""
    found = asker.gateway.read(tuple[TokenView, ...], "/tokens")
    if answer(asker, tuple[TokenView, ...], found):
        return
    show(
        ("id", "name", "role", "begins with", "created", "by", "expires", "last used", "active"),
        [
            (
                one.id,
                one.name,
                one.role.value,
                one.prefix,
                when(one.created),
                one.created_by,
                when(one.expires) or "never",
                when(one.last_used) or "never",
                "yes" if one.active else "no",
            )
            for one in found
        ],
        nothing="there are no tokens",
    )


@tokens.command("create")
@asks
def create(
    asker: Asker,
    name: Annotated[str, typer.Argument(help="Who will use it; shown in the audit log.")],
    *,
    role: Annotated[
        Role, typer.Option(help="viewer reads, operator changes, admin also makes tokens.")
    ] = Role.VIEWER,
    expires: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Such as 90d or 2030-01-31; never when left out."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell whether it could be made.")
    ] = False,
) -> None:
    """Make a token. The token alone is printed on standard output, this once."""
    body = {
        "name": name,
        "role": role.value,
        "expires": moment(expires, "--expires", ahead=True),
    }
    made = asker.gateway.order(TokenView, "POST", "/tokens", Wish(dry_run=dry_run), body)
    if answer(asker, TokenView, made):
        return
    ends = f"until {when(made.expires)}" if made.expires else "without an end"
    if made.secret is None:
        say(f"{name}: could be made, {role.value}, {ends}")
        return
    say(f"{name}: {role.value}, {ends}; it is shown this once:")
    typer.echo(made.secret)


@tokens.command("revoke")
@asks
def revoke(
    asker: Asker,
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="Its number, or its name.")],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell whether it could be ended.")
    ] = False,
) -> None:
    """End a token at once."""
    number = _number(asker, token)
    done = asker.gateway.change("DELETE", f"/tokens/{number}", Wish(dry_run=dry_run))
    if not answer(asker, ChangeView, done):
        say(f"{token}: revoked" if done.applied else f"{token}: could be revoked")


def _number(asker: Asker, given: str) -> int:
    if given.isdecimal():
        return int(given)
    found = asker.gateway.read(tuple[TokenView, ...], "/tokens")
    numbers = [one.id for one in found if one.name == given and one.active]
    if len(numbers) != 1:
        what = f"several active tokens: name one of {numbers}" if numbers else "no active token"
        raise Unclear(f"{given!r} is the name of {what} (see: ostiary tokens list)")
    return numbers[0]
