"""Files of consumers: lines of JSON or a CSV table, read line by line and checked."""

import csv
import io
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeAlias
from uuid import UUID

from ostiary.cli.consumer_options import Form
from ostiary.consumers.model import CredentialType
from ostiary.consumers.names import base62
from ostiary.consumers.refusal import ConsumerRefused
from ostiary.kernel.errors import WrongUse
from ostiary.management.consumers.lines import LONGEST_LINE, Line, read_line
from ostiary.store.files import PRIVATE_FILE

_BLANK: Final = b"\xef\xbb\xbf \t\r\n"


class NoFile(WrongUse):
    """The file can't be used as it was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file that can be read more than once."""

    path: Path
    form: Form
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One line that holds something."""

    number: int
    """From 1; of a CSV row, its first line."""
    text: bytes
    """The object as JSON."""
    at: int
    """How much of the file is read by now, bytes."""

    def line(self) -> Line | ConsumerRefused:
        """What it says, or why it can't be taken."""
        try:
            return read_line(self.text)
        except ConsumerRefused as refused:
            return refused


Complete: TypeAlias = Callable[[dict[str, Any]], bool]
"""Adds to an object what it lacks; whether it did."""


@contextmanager
def opened(given: Path, form: Form | None) -> Iterator[Source]:
    """``-`` is standard input, which is kept in a file meanwhile. Raises NoFile."""
    if str(given) == "-":
        # Everything is checked before anything is sent: it is read twice.
        with tempfile.NamedTemporaryFile() as kept:
            shutil.copyfileobj(sys.stdin.buffer, kept)
            kept.flush()
            yield _source(Path(kept.name), form or Form.JSONL)
        return
    told = Form.CSV if given.suffix.lower() == ".csv" else Form.JSONL
    yield _source(given, form or told)


def _source(path: Path, form: Form) -> Source:
    return Source(path=path, form=form, size=size_of(path))


def size_of(path: Path) -> int:
    """Bytes of a file. Raises NoFile."""
    if not path.is_file():
        raise NoFile(f"{str(path)!r}: there is no such file")
    return path.stat().st_size


def read(source: Source, complete: Complete | None = None) -> Iterator[Read]:
    """Line by line. Raises NoFile."""
    try:
        yield from (_csv if source.form is Form.CSV else _jsonl)(source.path, complete)
    except OSError as error:
        raise NoFile(f"{str(source.path)!r} can't be read: {error.strerror or error}") from error


def _jsonl(path: Path, complete: Complete | None) -> Iterator[Read]:
    at = 0
    with path.open("rb") as file:
        for number, (whole, size) in enumerate(_lines(file), 1):
            at += size
            text = whole.strip(_BLANK)
            if text:
                yield Read(number=number, text=_completed(text, complete), at=at)


def _lines(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Each with its size. One that is far too long is never held: its rest is passed over."""
    while text := file.readline(LONGEST_LINE + 2):
        rest, size = text, len(text)
        while rest and not rest.endswith(b"\n"):
            rest = file.readline(LONGEST_LINE + 2)
            size += len(rest)
        yield text, size


def _completed(text: bytes, complete: Complete | None) -> bytes:
    if complete is None:
        return text
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return _written(found) if isinstance(found, dict) and complete(found) else text


def _written(found: Mapping[str, Any]) -> bytes:
    return json.dumps(found, separators=(",", ":")).encode()


def _csv(path: Path, complete: Complete | None) -> Iterator[Read]:
    """The first row names the columns by the words of the JSON lines; an empty cell says nothing.
    Scopes have blanks between them; ``fingerprint`` is a certificate credential's only rule."""
    with (
        path.open("rb") as raw,
        io.TextIOWrapper(raw, "utf-8-sig", errors="surrogateescape", newline="") as file,
    ):
        rows = csv.reader(file, strict=True)
        try:
            head = [word.strip() for word in next(rows, [])]
            before = rows.line_num
            for cells in rows:
                number, before = before + 1, rows.line_num
                if any(cells):
                    found = _row(head, cells)
                    if complete is not None:
                        complete(found)
                    yield Read(number=number, text=_written(found), at=raw.tell())
        except csv.Error as error:
            raise NoFile(f"{str(path)!r}, line {rows.line_num}: {error}") from error


def _row(head: list[str], cells: list[str]) -> dict[str, Any]:
    found = {word: _value(word, cell) for word, cell in zip(head, cells, strict=False) if cell}
    fingerprint = found.pop("fingerprint", None)
    if fingerprint is not None:
        found["rules"] = [{"fingerprint": fingerprint}]
    if any(cells[len(head) :]):
        # Refused as a word that there isn't.
        found["(a cell without a column)"] = cells[len(head)]
    return found


def _value(word: str, cell: str) -> object:
    if word == "scopes":
        return cell.split()
    if word == "active" and cell.lower() in {"true", "false"}:
        return cell.lower() == "true"
    return cell


def with_secrets(dice: Callable[[int], bytes]) -> Complete:
    """Makes names of keys, and secrets, where a credential has none."""

    def complete(found: dict[str, Any]) -> bool:
        kind = found.get("credential")
        if kind not in (CredentialType.KEY_AUTH, CredentialType.BASIC_AUTH, CredentialType.JWT):
            return False
        made = False
        if kind == CredentialType.KEY_AUTH and not found.get("name"):
            found["name"], made = _random(dice), True
        if not found.get("secret") and not found.get("hash"):
            found["secret"], made = _random(dice), True
        return made

    return complete


def _random(dice: Callable[[int], bytes]) -> str:
    """A random UUID in base 62, which the gateway knows for one that nobody chose."""
    return base62(UUID(bytes=dice(16), version=4).bytes)


@dataclass(slots=True)
class Keep:
    """A file that is being written."""

    file: BinaryIO
    wanted: bool = False
    """Whether it is to stay."""


@contextmanager
def private_file(path: Path) -> Iterator[Keep]:
    """A new file for secrets, on disk at the end, or gone if it isn't wanted. Raises NoFile."""
    try:
        descriptor = os.open(
            path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_WRONLY, PRIVATE_FILE
        )
    except FileExistsError as error:
        raise NoFile(
            f"{str(path)!r} is there already (if an import made it, go on with "
            f"'ostiary consumers import {path}')"
        ) from error
    except OSError as error:
        raise NoFile(f"{str(path)!r} can't be made: {error.strerror or error}") from error
    wanted = False
    try:
        with os.fdopen(descriptor, "wb") as file:
            keep = Keep(file)
            yield keep
            file.flush()
            os.fsync(descriptor)
        wanted = keep.wanted
    except OSError as error:
        raise NoFile(f"{str(path)!r} can't be written: {error.strerror or error}") from error
    finally:
        if not wanted:
            path.unlink(missing_ok=True)
