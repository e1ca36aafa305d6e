"""``ostiary check``."""

from collections.abc import Sized
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from ostiary.cli.app import app
from ostiary.cli.run import DEFAULT_CONFIG, ConfigFile, state_folder
from ostiary.cli.tables import MISUSED, AsJson, console, emit_json, escape, problem_json
from ostiary.kernel.problems import Problem, Severity

if TYPE_CHECKING:
    from ostiary.wiring.checking import Checked

_LONGEST = 120


class Shown(Enum):
    """What ``--show`` can print."""

    ENGINE = "engine"


@app.command()
def check(
    config: ConfigFile = DEFAULT_CONFIG,
    show: Annotated[
        Shown | None,
        typer.Option(help="Also print the files generated for HAProxy, without private keys."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Validate the configuration, the files it names, and what HAProxy says to it.

    Changes nothing. Every problem is told with its place and the way out; exit code 2 if there is
    an error, 0 if there are none or only warnings.
    """
    # What reads a whole configuration: not for help.
    from ostiary.wiring.checking import check_config  # noqa: PLC0415

    checked = check_config(config, state_folder(config, None))
    if as_json:
        emit_json(_json(checked, show))
    else:
        _print(checked, show)
    if checked.errors:
        raise typer.Exit(MISUSED)


def _json(checked: "Checked", show: Shown | None) -> dict[str, object]:
    engine = checked.engine
    found: dict[str, object] = {
        "ok": not checked.errors,
        "problems": [problem_json(problem) for problem in checked.problems],
        "asked": [
            {"path": one.path, "file": one.position.file, "line": one.position.line}
            for one in checked.asked
        ],
        "engine": engine and {"path": str(engine.path), "version": engine.version_text},
    }
    return found | ({"files": dict(checked.shown)} if show else {})


def _print(checked: "Checked", show: Shown | None) -> None:
    out = console()
    if show:
        for name, content in sorted(checked.shown.items(), key=_main_file_first):
            out.print(f"[bold]==> {escape(name)} <==[/]")
            out.print(content, markup=False)
    for problem in checked.problems:
        out.print(_line(problem), soft_wrap=True)
    for step in () if checked.errors else checked.asked:
        out.print(_asked(step), soft_wrap=True)
    out.print(_summary(checked))


def _main_file_first(item: tuple[str, str]) -> tuple[bool, str]:
    return (item[0] != "haproxy.cfg", item[0])


def _line(problem: Problem) -> str:
    colour = "red" if problem.severity is Severity.ERROR else "yellow"
    word = problem.severity.value
    return escape(str(problem)).replace(f" {word}: ", f" [{colour}]{word}[/]: ", 1)


def _asked(step: Problem) -> str:
    """A step that isn't HAProxy's alone, so that nobody pays for one without knowing."""
    words = " ".join(step.message.split())
    short = words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"
    return escape(f"{step.position}: asked: {step.path}: {short}")


def _summary(checked: "Checked") -> str:
    found = f"{_count(checked.errors, 'error')}, {_count(checked.warnings, 'warning')}"
    if checked.errors:
        return f"[red]refused[/]: {found}"
    engine, prepared = checked.engine, checked.prepared
    counts = ""
    if prepared is not None:
        document = prepared.document
        counts = (
            f"; {_count(document.api_endpoints, 'API endpoint')}, "
            f"{_count(document.service_endpoints, 'service')}, "
            f"{_count(document.pipelines, 'pipeline')}"
        )
    who = (
        f" by HAProxy {escape(engine.version_text)} ({escape(str(engine.path))})" if engine else ""
    )
    return f"[green]accepted[/]{who}: {found}{counts}"


def _count(things: Sized, noun: str) -> str:
    number = len(things)
    return f"{number} {noun}{'' if number == 1 else 's'}"
