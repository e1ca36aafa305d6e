"""Where HAProxy writes the access log, and that it is appended to whatever HAProxy does."""

import contextlib
import fcntl
import os
import sys
from pathlib import Path

from ostiary.kernel.problems import ConfigRefused
from ostiary.services.prepare import Prepared


class AccessLog:
    """A descriptor that HAProxy inherits, with the file's status flags (fcntl(2)), which all that
    hold it share.

    With a worker's first line HAProxy sets them to O_NONBLOCK alone (2.6.12 and 2.8.25): what was
    opened for appending is written on where the last line ended, and a file that was cut to nothing
    (logrotate's copytruncate) is filled with zeros up to there.
    """

    def __init__(self, descriptor: int) -> None:
        """The descriptor, and how it was opened."""
        self.descriptor = descriptor
        self._appends = bool(_flags(descriptor) & os.O_APPEND)
        if self._appends:
            # Until that flag is set again the first lines belong at the end as well.
            with contextlib.suppress(OSError):  # a pipe
                os.lseek(descriptor, 0, os.SEEK_END)

    def keep_appending(self) -> None:
        """Set again what HAProxy has reset."""
        flags = _flags(self.descriptor)
        if self._appends and not flags & os.O_APPEND:
            fcntl.fcntl(self.descriptor, fcntl.F_SETFL, flags | os.O_APPEND)


def open_access_log(prepared: Prepared) -> AccessLog:
    """The file that is named, or our stdout. Raises ConfigRefused.

    A pipe that nobody reads is an error at once: opening it must not hang us.
    """
    named = prepared.document.logs.access
    if named is None:
        return AccessLog(sys.stdout.fileno())
    path = Path(prepared.folder / named)
    try:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK
        return AccessLog(os.open(path, flags, 0o640))
    except OSError as error:
        at = prepared.loaded.problem(
            ("logs", "access"), f"{named!r} ({path}) can't be written: {error.strerror}"
        )
        raise ConfigRefused([at]) from error


def _flags(descriptor: int) -> int:
    return fcntl.fcntl(descriptor, fcntl.F_GETFL)
