"""``ostiary doctor``."""

import typer

from ostiary.cli.app import app
from ostiary.cli.run import DEFAULT_CONFIG, ConfigFile, StateFolder, state_folder
from ostiary.cli.tables import (
    FAILED,
    MISUSED,
    AsJson,
    console,
    emit_json,
    error_console,
    escape,
    grid,
)
from ostiary.services.diagnosis import Finding, Level
from ostiary.wiring.doctor.examine import Examination, examine

_MARKS = {Level.OK: "[green]✓[/]", Level.WARN: "[yellow]![/]", Level.FAIL: "[red]✗[/]"}


@app.command()
def doctor(
    config: ConfigFile = DEFAULT_CONFIG, state: StateFolder = None, as_json: AsJson = False
) -> None:
    """Look after an installation: engine, OpenSSL, files, ports, certificates, clock, limits.

    If a gateway runs on the state folder, its own listeners are attacked: resumed sessions,
    sessions of other names, a Host of another name. Exit code 1 if anything is wrong.
    """
    said = error_console()
    found = examine(
        config, state_folder(config, state), lambda words: said.print(f"[dim]… {escape(words)}[/]")
    )
    if as_json:
        emit_json(_json(found))
    else:
        _print(found)
    if not found.usable:
        raise typer.Exit(MISUSED)
    if found.failed:
        raise typer.Exit(FAILED)


def _json(found: Examination) -> dict[str, object]:
    return {
        "ok": not found.failed,
        "findings": [
            {
                "subject": one.subject,
                "level": one.level.value,
                "message": one.message,
                "wayOut": one.way_out,
            }
            for one in found.findings
        ],
    }


def _print(found: Examination) -> None:
    out = console()
    out.print(grid(("", "what", "finding"), (_row(one) for one in found.findings)))
    counts = {level: sum(one.level is level for one in found.findings) for level in Level}
    out.print(
        f"\n{counts[Level.OK]} fine, {counts[Level.WARN]} doubtful, {counts[Level.FAIL]} wrong"
    )


def _row(one: Finding) -> tuple[str, str, str]:
    way_out = f"\n→ {escape(one.way_out)}" if one.way_out else ""
    return _MARKS[one.level], escape(one.subject), f"{escape(one.message)}{way_out}"
