"""Revisions of the engine's files: staged whole, promoted by one rename, pruned when unneeded.

On disk, under ``<state>/revisions``:

* ``counter``: the highest number ever handed out, so a number never means two things;
* ``r7.partial/``: being written; swept at the next start;
* ``r7/``: complete, because only the last rename gives it this name;
* ``promoted``: two lines, ``current 7`` and ``last-good 6``; one file, so they change together;
* ``r5.trash/``: being deleted; swept at the next start.

Only the holder of the StateLock may use this.
"""

import re
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ostiary.kernel.errors import OstiaryError
from ostiary.store.files import (
    FileTrouble,
    Trouble,
    make_folder,
    read_bounded,
    sweep_leftovers,
    sync_folder,
    write_atomically,
)

_FOLDER = re.compile(r"r([1-9][0-9]{0,17})(\.partial|\.trash)?")
_PROMOTED = re.compile(rb"current ([1-9][0-9]{0,17})\nlast-good ([1-9][0-9]{0,17})\n")
_COUNTER = re.compile(rb"[1-9][0-9]{0,17}\n")
_MARKER_BYTES = 256


class MarkerDamaged(OstiaryError):
    """A marker file is not what we write; the disk, or somebody, changed it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"{str(path)!r} is damaged "
            "(remove it: the gateway then starts from the configuration file alone)"
        )


class RevisionMisused(OstiaryError):
    """A revision was staged twice, promoted before it was staged, or given an unsafe file name."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One set of the engine's files: its number, and the folder in which they are, or will be."""

    number: int
    folder: Path


class Revisions:
    """The engine's files through time, in ``<state>/revisions``."""

    def __init__(self, state: Path) -> None:
        """Open the folder and sweep what a crash left. Raises FileTrouble, MarkerDamaged."""
        self._root = state.absolute() / "revisions"
        make_folder(self._root)
        self._sweep()

    def next_revision(self) -> Revision:
        """Reserve a number that was never used; nothing is in its folder until ``stage``.

        Raises FileTrouble, MarkerDamaged.
        """
        number = max([self._counter(), *self._numbers()]) + 1
        write_atomically(self._root / "counter", b"%d\n" % number)
        return self._revision(number)

    def stage(self, revision: Revision, files: Mapping[str, bytes]) -> None:
        """Write all of ``files`` (relative posix name to bytes) into the folder, or none of them.

        Raises RevisionMisused for a name that leaves the folder or a revision already staged,
        FileTrouble if the disk refuses.
        """
        names = [self._safe(name) for name in files]
        if revision.folder.exists():
            raise RevisionMisused(f"revision {revision.number} is already staged")
        partial = self._root / f"r{revision.number}.partial"
        try:
            shutil.rmtree(partial, ignore_errors=True)
            make_folder(partial)
            for name, content in zip(names, files.values(), strict=True):
                make_folder((partial / name).parent)
                write_atomically(partial / name, content)
            partial.rename(revision.folder)
            sync_folder(self._root)
        except OSError as exc:
            raise FileTrouble(
                revision.folder, Trouble.NOT_WRITTEN, f"can't be staged: {exc.strerror or exc}"
            ) from exc

    def promote(self, revision: Revision) -> None:
        """Record that the engine serves this revision; the one before becomes the last known good.

        Promoting the current one again changes nothing. Raises RevisionMisused, FileTrouble.
        """
        if not revision.folder.is_dir():
            raise RevisionMisused(f"revision {revision.number} was never staged")
        before = self._promoted()
        if before is not None and before[0] == revision.number:
            return
        good = before[0] if before is not None else revision.number
        write_atomically(
            self._root / "promoted", b"current %d\nlast-good %d\n" % (revision.number, good)
        )

    def current(self) -> Revision | None:
        """The revision promoted last; None before the first. Raises MarkerDamaged, FileTrouble."""
        return self._marked(0)

    def last_good(self) -> Revision | None:
        """The revision promoted before the current one (the same if there was only one)."""
        return self._marked(1)

    def prune(self, keep: Collection[int]) -> tuple[int, ...]:
        """Remove complete revisions but the current, the last good and those in ``keep``.

        ``keep`` names every revision a living worker, also a draining one, was started with.
        Returns the numbers removed. Raises FileTrouble, MarkerDamaged.
        """
        stay = {*keep, *(self._promoted() or ())}
        gone = tuple(number for number in self._numbers() if number not in stay)
        for number in gone:
            trash = self._root / f"r{number}.trash"
            try:
                # Renamed first: a folder with the final name is never half deleted.
                self._revision(number).folder.rename(trash)
                shutil.rmtree(trash)
            except OSError as exc:
                raise FileTrouble(
                    trash, Trouble.NOT_WRITTEN, f"can't be removed: {exc.strerror or exc}"
                ) from exc
        return gone

    def _revision(self, number: int) -> Revision:
        return Revision(number, self._root / f"r{number}")

    def _numbers(self) -> list[int]:
        """Numbers of the complete revisions, ascending. Raises FileTrouble."""
        matches = (_FOLDER.fullmatch(entry.name) for entry in self._entries())
        return sorted(int(match[1]) for match in matches if match and match[2] is None)

    def _entries(self) -> list[Path]:
        try:
            return list(self._root.iterdir())
        except OSError as exc:
            sentence = f"can't be looked at: {exc.strerror or exc}"
            raise FileTrouble(self._root, Trouble.UNREADABLE, sentence) from exc

    def _counter(self) -> int:
        content = self._marker("counter")
        if content is None:
            return 0
        if not _COUNTER.fullmatch(content):
            raise MarkerDamaged(self._root / "counter")
        return int(content)

    def _promoted(self) -> tuple[int, int] | None:
        content = self._marker("promoted")
        if content is None:
            return None
        match = _PROMOTED.fullmatch(content)
        if match is None:
            raise MarkerDamaged(self._root / "promoted")
        return int(match[1]), int(match[2])

    def _marked(self, place: int) -> Revision | None:
        promoted = self._promoted()
        if promoted is None:
            return None
        revision = self._revision(promoted[place])
        if not revision.folder.is_dir():
            raise FileTrouble(
                revision.folder, Trouble.MISSING, "the promoted revision is not there any more"
            )
        return revision

    def _marker(self, name: str) -> bytes | None:
        try:
            return read_bounded(self._root / name, limit=_MARKER_BYTES)
        except FileTrouble as exc:
            if exc.trouble is Trouble.MISSING:
                return None
            raise

    def _sweep(self) -> None:
        sweep_leftovers(self._root)
        for entry in self._entries():
            match = _FOLDER.fullmatch(entry.name)
            if match and match[2] is not None:
                shutil.rmtree(entry, ignore_errors=True)

    def _safe(self, name: str) -> PurePosixPath:
        path = PurePosixPath(name)
        if not path.parts or path.is_absolute() or ".." in path.parts or "\0" in name:
            raise RevisionMisused(f"{name!r} is not a name inside a revision's folder")
        return path
