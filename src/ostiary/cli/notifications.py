"""``ostiary notifications``: what ends soon, and who was revoked or blocked."""

import time
from typing import Annotated

import typer
from rich.text import Text

from ostiary.cli.answers import to_json
from ostiary.cli.app import app
from ostiary.cli.asking import Asker, asks
from ostiary.cli.options import Most, Unclear
from ostiary.cli.plain import json_text
from ostiary.cli.showing import answer, cut, show, text, when
from ostiary.cli.tables import console
from ostiary.kernel.notices import PATTERNS
from ostiary.management.notified import NotificationView
from ostiary.management.views import Page

_PAUSE_SECONDS = 1.0
_AT_ONCE = 1000
_NEWER = tuple[NotificationView, ...]


def complete_topics(incomplete: str) -> list[str]:
    """Topics and groups of them."""
    return [one for one in PATTERNS if one.startswith(incomplete)]


@app.command()
@asks
def notifications(
    asker: Asker,
    *,
    topic: Annotated[
        str,
        typer.Option(
            metavar="TOPIC",
            help="Only about this, such as client.blocked, or client.* for a group.",
            autocompletion=complete_topics,
        ),
    ] = "",
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C; with --json a line each.")
    ] = False,
    limit: Most = 50,
) -> None:
    """Show what operators were told: what ends soon, who was revoked or blocked; latest first."""
    if follow and not asker.running:
        raise Unclear("the gateway is stopped: there is nothing to follow (start it first)")
    found = asker.gateway.pages(Page[NotificationView], "/notifications", limit, topic=topic)
    if follow:
        _follow(asker, found, topic)
        return
    if answer(asker, _NEWER, found):
        return
    show(
        ("when", "about", "what"),
        [(when(one.at), one.topic, one.summary) for one in found],
        nothing="there was nothing to tell",
    )
    cut(limit, found)


def _follow(asker: Asker, found: tuple[NotificationView, ...], topic: str) -> None:
    fresh, last = found[::-1], 0
    try:
        while True:
            for one in fresh:
                last = one.id
                if asker.as_json:
                    typer.echo(json_text(to_json(NotificationView, one), None))
                else:
                    console().print(_line(one), soft_wrap=True)
            if len(fresh) < _AT_ONCE:
                time.sleep(_PAUSE_SECONDS)
            fresh = asker.gateway.read(
                _NEWER, "/notifications/newer", after=last, topic=topic, limit=_AT_ONCE
            )
    except KeyboardInterrupt:
        return


def _line(one: NotificationView) -> Text:
    return text("  ").join((text(f"{one.at:%Y-%m-%d %H:%M:%S} UTC"), text(one.topic),
                            text(one.summary)))  # fmt: skip
