"""A file of the operator's that is changed here: its mode, owner and attributes stay."""

import errno
import os
import shutil
import stat
import tempfile
from pathlib import Path

from ostiary.store.files import FileTrouble, Trouble, read_bounded, sync_folder

_LARGEST = 64 * 1024 * 1024
_SUFFIX = ".partial-write"
_WHY = {
    errno.EROFS: (
        "it is read-only for the gateway: a mount, or ProtectSystem= of its service (allow its "
        "folder with ReadWritePaths=, or change the file by hand)"
    ),
    errno.EBUSY: "it is a mount of its own, which can't be replaced (mount its folder instead)",
}


def rewrite(path: Path, before: bytes, after: bytes) -> None:
    """Put ``after`` in the place of ``before``, so that a reader, or a crash, meets one of the two.

    Links are followed: what they lead to is replaced. On disk when this returns. Raises
    FileTrouble: CHANGED if something else than ``before`` is there, NOT_WRITTEN if it can't be
    done; the file is then as it was.
    """
    target = Path(os.path.realpath(path))
    if read_bounded(target, limit=_LARGEST) != before:
        raise FileTrouble(path, Trouble.CHANGED, "somebody else has changed it")
    try:
        _refuse_read_only(target)
        _replace(target, after)
    except OSError as exc:
        why = _WHY.get(exc.errno or 0) or (
            f"{exc.strerror or exc} (the gateway's user must be allowed to write the file and its "
            "folder, or change it by hand)"
        )
        raise FileTrouble(path, Trouble.NOT_WRITTEN, f"can't be written: {why}") from exc


def _refuse_read_only(target: Path) -> None:
    """A file can be replaced wherever its folder can be written, but that is not what is meant."""
    writable = os.access(target, os.W_OK) and target.stat().st_mode & 0o222
    if not writable:
        raise OSError(errno.EACCES, "it is read-only")


def _replace(target: Path, content: bytes) -> None:
    _sweep(target)
    descriptor, name = tempfile.mkstemp(
        prefix=f".{target.name}.", suffix=_SUFFIX, dir=target.parent
    )
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(content)
            handle.flush()
            _be_like(target, temporary)
            os.fsync(descriptor)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def _be_like(target: Path, temporary: Path) -> None:
    status = target.stat()
    mine = temporary.stat()
    if (status.st_uid, status.st_gid) != (mine.st_uid, mine.st_gid):
        os.chown(temporary, status.st_uid, status.st_gid)
    shutil.copystat(target, temporary)  # attributes, too, such as access lists
    os.utime(temporary)
    temporary.chmod(stat.S_IMODE(status.st_mode))


def _sweep(target: Path) -> None:
    """Remove what a write left that was cut off: it may hold secrets."""
    for left in target.parent.iterdir():
        if left.name.startswith(f".{target.name}.") and left.name.endswith(_SUFFIX):
            left.unlink(missing_ok=True)
