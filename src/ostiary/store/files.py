"""Files that are whole or absent: atomic writes, bounded reads, errors that say what to do."""

import os
import stat
import tempfile
from enum import Enum
from pathlib import Path

from ostiary.kernel.errors import OstiaryError

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
_LEFTOVER_SUFFIX = ".partial-write"


class Trouble(Enum):
    """Why a file could not be read or written; the values are stable."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    A_FOLDER = "a-folder"
    NOT_A_FILE = "not-a-file"
    TOO_LARGE = "too-large"
    NOT_WRITTEN = "not-written"
    CHANGED = "changed"


class FileTrouble(OstiaryError):
    """A file of ours or of the operator's can't be used; fields tell which and why."""

    def __init__(self, path: Path, trouble: Trouble, sentence: str) -> None:
        self.path = path
        self.trouble = trouble
        self.sentence = sentence
        super().__init__(f"{str(path)!r}: {sentence}")


def read_bounded(path: Path, *, limit: int) -> bytes:
    """The file's bytes, at most ``limit`` of them; links are followed, pipes and devices refused.

    Raises FileTrouble (MISSING, UNREADABLE, A_FOLDER, NOT_A_FILE, TOO_LARGE).
    """
    try:
        # O_NONBLOCK: opening a pipe that nobody writes to must not hang us.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError) as exc:
        raise FileTrouble(path, Trouble.MISSING, "there is no such file") from exc
    except (OSError, ValueError) as exc:
        raise _unreadable(path, exc) from exc
    try:
        _refuse_odd(path, os.fstat(descriptor), limit)
        with open(descriptor, "rb", closefd=False) as handle:
            content = handle.read(limit + 1)
    except OSError as exc:
        raise _unreadable(path, exc) from exc
    finally:
        os.close(descriptor)
    if len(content) > limit:
        raise _too_large(path, limit)
    return content


def write_atomically(path: Path, content: bytes, *, mode: int = PRIVATE_FILE) -> None:
    """Put ``content`` at ``path`` so that a reader, or a crash, meets the old file or the new one.

    The file is on disk when this returns. Raises FileTrouble (NOT_WRITTEN); the old file is then
    untouched.
    """
    try:
        _replace(path, content, mode)
    except OSError as exc:
        raise _not_written(path, exc) from exc


def make_folder(path: Path) -> None:
    """Make ``path``, and what lacks above it, closed to others; a folder that exists is kept.

    Raises FileTrouble (NOT_WRITTEN).
    """
    try:
        for folder in reversed([path, *path.parents]):
            if not folder.is_dir():
                folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
                sync_folder(folder.parent)
    except OSError as exc:
        raise _not_written(path, exc) from exc


def sync_folder(folder: Path) -> None:
    """Make renames and new names in ``folder`` survive a power cut (fsync(2) on the folder)."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep_leftovers(folder: Path) -> None:
    """Remove what interrupted writes left in ``folder``; only while nobody else writes there."""
    for leftover in folder.glob(f".*{_LEFTOVER_SUFFIX}"):
        leftover.unlink(missing_ok=True)


def remove_sockets(folder: Path) -> None:
    """Remove the names of unix sockets in ``folder``; only when nobody listens on them any more."""
    for entry in folder.iterdir():
        if entry.is_socket():
            entry.unlink(missing_ok=True)


def _replace(path: Path, content: bytes, mode: int) -> None:
    descriptor, name = tempfile.mkstemp(
        prefix=f".{path.name}.", suffix=_LEFTOVER_SUFFIX, dir=path.parent
    )
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            os.fchmod(descriptor, mode)
            handle.write(content)
            handle.flush()
            os.fsync(descriptor)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _refuse_odd(path: Path, status: os.stat_result, limit: int) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise FileTrouble(path, Trouble.A_FOLDER, "this is a folder, a file is needed")
    if not stat.S_ISREG(status.st_mode):
        raise FileTrouble(path, Trouble.NOT_A_FILE, "this is a pipe, socket or device, not a file")
    if status.st_size > limit:
        raise _too_large(path, limit)


def _too_large(path: Path, limit: int) -> FileTrouble:
    return FileTrouble(path, Trouble.TOO_LARGE, f"the file is larger than {limit} bytes")


def _unreadable(path: Path, exc: OSError | ValueError) -> FileTrouble:
    why = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
    return FileTrouble(
        path, Trouble.UNREADABLE, f"the file can't be read: {why} (check its owner and mode)"
    )


def _not_written(path: Path, exc: OSError) -> FileTrouble:
    return FileTrouble(path, Trouble.NOT_WRITTEN, f"can't be written: {exc.strerror or exc}")
