"""Long revocation lists are read by a process of their own, so that decisions don't wait.

    python -P -m ostiary.wiring.lists <FILE >ANSWER

Reading a million entries takes Python seconds. In a thread of the gateway it would hold the
interpreter for a tenth of a second at a time; a process beside it, of low priority, holds nothing.
"""

import gc
import os
import pickle
import subprocess
import sys
from io import SEEK_END, BytesIO, FileIO
from typing import IO

from ostiary.x509.errors import NotACrl, Unreadable
from ostiary.x509.pem import read_crls
from ostiary.x509.revocation import RevocationList

SHORT = 256 * 1024
"""Bytes that are read on the spot: some thousand entries, in about 20 milliseconds."""
_SECONDS = 120.0
_POLITE = 10
_LENGTH = 8


def read_lists(content: bytes) -> tuple[RevocationList, ...]:
    """As ``read_crls``; call it in a thread. Raises NotACrl."""
    if len(content) <= SHORT:
        return read_crls(content)
    command = [sys.executable, "-P", "-m", "ostiary.wiring.lists"]
    try:
        # Files in memory rather than pipes: of pipes Python reads and writes many small pieces,
        # and would compete with the decisions for each.
        with _memory() as asked, _memory() as told:
            asked.write(content)
            asked.seek(0)
            subprocess.run(command, stdin=asked, stdout=told, timeout=_SECONDS, check=True)
            lists, refused = _Together(told).load()
    except (OSError, subprocess.SubprocessError, pickle.UnpicklingError, EOFError) as error:
        raise NotACrl(
            Unreadable.TOO_LARGE,
            f"the revocation list of {len(content)} bytes can't be read: the process for it "
            f"failed ({type(error).__name__})",
            "see the log for its words; there may be too little memory",
        ) from error
    if refused is not None:
        raise NotACrl(*refused)
    return tuple(lists)


class _Apart(pickle.Pickler):
    """Writes an answer: its long bytes by themselves, before the rest.

    Whoever unpickles long bytes copies them with the interpreter held; reading a file lets it go.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._rest = BytesIO()
        super().__init__(self._rest, pickle.HIGHEST_PROTOCOL)

    def persistent_id(self, thing: object) -> int | None:
        """Bytes of which only the length is told."""
        if not isinstance(thing, bytes) or len(thing) < SHORT:
            return None
        self._file.write(thing)
        return len(thing)

    def dump(self, thing: object) -> None:
        """Write all of it; the last eight octets tell how long the rest is."""
        super().dump(thing)
        rest = self._rest.getvalue()
        self._file.write(rest + len(rest).to_bytes(_LENGTH, "big"))


class _Together(pickle.Unpickler):
    """Reads it. Our own code wrote it a moment ago, to a file that nobody else has."""

    def __init__(self, file: FileIO) -> None:
        self._file = file
        file.seek(-_LENGTH, SEEK_END)
        file.seek(-_LENGTH - int.from_bytes(file.read(_LENGTH), "big"), SEEK_END)
        super().__init__(BytesIO(file.read()))
        file.seek(0)

    def persistent_load(self, pid: int) -> bytes:
        """The next long bytes."""
        found = self._file.read(pid)
        if len(found) != pid:
            raise EOFError
        return found


def _memory() -> FileIO:
    return FileIO(os.memfd_create("ostiary-list"), "r+")


def _main() -> None:
    os.nice(_POLITE)
    gc.disable()  # nothing goes round in circles here, and looking for it takes a third of the time
    lists: tuple[RevocationList, ...] = ()
    refused: tuple[Unreadable, str, str] | None = None
    try:
        lists = read_crls(sys.stdin.buffer.read())
    except NotACrl as error:
        refused = error.reason, error.sentence, error.way_out
    _Apart(sys.stdout.buffer).dump((lists, refused))


if __name__ == "__main__":
    _main()
