"""``ostiary import``: coming from another gateway."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from ostiary.cli.app import app
from ostiary.cli.asking import Way, may_ask
from ostiary.cli.consumer_options import DryRun
from ostiary.cli.importing_consumers import (
    Imported,
    import_consumers,
    source_of,
    tell_imported,
)
from ostiary.cli.showing import say, table, text
from ostiary.cli.tables import FAILED, console, emit_json
from ostiary.kernel.errors import WrongUse
from ostiary.migration.findings import Finding, Verdict
from ostiary.migration.installation import Report
from ostiary.migration.rewriting import TO_DO, Rewritten
from ostiary.store.files import write_atomically

imports = typer.Typer(no_args_is_help=True, help="Come from another gateway.")
app.add_typer(imports, name="import")

_COLOURS = {Verdict.SAME: "green", Verdict.DIFFERS: "yellow", Verdict.IMPOSSIBLE: "red"}
Folder = Annotated[
    Path,
    typer.Argument(
        metavar="DIR", help="What 'eg gateway create' made, or the folder that EG_CONFIG_DIR names."
    ),
]
Out = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write a gateway.config.yml for Ostiary.")
]
Force = Annotated[bool, typer.Option("--force", help="Write over the file that --out names.")]
StartedIn = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Where Express Gateway is started: its relative file names begin there. The folder "
        "with its server.js if left out.",
    ),
]
Consumers = Annotated[
    Path | None,
    typer.Option(
        metavar="DUMP",
        help="Import consumers: JSON of Express Gateway's admin API, or of its Redis.",
    ),
]
AdminUrl = Annotated[
    str | None,
    typer.Option(
        "--admin-url",
        metavar="URL",
        help="Import consumers from the admin API of the running Express Gateway.",
    ),
]
Header = Annotated[
    list[str] | None,
    typer.Option("--header", "-H", metavar="KEY:VALUE", help="For --admin-url; may be repeated."),
]


class OutExists(WrongUse):
    """Somebody's file would be lost."""


@imports.command("express-gateway")
@may_ask
def import_express_gateway(
    way: Way,
    folder: Folder,
    *,
    out: Out = None,
    force: Force = False,
    started_in: StartedIn = None,
    consumers: Consumers = None,
    admin_url: AdminUrl = None,
    header: Header = None,
    dry_run: DryRun = False,
) -> None:
    """Tell line by line what of an Express Gateway is the same here, what differs, what can't be.

    With --out its configuration is rewritten, with --consumers or --admin-url its users, apps,
    scopes and credentials are imported; what is here already stays as it is. Exit code 1 if
    something can't be.
    """
    source = source_of(consumers, admin_url, header or ())
    # Other commands must not wait until all of this is imported.
    from ostiary.wiring.express_gateway import find_installation, judged, rewritten  # noqa: PLC0415

    found = find_installation(folder)
    report = judged(found)
    wrote = None
    if out is not None:
        made = rewritten(found, report, out, started_in or found.started_in)
        wrote = _write(out, made, force=force, dry_run=dry_run)
    if not way.as_json:
        _show(report.findings, wrote)
    imported = None
    if source is not None:
        with way.asker() as asker:
            imported = import_consumers(asker, source, report.namespace, dry_run=dry_run)
    if way.as_json:
        emit_json(_json(report, wrote, imported))
    elif imported is not None:
        tell_imported(imported, dry_run=dry_run)
    if not _is_well(report, imported):
        raise typer.Exit(FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    file: Path
    remarks: int
    applied: bool


def _write(out: Path, made: Rewritten, *, force: bool, dry_run: bool) -> _Written:
    if out.exists() and not force:
        raise OutExists(f"{str(out)!r} is there already (name another file, or add --force)")
    if not dry_run:
        write_atomically(out, made.text.encode())
    return _Written(file=out, remarks=made.remarks, applied=not dry_run)


def _is_well(report: Report, imported: Imported | None) -> bool:
    impossible = any(one.verdict is Verdict.IMPOSSIBLE for one in report.findings)
    return not impossible and (imported is None or not imported.untaken)


def _show(findings: Sequence[Finding], wrote: _Written | None) -> None:
    rows = [
        (
            f"{one.position.file}:{one.position.line}",
            one.path or "everything",
            text(one.verdict.value, _COLOURS[one.verdict]),
            _how(one),
        )
        for one in findings
    ]
    console().print(table(("place", "what", "verdict", "how"), rows))
    counts = _counts(findings)
    say(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    if wrote is not None:
        _tell_written(wrote)


def _how(one: Finding) -> str:
    if one.message and one.way_out:
        return f"{one.message} ({one.way_out})"
    return one.message or one.way_out


def _tell_written(wrote: _Written) -> None:
    did = "written" if wrote.applied else "would be written"
    if wrote.remarks:
        say(
            f"{wrote.file}: {did}; {wrote.remarks} places are to be decided: look for "
            f"'{TO_DO}', then run 'ostiary check'",
            "yellow",
        )
    else:
        say(f"{wrote.file}: {did} (next: 'ostiary check -c {wrote.file}')")


def _counts(findings: Sequence[Finding]) -> dict[str, int]:
    return {verdict.value: sum(one.verdict is verdict for one in findings) for verdict in Verdict}


def _json(report: Report, wrote: _Written | None, imported: Imported | None) -> dict[str, object]:
    out = None if wrote is None else {"file": str(wrote.file), "remarks": wrote.remarks}
    return {
        "ok": _is_well(report, imported),
        "counts": _counts(report.findings),
        "findings": [
            {
                "file": one.position.file,
                "line": one.position.line,
                "column": one.position.column,
                "path": one.path,
                "verdict": one.verdict.value,
                "message": one.message,
                "wayOut": one.way_out,
            }
            for one in report.findings
        ],
        "out": out,
        "consumers": None if imported is None else imported.json(),
    }
