"""SQLite's file on the disk: found or made, looked through, copied, restored.

Never opens the file but through SQLite: closing any other descriptor of it would drop the locks
that SQLite holds (sqlite.org/howtocorrupt.html, 2.2).
"""

import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ostiary.store.database.engines import escaped
from ostiary.store.database.errors import NoLastGood
from ostiary.store.database.faults import sqlite_damage
from ostiary.store.files import PRIVATE_FILE, FileTrouble, Trouble, make_folder, sync_folder
from ostiary.store.soundness import Condition, Damaged, SnapshotDamaged, Sound, Soundness

_BESIDE = ("-wal", "-shm")
_KEPT_ASIDE = 3
_LEFTOVER = ".partial-write"
_BUSY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Identity:
    """Which file it is, whatever its name: device and inode."""

    device: int
    inode: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A copy that was looked through."""

    path: Path
    revision: int


def last_good_of(path: Path) -> Path:
    """Where the last good copy is, or will be."""
    return path.with_name(f"{path.name}.last-good")


def claim(path: Path) -> Identity:
    """Find the file, or make it where there never was one; close it to others.

    Raises SnapshotDamaged if it was there once, or isn't a file; FileTrouble (NOT_WRITTEN).
    """
    make_folder(path.parent)
    try:
        _sweep(path)
        if not path.exists():
            _refuse_lost(path)
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_RDWR, PRIVATE_FILE))
            sync_folder(path.parent)
        elif path.is_file() and path.stat().st_size == 0:
            _refuse_lost(path)
        if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            path.chmod(PRIVATE_FILE)
    except OSError as exc:
        raise FileTrouble(path, Trouble.NOT_WRITTEN, f"can't be made: {exc.strerror}") from exc
    found = identity(path)
    if isinstance(found, Damaged):
        raise SnapshotDamaged(found)
    return found


def _sweep(path: Path) -> None:
    """What copies that were interrupted left."""
    for leftover in path.parent.glob(f".{path.name}.*{_LEFTOVER}*"):
        leftover.unlink(missing_ok=True)


def _refuse_lost(path: Path) -> None:
    """A log or a last good copy beside it tells that there was a database."""
    witnesses = [path.with_name(path.name + end) for end in _BESIDE] + [last_good_of(path)]
    for witness in witnesses:
        if witness.exists() and witness.stat().st_size > 0:
            raise SnapshotDamaged(
                Damaged(
                    condition=Condition.MISSING,
                    what=f"{str(path)!r} is gone or empty, though {witness.name!r} is there",
                )
            )


def identity(path: Path) -> Identity | Damaged:
    """Which file is at ``path``."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return Damaged(condition=Condition.MISSING, what=f"{str(path)!r} is gone")
    except OSError as exc:
        return Damaged(condition=Condition.UNREADABLE, what=f"{str(path)!r}: {exc.strerror}")
    if not stat.S_ISREG(status.st_mode):
        return Damaged(condition=Condition.UNREADABLE, what=f"{str(path)!r} is not a file")
    return Identity(status.st_dev, status.st_ino)


def is_empty(path: Path) -> bool:
    """Whether a file that should hold tables holds nothing; SQLite would make it anew."""
    try:
        return path.stat().st_size == 0
    except OSError:
        return False


def look_through(path: Path, *, still: bool = False) -> Soundness:
    """Have SQLite read every page (PRAGMA quick_check) over a connection of its own.

    ``still``: nobody writes to the file and nothing may be written beside it. Raises
    sqlite3.Error for what is no damage: somebody else holds the file.
    """
    where = repr(str(path))
    try:
        with _connected(path, "mode=ro&immutable=1" if still else "mode=rw") as raw:
            rows = raw.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.Error as exc:
        damage = sqlite_damage(exc, where)
        if damage is None:
            # Busy is not damaged.
            raise
        return damage
    if rows != [("ok",)]:
        return Damaged(condition=Condition.CORRUPT, what=f"{where}: {_one_line(rows[0][0])}")
    return Sound()


def _one_line(told: object) -> str:
    return " ".join(str(told).split())


def copy_of(raw: sqlite3.Connection, path: Path) -> Copied:
    """A copy, on disk and looked through, beside ``path`` under a name that is swept if left.

    Raises sqlite3.Error, OSError, or SnapshotDamaged if the copy isn't sound.
    """
    copy = _temporary(path)
    try:
        raw.execute("VACUUM INTO ?", (str(copy),)).close()
        return Copied(path=copy, revision=_sound_revision(copy))
    except BaseException:
        copy.unlink(missing_ok=True)
        raise


def put_in_place(copied: Copied, target: Path) -> None:
    """Make the copy the file ``target``, whatever was there. Raises OSError."""
    _sync(copied.path)
    copied.path.replace(target)
    sync_folder(target.parent)


def copy_last_good(path: Path) -> Copied:
    """The last good copy, copied once more. Raises NoLastGood, OSError."""
    good = last_good_of(path)
    if not good.is_file():
        raise NoLastGood(f"there is no last good copy {str(good)!r}")
    copy = _temporary(path)
    try:
        shutil.copyfile(good, copy)
        return Copied(path=copy, revision=_sound_revision(copy))
    except (SnapshotDamaged, sqlite3.Error) as exc:
        copy.unlink(missing_ok=True)
        raise NoLastGood(f"the last good copy is damaged, too: {exc}") from exc
    except BaseException:
        copy.unlink(missing_ok=True)
        raise


def set_aside(path: Path, now: datetime) -> Path | None:
    """Move a database away with its log, for people to look at; the three newest are kept.

    None if there was none, though a log of it may have been. Raises OSError.
    """
    aside = path.with_name(f"{path.name}.damaged-{now:%Y%m%dT%H%M%S.%fZ}")
    # The database first: without it, what is left says that it was there (see _refuse_lost).
    moved = path.exists() or path.is_symlink()
    for end in ("", *_BESIDE):
        part = path.with_name(path.name + end)
        if part.exists() or part.is_symlink():
            part.rename(aside.with_name(aside.name + end))
    sync_folder(path.parent)
    _forget_old_asides(path)
    return aside if moved else None


def _forget_old_asides(path: Path) -> None:
    found = list(path.parent.glob(f"{path.name}.damaged-*"))
    stems = sorted({part.name.removesuffix("-wal").removesuffix("-shm") for part in found})
    for part in found:
        if part.name.startswith(tuple(stems[:-_KEPT_ASIDE])):
            if part.is_dir() and not part.is_symlink():
                shutil.rmtree(part)
            else:
                part.unlink()


def _sound_revision(copy: Path) -> int:
    found = look_through(copy, still=True)
    if isinstance(found, Damaged):
        raise SnapshotDamaged(found)
    with _connected(copy, "mode=ro&immutable=1") as raw:
        return int(raw.execute("SELECT number FROM revision").fetchone()[0])


def _temporary(path: Path) -> Path:
    # Born closed to others.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=_LEFTOVER, dir=path.parent)
    os.close(descriptor)
    return Path(name)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _connected(path: Path, how: str) -> Iterator[sqlite3.Connection]:
    where = f"file:{escaped(path)}?{how}"
    with closing(
        sqlite3.connect(where, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
    ) as raw:
        yield raw
