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
from io import FileIO

from ostiary.x509.errors import NotACrl, Unreadable
from ostiary.x509.pem import read_crls
from ostiary.x509.revocation import RevocationList

SHORT = 256 * 1024
"""Bytes that are read on the spot: some thousand entries, in about 20 milliseconds."""
_SECONDS = 120.0
_POLITE = 10


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
            told.seek(0)
            answer = told.read()
    except (OSError, subprocess.SubprocessError) as error:
        raise NotACrl(
            Unreadable.TOO_LARGE,
            f"the revocation list of {len(content)} bytes can't be read: the process for it "
            f"failed ({type(error).__name__})",
            "see the log for its words; there may be too little memory",
        ) from error
    # Written by our own code a moment ago, to a file that nobody else has.
    lists, refused = pickle.loads(answer)  # noqa: S301
    if refused is not None:
        raise NotACrl(*refused)
    return tuple(lists)


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
    sys.stdout.buffer.write(pickle.dumps((lists, refused), pickle.HIGHEST_PROTOCOL))


if __name__ == "__main__":
    _main()
