"""The command line within this process: as a shell calls it, but quick."""

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from ostiary.cli.app import run_app
from tests.doors.rig import Done, House

MORE_ENVIRONMENT = {"COLUMNS": "200", "NO_COLOR": "1"}


@contextlib.contextmanager
def _surroundings(arguments: tuple[str, ...], stdin: bytes, env: dict[str, str]) -> Iterator[None]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OSTIARY_")}
    given = io.TextIOWrapper(io.BytesIO(stdin))
    with (
        mock.patch.dict(os.environ, {**kept, **MORE_ENVIRONMENT, **env}, clear=True),
        mock.patch.object(sys, "argv", ["ostiary", *arguments]),
        mock.patch.object(sys, "stdin", given),
    ):
        yield


def call(*arguments: object, stdin: bytes = b"", **env: str) -> Done:
    """One command; its exit code and what it wrote."""
    out, err = io.StringIO(), io.StringIO()
    with (
        _surroundings(tuple(map(str, arguments)), stdin, env),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = run_app()
    return Done(code, out.getvalue(), err.getvalue())


class Shell:
    """Commands about one house."""

    def __init__(self, house: House) -> None:
        self.house = house

    def __call__(self, *arguments: object, stdin: bytes = b"", **env: str) -> Done:
        return call(
            *arguments, "--config", self.house.config, "--state", self.house.state, stdin=stdin,
            **env,
        )  # fmt: skip

    def good(self, *arguments: object, stdin: bytes = b"") -> Done:
        """One that must succeed."""
        done = self(*arguments, stdin=stdin)
        assert done.code == 0, done.said
        return done

    def told(self, *arguments: object, stdin: bytes = b"") -> Any:
        """The JSON of one that must succeed."""
        return self.good(*arguments, "--json", stdin=stdin).json

    def refused(self, *arguments: object, code: int = 2) -> str:
        """What one says that must not succeed."""
        done = self(*arguments)
        assert done.code == code, done.said
        return done.said


def file_with(folder: Path, name: str, content: bytes) -> Path:
    """A file of the operator's."""
    path = folder / name
    path.write_bytes(content)
    return path
