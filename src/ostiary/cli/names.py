"""``ostiary dn``: trusted distinguished names, at the gateway and at single APIs."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ostiary.cli.app import app
from ostiary.cli.asking import Asker, asks
from ostiary.cli.options import All, Api, Days, DryRun, Search, content_of, pem_of, wish
from ostiary.cli.progress import working
from ostiary.cli.showing import answer, cut, say, show, tell, text, when
from ostiary.cli.tables import FAILED, console, misuse
from ostiary.management.sights import ChangeView
from ostiary.management.views import NameTrialView, NameView, Page
from ostiary.store.files import write_atomically

dn = typer.Typer(
    no_args_is_help=True,
    help="Trusted distinguished names: which subjects pass, at the gateway or at one API.",
)
app.add_typer(dn, name="dn")

Patterns = Annotated[
    list[str],
    typer.Argument(
        metavar="PATTERN...", help="Such as 'CN=device-*,O=Example,**'; see docs for the rules."
    ),
]
SomePatterns = Annotated[list[str] | None, typer.Argument(metavar="PATTERN...")]


@dn.command("list")
@asks
def list_names(asker: Asker, *, api: Api = None, search: Search = "", limit: All = None) -> None:
    """List the patterns in force, with what is worth knowing about them."""
    found = asker.gateway.pages(Page[NameView], "/names", limit, api=api, search=search)
    if answer(asker, tuple[NameView, ...], found):
        return
    show(
        ("pattern", "note", "added", "by", "remarks"),
        [
            (
                one.pattern,
                one.note,
                when(one.added),
                one.added_by or f"{one.locked_by} (locked)",
                text("; ".join(told.sentence for told in one.advice), "yellow"),
            )
            for one in found
        ],
        nothing="no name is asked for: every subject of a trusted certificate passes",
    )
    cut(limit, found)


@dn.command("add")
@asks
def add(
    asker: Asker,
    patterns: Patterns,
    *,
    api: Api = None,
    note: Annotated[str, typer.Option(help="Why they are there.")] = "",
    dry_run: DryRun = False,
    days: Days = 30,
) -> None:
    """Add patterns; ones that are there already are left."""
    done = asker.gateway.change(
        "POST",
        "/names",
        wish(dry_run=dry_run, days=days),
        {"patterns": patterns, "note": note},
        api=api,
    )
    _told(asker, done, "added", about=_count(len(patterns)))


@dn.command("remove")
@asks
def remove(
    asker: Asker, patterns: Patterns, *, api: Api = None, dry_run: DryRun = False, days: Days = 30
) -> None:
    """Remove patterns, written as in the list. An API whose last one goes inherits again."""
    done = asker.gateway.change(
        "POST",
        "/names/remove",
        wish(dry_run=dry_run, days=days),
        {"patterns": patterns},
        api=api,
    )
    _told(asker, done, "removed", about=_count(len(patterns)))


@dn.command("replace")
@asks
def replace(
    asker: Asker,
    patterns: SomePatterns = None,
    *,
    none: Annotated[
        bool, typer.Option("--none", help="Make the list empty: no name is asked for.")
    ] = False,
    api: Api = None,
    dry_run: DryRun = False,
    days: Days = 30,
) -> None:
    """Make the list just these."""
    if bool(patterns) is none:
        raise misuse("name the patterns, or say --none")
    done = asker.gateway.change(
        "PUT",
        "/names",
        wish(dry_run=dry_run, days=days),
        {"patterns": patterns or []},
        api=api,
    )
    _told(asker, done, f"{_count(len(patterns or []))} now", about="the list")


@dn.command("import")
@asks
def load(
    asker: Asker,
    file: Annotated[Path, typer.Argument(help="A pattern on each line, # comments; - for stdin.")],
    *,
    replacing: Annotated[
        bool, typer.Option("--replace", help="Make the list just these, instead of adding.")
    ] = False,
    api: Api = None,
    dry_run: DryRun = False,
    days: Days = 30,
) -> None:
    """Add the patterns of a text file; it is taken whole or not at all."""
    content = sys.stdin.buffer.read() if str(file) == "-" else content_of(file)
    with working("checking and importing"):
        done = asker.gateway.upload(
            "/names/import",
            wish(dry_run=dry_run, days=days),
            content,
            "text/plain",
            api=api,
            replace=replacing,
        )
    _told(asker, done, *(("replaced", "the list") if replacing else ("added", "the names")))


@dn.command("export")
@asks
def export(
    asker: Asker,
    *,
    api: Api = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write it to this file; else it is shown.")
    ] = None,
) -> None:
    """Write the list as a text file that `import` reads."""
    found = asker.gateway.read_text("/names/export", api=api)
    if output is not None:
        write_atomically(output, found.encode())
        say(f"written to {output}")
    elif not answer(asker, dict[str, str], {"text": found}):
        typer.echo(found, nl=False)


@dn.command("test")
@asks
def try_names(
    asker: Asker,
    subjects: Annotated[
        list[str] | None, typer.Argument(metavar="SUBJECT...", help="Such as 'CN=a,O=Example'.")
    ] = None,
    *,
    cert: Annotated[Path | None, typer.Option(help="Try the certificates of this file.")] = None,
    pattern: Annotated[
        list[str] | None,
        typer.Option(help="Try these patterns (again for more) instead of those in force."),
    ] = None,
    api: Api = None,
) -> None:
    """Tell whether subjects or certificates would pass, and by which pattern or rule.

    Changes nothing. Exit code 1 if any of them wouldn't.
    """
    if not subjects and cert is None:
        raise misuse("name at least one subject, or a certificate with --cert")
    body = {
        "subjects": subjects or [],
        "certificate": pem_of(cert) if cert else None,
        "patterns": pattern or None,
    }
    found = asker.gateway.ask(tuple[NameTrialView, ...], "/names/test", body, api=api)
    if not answer(asker, tuple[NameTrialView, ...], found):
        for one in found:
            mark = text("✓", "green") if one.passes else text("✗", "red")
            console().print(mark, text(one.subject), text(one.sentence), sep="  ", soft_wrap=True)
    if not all(one.passes for one in found):
        raise typer.Exit(FAILED)


def _told(asker: Asker, done: ChangeView, did: str, about: str) -> None:
    if not answer(asker, ChangeView, done):
        tell(asker, done, did, about=about)


def _count(names: int) -> str:
    return "1 name" if names == 1 else f"{names:,} names"
