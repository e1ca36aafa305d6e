"""``ostiary webhooks``: how receivers of notifications are doing."""

import asyncio
import secrets
from pathlib import Path
from typing import Annotated

import typer

from ostiary.cli.answers import to_json
from ostiary.cli.app import app
from ostiary.cli.asking import Asker, Way, asks, may_ask
from ostiary.cli.completing import complete_webhooks
from ostiary.cli.options import Most, Unclear, content_of
from ostiary.cli.showing import Cell, answer, cut, number, say, show, text, when
from ostiary.cli.tables import FAILED, emit_json
from ostiary.config.model.base import Wrong
from ostiary.config.model.notifications import checked_address
from ostiary.kernel.webhooks import PREFIX, BadSecret, read_secret
from ostiary.management.notified import AnswerView, DeliveryView, WebhookView
from ostiary.management.views import Page
from ostiary.services.webhooks import Target

webhooks = typer.Typer(no_args_is_help=True, help="Receivers of notifications.")
app.add_typer(webhooks, name="webhooks")

_STYLES = {"delivered": "", "retrying": "yellow", "given-up": "red"}


@webhooks.command("list")
@asks
def list_webhooks(asker: Asker) -> None:
    """List the webhooks of the configuration, and how each is doing; never a secret."""
    found = asker.gateway.read(tuple[WebhookView, ...], "/webhooks")
    if answer(asker, tuple[WebhookView, ...], found):
        return
    show(
        ("webhook", "address", "state", "waiting", "delivered last", "last trouble"),
        [_row(one) for one in found],
        nothing="no webhook is set up (name one under notifications.webhooks in the configuration)",
    )


@webhooks.command("deliveries")
@asks
def deliveries(
    asker: Asker,
    webhook: Annotated[
        str, typer.Argument(help="Of this one only.", autocompletion=complete_webhooks)
    ] = "",
    *,
    limit: Most = 50,
) -> None:
    """Show what became of notifications at webhooks, the latest first."""
    found = asker.gateway.pages(Page[DeliveryView], "/webhooks/deliveries", limit, webhook=webhook)
    if answer(asker, tuple[DeliveryView, ...], found):
        return
    show(
        ("when", "webhook", "about", "outcome", "attempts", "status", "detail", "id"),
        [
            (
                when(one.at),
                one.webhook,
                one.topic,
                text(one.outcome.value, _STYLES[one.outcome.value]),
                number(one.attempts),
                str(one.status or ""),
                one.detail,
                one.uid,
            )
            for one in found
        ],
        nothing="nothing was sent",
    )
    cut(limit, found)


@webhooks.command("test")
@may_ask
def try_webhook(
    way: Way,
    webhook: Annotated[
        str,
        typer.Argument(
            metavar="NAME|URL",
            help="A webhook of the configuration; or any address, which this command asks itself.",
            autocompletion=complete_webhooks,
        ),
    ],
    *,
    secret_file: Annotated[
        Path | None,
        typer.Option(help="For a URL: file with the secret; else one is made for this test."),
    ] = None,
    webhook_ca: Annotated[
        Path | None,
        typer.Option(help="For a URL: authorities of its certificate, PEM; else the system's."),
    ] = None,
) -> None:
    """Send a test, signed as every notification, and show what the receiver answers."""
    if "://" in webhook:
        found = _tested(webhook, secret_file, webhook_ca)
    elif secret_file or webhook_ca:
        raise Unclear("--secret-file and --webhook-ca are for a URL: a webhook has its own")
    else:
        with way.asker() as asker:
            found = asker.gateway.ask(AnswerView, f"/webhooks/{webhook}/test", None)
    if way.as_json:
        emit_json(to_json(AnswerView, found))
    else:
        _tell(found)
    if not found.delivered:
        raise typer.Exit(FAILED)


def _tell(found: AnswerView) -> None:
    took = f"{found.milliseconds:,} ms"
    if found.delivered:
        say(f"{found.webhook}: taken, status {found.status}, {took} (id {found.uid})")
        return
    status = f"status {found.status}, " if found.status else ""
    say(f"{found.webhook}: not taken: {status}{found.detail} ({took}, id {found.uid})", "red")


def _tested(url: str, secret_file: Path | None, ca_file: Path | None) -> AnswerView:
    try:
        target = Target(
            name="test",
            url=checked_address(url),
            keys=(_key(secret_file),),
            authorities=content_of(ca_file).decode("ascii", "replace") if ca_file else "",
        )
    except Wrong as wrong:
        raise Unclear(f"{wrong} ({wrong.way_out})" if wrong.way_out else str(wrong)) from None
    # The HTTP client's libraries come with it: only when they are needed.
    from ostiary.management.notifications import a_test  # noqa: PLC0415
    from ostiary.wiring import world  # noqa: PLC0415
    from ostiary.wiring.posting import Poster  # noqa: PLC0415

    notification = a_test(secrets.token_hex(16), "a test, from the command line", world.now())
    found = asyncio.run(Poster(world.event_source())(target, notification))
    return AnswerView(
        webhook=target.shown,
        uid=notification.uid,
        delivered=found.delivered,
        status=found.status,
        detail=found.detail,
        milliseconds=found.milliseconds,
    )


def _key(file: Path | None) -> bytes:
    if file is None:
        return secrets.token_bytes(32)
    try:
        return read_secret(content_of(file).decode("ascii", "replace").strip().partition("\n")[0])
    except BadSecret as bad:
        raise Unclear(f"the secret in {str(file)!r} {bad} (it begins with {PREFIX})") from bad


def _row(one: WebhookView) -> tuple[Cell, ...]:
    state: Cell = "working" if one.delivered else "nothing sent yet"
    trouble = ""
    if one.failures:
        state = text(f"failing, {one.failures} in a row", "red")
        due = f"; next {when(one.due)}" if one.due else ""
        trouble = f"{one.last.detail}{due}" if one.last else ""
    return one.name, one.address, state, number(one.waiting), when(one.delivered), trouble
