"""Verified intermediate certificates across restarts: opaque bytes under a checksum line.

A resumed TLS session brings no chain, so what was verified once is kept. Losing the file costs a
full handshake; believing a damaged one could cost more, so it is reported, ignored and kept aside.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from ostiary.store.files import FileTrouble, Trouble, read_bounded, write_atomically

_HEAD = re.compile(rb"ostiary-intermediates 1 sha256=([0-9a-f]{64})\n")
# Ten thousand intermediates of 4 KiB; public PKIs have fewer than that in all.
_LIMIT = 40 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Kept:
    """The bytes as they were saved."""

    content: bytes


@dataclass(frozen=True, slots=True)
class NeverSaved:
    """There is no file yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Damaged:
    """The file is not what was saved; ``aside`` is where it was moved, None if it could not be."""

    why: str
    aside: Path | None


LoadedIntermediates = Kept | NeverSaved | Damaged


def save_intermediates(path: Path, content: bytes) -> None:
    """Write ``content`` under its checksum. Raises FileTrouble (NOT_WRITTEN, TOO_LARGE)."""
    if len(content) > _LIMIT:
        raise FileTrouble(path, Trouble.TOO_LARGE, f"refusing to save more than {_LIMIT} bytes")
    digest = hashlib.sha256(content).hexdigest()
    write_atomically(path, f"ostiary-intermediates 1 sha256={digest}\n".encode() + content)


def load_intermediates(path: Path) -> LoadedIntermediates:
    """What was saved, or why it can't be believed. Raises nothing for what is in the file."""
    try:
        whole = read_bounded(path, limit=_LIMIT + 256)
    except FileTrouble as exc:
        if exc.trouble is Trouble.MISSING:
            return NeverSaved()
        return Damaged(why=str(exc), aside=_set_aside(path))
    head = _HEAD.match(whole)
    if head is None:
        return Damaged(why="the checksum line is missing", aside=_set_aside(path))
    content = whole[head.end() :]
    if hashlib.sha256(content).hexdigest().encode() != head[1]:
        return Damaged(why="the checksum does not fit the content", aside=_set_aside(path))
    return Kept(content)


def _set_aside(path: Path) -> Path | None:
    aside = path.with_name(f"{path.name}.damaged")
    try:
        path.replace(aside)
    except OSError:
        return None
    return aside
