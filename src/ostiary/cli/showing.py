"""Views as tables: every foreign word harmless, times in UTC, what needs care in colour."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ostiary.cli.answers import to_json
from ostiary.cli.asking import Asker
from ostiary.cli.plain import plain
from ostiary.cli.tables import console, emit_json, error_console
from ostiary.config.auth_words import Source
from ostiary.management.sights import ChangeView, Effect, PreviewView
from ostiary.management.views import CertificateView, Expiry, Setting

Cell = str | int | Text | None

_EXPIRY = {
    Expiry.GOOD: ("", ""),
    Expiry.SOON: ("yellow", " (soon)"),
    Expiry.EXPIRED: ("red", " (expired)"),
    Expiry.NOT_YET: ("yellow", " (not valid yet)"),
}
_EFFECTS = {Effect.REFUSED: "red", Effect.ADMITTED: "green", Effect.UNKNOWN: "yellow"}
_SOURCES = {
    Source.STORE: "set here",
    Source.GATEWAY: "inherited from the gateway",
    Source.DEFAULT: "default",
}


def text(value: Cell, style: str = "") -> Text:
    """A cell; foreign text is neither obeyed by the terminal nor taken for markup."""
    if isinstance(value, Text):
        return value
    return Text(plain("" if value is None else str(value)), style=style, overflow="fold")


def table(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Table:
    """Rows under headings."""
    made = Table(*columns, header_style="bold", pad_edge=False, box=None)
    for row in rows:
        made.add_row(*map(text, row))
    return made


def facts(rows: Iterable[tuple[str, Cell]]) -> Table:
    """What is known of one thing, a line each."""
    made = Table.grid("", "", padding=(0, 2))
    for name, value in rows:
        made.add_row(text(name, "bold"), text(value))
    return made


def show(columns: Sequence[str], rows: Sequence[Sequence[Cell]], *, nothing: str) -> None:
    """A table on standard output, or a sentence when it would be empty."""
    if rows:
        console().print(table(columns, rows))
    else:
        say(nothing)


def say(sentence: str, style: str = "") -> None:
    """A sentence for people, on standard error: never part of what is piped on."""
    _line(error_console(), sentence, style)


def cut(most: int | None, found: Sequence[object]) -> None:
    """Tell that there may be more than was shown."""
    if most is not None and len(found) == most:
        say(f"the first {most} are shown; --limit shows more", "dim")


def when(at: datetime | None) -> str:
    """To the minute, in UTC; empty for never."""
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else ""


def until(at: datetime, expiry: Expiry) -> Text:
    """The column *Expires On* with its indicator."""
    style, word = _EXPIRY[expiry]
    return Text(f"{at:%Y-%m-%d}{word}", style=style)


def number(count: int) -> str:
    """With separators for people."""
    return f"{count:,}"


def origin(setting: Setting[Any]) -> str:
    """Where a setting comes from, and whether it can be changed."""
    if setting.locked_by is not None:
        return f"set by {setting.locked_by} (locked)"
    return _SOURCES.get(setting.source, setting.source.value)


def yes(wanted: bool) -> str:
    """A switch."""
    return "yes" if wanted else "no"


def certificate_facts(one: CertificateView) -> Table:
    """Every field of a certificate."""
    return facts(
        (
            ("Subject", one.subject),
            ("Issuer", one.issuer),
            ("Serial", one.serial),
            ("Issued on", when(one.not_before)),
            ("Expires on", until(one.not_after, one.expiry)),
            ("SHA-256", one.fingerprint),
            ("Key", one.key),
            ("Signature", one.signature),
            ("Version", one.version),
            ("SHA-1", one.sha1),
            ("Authority", yes(one.is_ca)),
            ("Path length", "" if one.path_length is None else number(one.path_length)),
            ("Self-issued", yes(one.is_self_issued)),
            ("Alternative names", "  ".join(one.alternative_names)),
            ("Extended key usage", "  ".join(one.extended_key_usages)),
            ("Key usage", "  ".join(one.key_usages)),
            ("Policies", "  ".join(one.policies)),
            ("Subject key id", one.subject_key_id),
            ("Authority key id", one.authority_key_id),
            ("Revocation lists", "  ".join(one.crl_addresses)),
            ("OCSP", "  ".join(one.ocsp_addresses)),
            ("Issuer's certificate", "  ".join(one.issuer_addresses)),
            ("Issuers known here", "  ".join(one.chain)),
        )
    )


def tell(asker: Asker, done: ChangeView, did: str, *, about: str = "") -> None:
    """What came of a change, for people; ``did`` says what was done, as ``removed``."""
    where = f"{about}: " if about else ""
    for warning in done.warnings:
        say(f"warning: {warning}", "yellow")
    if not done.applied:
        say(f"{where}would be {did}; nothing was changed")
        if done.preview is None:
            say("nothing in force would change")
        else:
            show_preview(done.preview)
        return
    if not asker.running:
        how = "acts from the next start on"
    else:
        how = "the engine was reloaded" if done.reloaded else "without a reload"
    say(f"{where}{did} ({how}; revision {done.revision})")


def answer(asker: Asker, kind: Any, value: object) -> bool:
    """Print a view of this kind as JSON if that was asked for; whether it was."""
    if asker.as_json:
        emit_json(to_json(kind, value))
    return asker.as_json


def show_preview(preview: PreviewView) -> None:
    """Which of the clients seen lately a change would touch."""
    out = console()
    for warning in preview.warnings:
        say(f"warning: {warning}", "yellow")
    out.print(
        facts(
            (
                (f"Clients of the last {preview.days} days", number(preview.looked_at)),
                ("newly refused", text(number(preview.newly_refused), _style(preview, "red"))),
                ("newly admitted", number(preview.newly_admitted)),
                ("unknown", number(preview.unknown)),
                ("unchanged", number(preview.unchanged)),
            )
        )
    )
    if preview.examples:
        out.print()
        out.print(_examples(preview))


def _style(preview: PreviewView, style: str) -> str:
    return style if preview.newly_refused else ""


def _examples(preview: PreviewView) -> Table:
    return table(
        ("effect", "client", "API", "now", "then", "why", "last seen", "requests"),
        (
            (
                text(one.effect.value, _EFFECTS[one.effect]),
                one.subject,
                one.api or "(everywhere)",
                one.before or "admitted",
                "unknown" if one.effect is Effect.UNKNOWN else one.after or "admitted",
                one.sentence,
                when(one.last_seen),
                number(one.count),
            )
            for one in preview.examples
        ),
    )


def _line(out: Console, sentence: str, style: str) -> None:
    out.print(text(sentence, style), soft_wrap=True)
