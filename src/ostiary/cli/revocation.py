"""``ostiary trust revocation``: where revocation lists come from, and how fresh they are."""

from typing import Annotated

import typer

from ostiary.cli.asking import Asker, asks
from ostiary.cli.showing import Cell, answer, number, say, show, text, when
from ostiary.cli.tables import misuse
from ostiary.cli.trust import trust
from ostiary.management.revocation_views import (
    Freshness,
    OcspView,
    ResponderView,
    RevocationView,
    SourceView,
)

_STYLES = {
    Freshness.CURRENT: "green",
    Freshness.SOON: "yellow",
    Freshness.NOT_BEGUN: "yellow",
    Freshness.ENDED: "red",
    Freshness.UNUSABLE: "red",
    Freshness.MISSING: "red",
}


@trust.command("revocation")
@asks
def revocation(
    asker: Asker,
    *,
    fetch: Annotated[
        bool,
        typer.Option(
            "--fetch", help="First fetch what comes from URLs, and read files again, now."
        ),
    ] = False,
    source: Annotated[
        str | None, typer.Option(metavar="SOURCE", help="With --fetch: this URL or file only.")
    ] = None,
) -> None:
    """List the sources of revocation lists and OCSP: how fresh they are, and what happens when
    they end."""
    if source and not fetch:
        raise misuse("--source goes with --fetch")
    if fetch:
        view = asker.gateway.ask(RevocationView, "/revocation/fetch", {"source": source})
    else:
        view = asker.gateway.read(RevocationView, "/revocation")
    if answer(asker, RevocationView, view):
        return
    show(
        ("source", "state", "ends", "issuer", "number", "entries", "fetched", "next try"),
        [row for one in view.sources for row in _rows(one)],
        nothing="no revocation list is named (see: clientCertificateAuth.revocation.crl)",
    )
    for one in view.sources:
        if one.error:
            say(f"{one.source}: {one.error}", "red")
    for sentence in dict.fromkeys(line for one in view.sources for line in one.then):
        say(f"when a list has ended: {sentence}", "dim")
    if view.ocsp is not None:
        _show_ocsp(view.ocsp)


def _show_ocsp(ocsp: OcspView) -> None:
    show(
        ("OCSP responder", "state", "answers", "failures", "asked again"),
        [
            (
                one.url,
                _well(one),
                number(one.answers),
                number(one.failures),
                when(one.left_alone_until),
            )
            for one in ocsp.responders
        ],
        nothing="no OCSP responder was asked yet",
    )
    for one in ocsp.responders:
        if one.error:
            say(f"{one.url}: {one.error}", "red")
    say(f"answers at hand: {ocsp.good} good, {ocsp.revoked} revoked, {ocsp.unknown} unknown")
    for sentence in ocsp.then:
        say(f"when an answer has ended, and there is no other: {sentence}", "dim")


def _well(one: ResponderView) -> Cell:
    if one.left_alone_until is not None:
        return text("left alone", "red")
    if one.error:
        return text("failed", "yellow")
    return text("answers", "green") if one.answers else text("not asked", "dim")


def _rows(one: SourceView) -> list[tuple[Cell, ...]]:
    """A row for each list; the first one has the source."""
    last: tuple[Cell, ...] = (when(one.confirmed), when(one.next_try))
    if not one.lists:
        return [(one.source, _state(one.freshness), "", "", "", "", *last)]
    return [
        (
            "" if index else one.source,
            _state(found.freshness),
            when(found.next_update),
            found.issuer + (" (delta)" if found.kind == "delta" else ""),
            "" if found.number is None else str(found.number),
            number(found.entries),
            *(("", "") if index else last),
        )
        for index, found in enumerate(one.lists)
    ]


def _state(one: Freshness) -> Cell:
    return text(one.value, _STYLES[one])
