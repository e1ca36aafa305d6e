"""What the shell offers after TAB: names that the running gateway knows, if it answers at once."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ostiary.cli.answers import Speaker
from ostiary.cli.reaching import admin_socket, answers, local_client
from ostiary.cli.run import DEFAULT_CONFIG, state_folder
from ostiary.kernel.errors import OstiaryError
from ostiary.management.views import ApiView, ComponentView, Page, TrustedView

if TYPE_CHECKING:
    from ostiary.config.model.document import Document

_AT_ONCE = 1.0
_MOST = 200


def complete_apis(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of APIs: of the running gateway, else of the configuration file."""
    found = asked(ctx, lambda gateway: _apis(gateway, incomplete))
    return fitting(_apis_of_file(ctx) if found is None else found, incomplete)


def complete_components(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names in the certificate library."""
    found = asked(
        ctx,
        lambda gateway: [
            one.name
            for one in gateway.pages(Page[ComponentView], "/library", _MOST, search=incomplete)
        ],
    )
    return fitting(found or (), incomplete)


def complete_trusted(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of trusted certificates that can be changed."""
    found = asked(
        ctx,
        lambda gateway: [
            one.name
            for one in gateway.pages(Page[TrustedView], "/trusted", _MOST, search=incomplete)
            if one.id is not None
        ],
    )
    return fitting(found or (), incomplete)


def complete_webhooks(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of webhooks: of the configuration file."""
    try:
        found = _document(ctx).notifications.webhooks
    except OstiaryError:
        return []
    return fitting(found, incomplete)


def asked(ctx: typer.Context, work: Callable[[Speaker], list[str]]) -> list[str] | None:
    """None where nobody answers: completion never complains, and touches no data folder."""
    path = admin_socket(state_folder(_config(ctx), _path(ctx.params.get("state"))))
    try:
        if not answers(path):
            return None
        with local_client(path, _AT_ONCE) as http:
            return work(Speaker(http, "the gateway"))
    except OstiaryError:
        return None


def _apis(gateway: Speaker, search: str) -> list[str]:
    return [one.name for one in gateway.read(tuple[ApiView, ...], "/apis", search=search[:200])]


def _apis_of_file(ctx: typer.Context) -> Iterable[str]:
    try:
        return _document(ctx).api_endpoints
    except OstiaryError:
        return ()


def _document(ctx: typer.Context) -> "Document":
    # What reads a whole configuration: only for these two questions, not for every command.
    from ostiary.plugins.call import not_looked_at  # noqa: PLC0415
    from ostiary.wiring.ground import read_file  # noqa: PLC0415

    return read_file(_config(ctx), not_looked_at).document


def _config(ctx: typer.Context) -> Path:
    return _path(ctx.params.get("config")) or DEFAULT_CONFIG


def _path(given: object) -> Path | None:
    return Path(str(given)) if given else None


def fitting(names: Iterable[str], incomplete: str) -> list[str]:
    """In order; names that a shell's line can't take are left out."""
    return sorted(one for one in names if one.startswith(incomplete) and one.isprintable())[:_MOST]
