"""A file of consumers: checked whole, completed where that is wanted, and sent."""

import secrets
from collections.abc import Iterator
from pathlib import Path

from ostiary.cli.asking import Asker
from ostiary.cli.consumer_batches import Done, Foreseeing, LineProblem, problem_of, take
from ostiary.cli.consumer_files import (
    Read,
    Source,
    opened,
    private_file,
    read,
    size_of,
    with_secrets,
)
from ostiary.cli.consumer_options import Form
from ostiary.cli.progress import towards
from ostiary.cli.showing import number, say
from ostiary.cli.tables import emit_json
from ostiary.consumers.refusal import ConsumerRefused

_SHOWN = 50
_EVERY = 10_000
"""Lines between two looks at the bar."""


def import_file(
    asker: Asker, file: Path, form: Form | None, made: Path | None, *, dry_run: bool
) -> bool:
    """Whether every line was taken, or would be. ``made``: where the lines go with the secrets that
    they lacked. Raises OstiaryError; what was taken before stays."""
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
    return not done.problems


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
