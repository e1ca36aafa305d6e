"""One gateway per state folder: a lock that the kernel takes back when its holder dies."""

import fcntl
import os
from pathlib import Path
from typing import Self

from ostiary.kernel.errors import WrongUse
from ostiary.store.files import PRIVATE_FILE, FileTrouble, Trouble, make_folder

_PID_BYTES = 32


class StateFolderInUse(WrongUse):
    """Another gateway works in this state folder; ``pid`` is None if it hasn't written it yet."""

    def __init__(self, state: Path, pid: int | None) -> None:
        self.state = state
        self.pid = pid
        who = f"process {pid}" if pid is not None else "another process"
        super().__init__(
            f"the state folder {str(state)!r} is in use by {who} "
            "(stop that gateway, or give this one a state folder of its own)"
        )


class StateLock:
    """Holds ``<state>/lock`` with flock(2) from construction to ``release``.

    The file stays in place and only the lock on it counts, so a kill -9 leaves nothing to clean.
    """

    def __init__(self, state: Path) -> None:
        """Raises StateFolderInUse, or FileTrouble (NOT_WRITTEN) if the folder can't be used."""
        make_folder(state)
        path = state / "lock"
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        except OSError as exc:
            raise FileTrouble(
                path, Trouble.NOT_WRITTEN, f"can't be locked: {exc.strerror}"
            ) from exc
        try:
            self._take(state)
        except BaseException:
            os.close(self._descriptor)
            raise

    def _take(self, state: Path) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            text = os.pread(self._descriptor, _PID_BYTES, 0).strip()
            raise StateFolderInUse(state, int(text) if text.isdigit() else None) from exc
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, b"%d\n" % os.getpid(), 0)

    def release(self) -> None:
        """Let another gateway in; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
