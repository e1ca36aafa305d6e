"""``ostiary consumers``: many users, apps and credentials at once."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from ostiary.cli.app import app
from ostiary.cli.asking import Asker, asks
from ostiary.cli.consumer_batches import Done, Foreseeing, LineProblem, problem_of, take
from ostiary.cli.consumer_files import (
    Form,
    Read,
    Source,
    opened,
    private_file,
    read,
    size_of,
    with_secrets,
)
from ostiary.cli.consumer_options import DryRun
from ostiary.cli.progress import towards
from ostiary.cli.showing import number, say
from ostiary.cli.tables import FAILED, emit_json
from ostiary.consumers.refusal import ConsumerRefused

consumers = typer.Typer(
    no_args_is_help=True, help="Many users, apps and credentials at once: from files, to files."
)
app.add_typer(consumers, name="consumers")

_SHOWN = 50
_EVERY = 10_000
"""Lines between two looks at the bar."""
File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE", help="Lines of JSON, or CSV with a header; - is standard input."
    ),
]
Format = Annotated[
    Form | None,
    typer.Option("--format", help="How FILE is written; by its name, if left out."),
]
Secrets = Annotated[
    Path | None,
    typer.Option(
        "--secrets",
        metavar="OUT",
        help="Make the secrets (and ids of keys) that FILE lacks, and write all lines with them "
        "to this new file, which is then imported.",
    ),
]


@consumers.command("import")
@asks
def import_consumers(
    asker: Asker, file: File, *, form: Format = None, made: Secrets = None, dry_run: DryRun = False
) -> None:
    """Import users, apps, credentials and scopes from a file, a line for each.

    All lines are checked before the first is sent. Then 2,000 at a time are taken, or none of
    these; what is there already stays as it is, so that the same command goes on where it was
    stopped. Exit code 1 if a line can't be taken; --dry-run finds all such lines.
    """
    with opened(file, form) as source:
        complete = made is not None
        if made is None or dry_run:
            done = Done(problems=_checked(source, complete))
            if not done.problems:
                _send(asker, source, done, complete, dry_run=dry_run)
        else:
            done = Done(problems=_write_complete(source, made))
            if not done.problems:
                whole = Source(path=made, form=Form.JSONL, size=size_of(made))
                _send(asker, whole, done, complete=False, dry_run=False)
    _tell(asker, made or file, done, dry_run=dry_run)
    if done.problems:
        raise typer.Exit(FAILED)


def _write_complete(source: Source, target: Path) -> list[LineProblem]:
    """All lines, with the secrets that they lacked; no file where one can't be taken."""
    problems: list[LineProblem] = []
    with private_file(target) as keep:
        for one in _watched(source, "making secrets", complete=True):
            _judge(one, problems)
            keep.file.write(one.text + b"\n")
        keep.wanted = not problems
    return problems


def _checked(source: Source, complete: bool) -> list[LineProblem]:
    problems: list[LineProblem] = []
    for one in _watched(source, "checking", complete=complete):
        _judge(one, problems)
    return problems


def _watched(source: Source, what: str, *, complete: bool) -> Iterator[Read]:
    with towards(source.size, what) as tell:
        for index, one in enumerate(_reads(source, complete)):
            yield one
            if index % _EVERY == 0:
                tell(one.at)


def _reads(source: Source, complete: bool) -> Iterator[Read]:
    return read(source, with_secrets(secrets.token_bytes) if complete else None)


def _judge(one: Read, problems: list[LineProblem]) -> None:
    line = one.line()
    if isinstance(line, ConsumerRefused):
        problems.append(problem_of(one, line))


def _send(asker: Asker, source: Source, done: Done, complete: bool, *, dry_run: bool) -> None:
    """Raises OstiaryError; what was taken before stays."""
    if dry_run:
        steps = Foreseeing(asker.gateway, done).all(_reads(source, complete))
    else:
        steps = take(asker.gateway, read(source), done)
    with towards(source.size, "importing") as tell:
        for at in steps:
            tell(at)


def _tell(asker: Asker, given: Path, done: Done, *, dry_run: bool) -> None:
    if asker.as_json:
        emit_json(_json(given, done, dry_run=dry_run))
        return
    for one in done.problems[:_SHOWN]:
        say(f"line {one.line}: {one.message} ({one.way_out})", "red")
    if len(done.problems) > _SHOWN:
        say(f"and {number(len(done.problems) - _SHOWN)} more lines (see all: --json)", "red")
    if done.problems and not done.last and not dry_run:
        say("nothing was imported")
        return
    did = "would be imported" if dry_run else "imported"
    say(
        f"{number(done.users)} users, {number(done.apps)} apps, {number(done.credentials)} "
        f"credentials and {number(len(done.scopes))} scopes {did}; {number(done.there)} were "
        "there already"
    )
    if done.problems and not dry_run:
        say(
            f"all up to line {number(done.last)} is imported, and nothing after it: mend the "
            f"lines (--dry-run finds all), then 'ostiary consumers import {given}' goes on",
            "yellow",
        )


def _json(given: Path, done: Done, *, dry_run: bool) -> dict[str, object]:
    return {
        "ok": not done.problems,
        "applied": not dry_run and done.last > 0,
        "file": str(given),
        "importedUpToLine": done.last,
        "scopes": sorted(done.scopes),
        "users": done.users,
        "apps": done.apps,
        "credentials": done.credentials,
        "thereAlready": done.there,
        "problems": [
            {"line": one.line, "message": one.message, "wayOut": one.way_out}
            for one in done.problems
        ],
    }
