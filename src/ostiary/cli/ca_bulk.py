"""Many certificates from one file: keys first, then the ledger, then the certificates.

Whatever stops it, the same command again goes on: keys that are there are used, and for the same
key and names the ledger gives the certificate it has.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ostiary.ca.signing import Purpose
from ostiary.cli.ca_files import (
    PUBLIC_FILE,
    Folder,
    chain_pem,
    file_stem,
    key_there,
    new_key,
    presented,
)
from ostiary.cli.ca_home import Home, Key
from ostiary.cli.options import Unclear, content_of
from ostiary.cli.progress import through
from ostiary.cli.showing import number, say
from ostiary.cli.tables import emit_json
from ostiary.kernel.errors import WrongUse
from ostiary.management.authority.errors import NotIssued, Why
from ostiary.management.authority.issuing import issue
from ostiary.management.authority.orders import Certified, Order
from ostiary.management.authority.rows import Row, read_rows
from ostiary.store.files import PRIVATE_FILE, FileTrouble, Trouble, read_bounded, write_atomically

_LARGEST_FILE = 1024 * 1024 * 1024
_TOGETHER = 500
"""Certificates in one transaction of the ledger."""
_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """What is wanted."""

    file: Path
    folder: Folder
    purpose: Purpose
    """Of lines that name none."""
    key: Key
    """Kind of those that are made."""
    days: int | None


@dataclass(slots=True)
class Done:
    """What came of it."""

    issued: int = 0
    there_already: int = 0
    refused: list[tuple[int, str, NotIssued]] = field(default_factory=list)
    """Line, name and why not."""


def issue_all(home: Home, bulk: Bulk) -> Done:
    """Raises BadRows before anything is issued; lines that are refused stop no other."""
    rows = _rows(bulk)
    bulk.folder.make()
    done = Done()
    parts = [rows[start : start + _TOGETHER] for start in range(0, len(rows), _TOGETHER)]
    for part in through(parts, f"issuing {number(len(rows))}"):
        _issue_part(home, bulk, part, done)
    # One sync of everything costs less than one for each file.
    os.sync()
    return done


def tell_bulk(home: Home, done: Done) -> None:
    """For people or scripts."""
    if home.as_json:
        emit_json(
            {
                "ok": not done.refused,
                "issued": done.issued,
                "thereAlready": done.there_already,
                "refused": [
                    {"line": line, "name": name, "reason": error.why.value, "error": str(error)}
                    for line, name, error in done.refused
                ],
            }
        )
        return
    for line, name, error in done.refused[:_SHOWN]:
        say(f"line {line}: {name}: {error}", "red")
    if len(done.refused) > _SHOWN:
        say(f"and {number(len(done.refused) - _SHOWN)} more (see all: --json)", "red")
    say(
        f"{number(done.issued)} issued, {number(done.there_already)} there already, "
        f"{number(len(done.refused))} refused"
    )


def _rows(bulk: Bulk) -> tuple[Row, ...]:
    def csr_of(given: str) -> bytes:
        """PEM text, or the name of a file beside the list."""
        return given.encode() if "-----BEGIN" in given else content_of(bulk.file.parent / given)

    try:
        text = read_bounded(bulk.file, limit=_LARGEST_FILE).decode("utf-8-sig")
    except FileTrouble as error:
        raise Unclear(str(error)) from error
    except UnicodeDecodeError as error:
        raise Unclear(f"{str(bulk.file)!r} isn't UTF-8 text") from error
    try:
        return read_rows(text, bulk.purpose, csr_of)
    except WrongUse as error:
        raise Unclear(f"{str(bulk.file)!r}: {error}") from error


def _issue_part(home: Home, bulk: Bulk, part: Sequence[Row], done: Done) -> None:
    made: list[Path] = []
    orders: list[Order | NotIssued] = [_order(bulk, row, made) for row in part]
    if made:
        # Keys are on disk before the ledger has the certificates: no certificate without its key.
        os.sync()
    answers = iter(issue(home.house, [one for one in orders if isinstance(one, Order)]))
    for row, order in zip(part, orders, strict=True):
        answer = order if isinstance(order, NotIssued) else next(answers)
        if isinstance(answer, NotIssued):
            done.refused.append((row.line, row.order.name, answer))
            if isinstance(order, Order):
                _forget_key(bulk, row, made)
            continue
        _put(bulk.folder.certificate(answer.name), presented(answer), PUBLIC_FILE)
        _count(answer, bulk, done)


def _count(certified: Certified, bulk: Bulk, done: Done) -> None:
    if done.issued + done.there_already == 0:
        write_atomically(bulk.folder.chain, chain_pem(certified.chain), mode=PUBLIC_FILE)
    if certified.there_already:
        done.there_already += 1
    else:
        done.issued += 1


def _order(bulk: Bulk, row: Row, made: list[Path]) -> Order | NotIssued:
    order = replace(row.order, days=row.order.days or bulk.days)
    try:
        file_stem(order.name)
        if order.request is not None:
            return order
        path = bulk.folder.key(order.name)
        found = key_there(path)
        if found is None:
            found = new_key(bulk.key.kind)
            _put(path, found.pem(), PRIVATE_FILE)
            made.append(path)
        return replace(order, key=found.public_der())
    except WrongUse as error:
        return NotIssued(Why.BAD_NAME, str(error))


def _forget_key(bulk: Bulk, row: Row, made: list[Path]) -> None:
    """A key that was made for nothing; not one that another line with the same name uses."""
    path = bulk.folder.key(row.order.name)
    if path in made and not bulk.folder.certificate(row.order.name).exists():
        path.unlink(missing_ok=True)


def _put(path: Path, content: bytes, mode: int) -> None:
    """Whole at its name; on disk after the next sync(2)."""
    beside = path.with_name(f".{path.name}.partial-write")
    try:
        beside.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(beside, flags, mode), "wb") as handle:
            handle.write(content)
        beside.replace(path)
    except OSError as error:
        raise FileTrouble(
            path, Trouble.NOT_WRITTEN, f"can't be written: {error.strerror or error}"
        ) from error
