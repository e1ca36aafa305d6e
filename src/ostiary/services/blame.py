"""From a place in the engine's files back to the operator's document.

HAProxy complains about what was generated; the operator can only mend what was written.
"""

import re

from ostiary.compiler.tls import entries_of
from ostiary.config.load import Loaded
from ostiary.kernel.problems import Problem

SEE_IT = "see what was generated: ostiary check --show engine"
_ENTRY_FILE = re.compile(r"\b(server|ca)-([0-9a-f]{16})\.pem")
_SETTING_OF = {"server": "cert", "ca": "ca"}


def origin_of(cfg: str, line: int) -> str:
    """The operator's path above the section that holds ``line`` (from 1); empty if it has none."""
    lines = cfg.splitlines()[:line]
    for at in range(len(lines) - 1, -1, -1):
        if lines[at] and not lines[at].startswith((" ", "#")):
            above = lines[at - 1] if at else ""
            return above.removeprefix("# ") if above.startswith("# ") else ""
    return ""


def blame(loaded: Loaded, cfg: bytes, file: str | None, line: int | None, message: str) -> Problem:
    """What HAProxy said about its files, told at the operator's nearest path.

    ``file`` and ``line`` are as HAProxy names them, None where it names no place.
    """
    path = _entry_path(loaded, message)
    place = ""
    if file is not None and line is not None:
        place = f"{file.rpartition('/')[2]}:{line}: "
        if not path and file.endswith("/haproxy.cfg"):
            path = _path(origin_of(cfg.decode(), line))
    return loaded.problem(path, f"HAProxy refuses what this compiles to: {place}{message}", SEE_IT)


def _path(origin: str) -> tuple[str, ...]:
    section, _, name = origin.partition(":")[0].partition(".")
    return tuple(part for part in (section, name) if part)


def _entry_path(loaded: Loaded, message: str) -> tuple[str, ...]:
    found = _ENTRY_FILE.search(message)
    https = loaded.document.https
    if found is None or https is None:
        return ()
    for written, entry in zip(
        https.tls, entries_of(https, loaded.effective.type.value), strict=True
    ):
        if entry.id == found[2]:
            return ("https", "tls", written, _SETTING_OF[found[1]])
    return ()
