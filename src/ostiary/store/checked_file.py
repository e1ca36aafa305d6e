"""Opaque bytes across restarts, under a checksum line: what is damaged is not believed."""

import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path

from ostiary.store.files import FileTrouble, Trouble, read_bounded, write_atomically

_LONGEST_HEAD = 256


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
    aside: Path | None = None


Loaded = Kept | NeverSaved | Damaged


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFile:
    """One file, readable by its owner alone."""

    path: Path
    kind: str
    """Begins the first line: ``ostiary-intermediates 1``."""
    most_bytes: int

    def save(self, content: bytes) -> None:
        """Write ``content`` under its checksum. Raises FileTrouble (NOT_WRITTEN, TOO_LARGE)."""
        if len(content) > self.most_bytes:
            words = f"refusing to save more than {self.most_bytes} bytes"
            raise FileTrouble(self.path, Trouble.TOO_LARGE, words)
        digest = hashlib.sha256(content).hexdigest()
        write_atomically(self.path, f"{self.kind} sha256={digest}\n".encode() + content)

    def load(self) -> Loaded:
        """What was saved, or why it can't be believed; then it is set aside. Raises nothing for
        what is in the file."""
        found = self.peek()
        return replace(found, aside=self._set_aside()) if isinstance(found, Damaged) else found

    def peek(self) -> Loaded:
        """The same, and the file stays."""
        try:
            whole = read_bounded(self.path, limit=self.most_bytes + _LONGEST_HEAD)
        except FileTrouble as exc:
            if exc.trouble is Trouble.MISSING:
                return NeverSaved()
            return Damaged(why=str(exc))
        head = re.match(rb"%s sha256=([0-9a-f]{64})\n" % re.escape(self.kind.encode()), whole)
        if head is None:
            return Damaged(why="the checksum line is missing")
        content = whole[head.end() :]
        if hashlib.sha256(content).hexdigest().encode() != head[1]:
            return Damaged(why="the checksum does not fit the content")
        return Kept(content)

    def _set_aside(self) -> Path | None:
        aside = self.path.with_name(f"{self.path.name}.damaged")
        try:
            self.path.replace(aside)
        except OSError:
            return None
        return aside
