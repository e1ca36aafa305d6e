"""What commands about consumers share: their arguments, completion, and what they say."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Annotated
from urllib.parse import quote

import typer

from ostiary.cli.answers import Speaker, Wish
from ostiary.cli.asking import Asker
from ostiary.cli.completing import asked, fitting
from ostiary.cli.showing import answer, say
from ostiary.management.consumers.views import ConsumerView, CredentialView
from ostiary.management.sights import ChangeView
from ostiary.management.views import Page

_MOST = 200


class Form(StrEnum):
    """How a file of consumers is written."""

    JSONL = "jsonl"
    CSV = "csv"


def complete_users(ctx: typer.Context, incomplete: str) -> list[str]:
    """Usernames."""
    return _offered(ctx, incomplete, lambda gateway: _names(gateway, "users", incomplete))


def complete_apps(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of apps."""
    return _offered(ctx, incomplete, lambda gateway: _names(gateway, "apps", incomplete))


def complete_consumers(ctx: typer.Context, incomplete: str) -> list[str]:
    """Usernames, and names of apps."""
    return [*complete_users(ctx, incomplete), *complete_apps(ctx, incomplete)]


def complete_scopes(ctx: typer.Context, incomplete: str) -> list[str]:
    """All scopes."""
    return _offered(
        ctx, incomplete, lambda gateway: gateway.read(tuple[str, ...], "/consumers/scopes")
    )


def complete_credentials(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of credentials."""
    kind, path = Page[CredentialView], "/consumers/credentials"
    return _offered(
        ctx,
        incomplete,
        lambda gateway: [one.name for one in gateway.pages(kind, path, _MOST, search=incomplete)],
    )


Users = Annotated[
    list[str],
    typer.Argument(metavar="USER...", help="Names or ids.", autocompletion=complete_users),
]
User = Annotated[
    str, typer.Argument(metavar="USER", help="Name or id.", autocompletion=complete_users)
]
Apps = Annotated[
    list[str],
    typer.Argument(metavar="APP...", help="Names or ids.", autocompletion=complete_apps),
]
App = Annotated[
    str, typer.Argument(metavar="APP", help="Name or id.", autocompletion=complete_apps)
]
Consumer = Annotated[
    str,
    typer.Argument(
        metavar="CONSUMER",
        help="A user by name or id, or an app.",
        autocompletion=complete_consumers,
    ),
]
Scopes = Annotated[
    list[str],
    typer.Argument(metavar="SCOPE...", help="Scopes.", autocompletion=complete_scopes),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only tell whether it could be done; change nothing.")
]
Firstname = Annotated[str | None, typer.Option(metavar="TEXT", help="Given name.")]
Lastname = Annotated[str | None, typer.Option(metavar="TEXT", help="Family name.")]
Email = Annotated[str | None, typer.Option(metavar="ADDRESS", help="E-mail address.")]
RedirectUri = Annotated[
    str | None, typer.Option(metavar="URI", help="Where an OAuth 2.0 flow would return to.")
]


def place(which: str, called: str) -> str:
    """Where one user or app is."""
    return f"/consumers/{which}/{quote(called, safe='')}"


def given(**fields: object) -> dict[str, object]:
    """What was said on the command line, as a body."""
    return {name: value for name, value in fields.items() if value is not None}


def tell(asker: Asker, done: ChangeView, did: str, about: str) -> None:
    """What came of a change, for people; ``did`` says what was done, as ``removed``."""
    if not done.applied:
        say(f"{about}: would be {did}; nothing was changed")
        return
    say(f"{about}: {did}" + ("" if asker.running else " (acts from the next start on)"))


def each(
    asker: Asker,
    whom: Iterable[str],
    method: str,
    path: Callable[[str], str],
    did: str,
    *,
    body: object = None,
    dry_run: bool,
) -> None:
    """The same change of several, told one by one."""
    done = []
    for one in whom:
        change = asker.gateway.change(method, path(one), Wish(dry_run=dry_run), body)
        done.append(change)
        if not asker.as_json:
            tell(asker, change, did, one)
    answer(asker, tuple[ChangeView, ...], tuple(done))


def _names(gateway: Speaker, which: str, search: str) -> list[str]:
    path = f"/consumers/{which}"
    return [one.name for one in gateway.pages(Page[ConsumerView], path, _MOST, search=search)]


def _offered(
    ctx: typer.Context, incomplete: str, work: Callable[[Speaker], Iterable[str]]
) -> list[str]:
    found = asked(ctx, lambda gateway: list(work(gateway)))
    return fitting(found or (), incomplete)
