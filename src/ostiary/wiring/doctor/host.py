"""The host: permissions of files, the clock, memory, limits."""

import resource
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ostiary.config.model.document import Document
from ostiary.services.diagnosis import (
    Finding,
    doubtful,
    fine,
    memory,
    open_files,
    secret_mode,
    wrong,
)

_BUILT = datetime(2026, 1, 1, tzinfo=UTC)
"""No clock of a host that runs this program is right and says an earlier time."""
_SLACK = timedelta(minutes=2)
_WRITABLE_BY_OTHERS = 0o022


def examine_files(document: Document, config: Path, state: Path) -> Iterator[Finding]:
    """Private keys and the state folder are for their owner alone; the configuration is not for
    everybody to write."""
    for key in _keys(document):
        path = config.parent / key
        try:
            yield secret_mode(str(path), path.stat().st_mode)
        except OSError as error:
            yield wrong("permissions", f"{str(path)!r}: {error.strerror}", "check the path")
    mode = config.stat().st_mode
    if mode & _WRITABLE_BY_OTHERS:
        yield doubtful(
            "permissions",
            f"{str(config)!r} has mode {mode & 0o777:04o}: others than its owner can change it",
            f"chmod go-w {config}",
        )
    if state.is_dir():
        yield secret_mode(str(state), state.stat().st_mode, folder=True)
    else:
        yield fine("permissions", f"the state folder {str(state)!r} is not made yet")


def _keys(document: Document) -> list[str]:
    found = [entry.key for entry in document.https.tls.values()] if document.https else []
    for service in document.service_endpoints.values():
        target = service.proxy_options.target
        if target is not None and target.key_file:
            found.append(target.key_file)
    return list(dict.fromkeys(found))


def examine_clock(config: Path, now: datetime) -> Finding:
    """A clock that is wrong refuses good certificates and admits expired ones."""
    if now < _BUILT:
        return wrong("clock", f"it says {now:%Y-%m-%d %H:%M} UTC", "set the clock; use NTP")
    try:
        written = datetime.fromtimestamp(config.stat().st_mtime, UTC)
    except OSError:
        written = now
    if written > now + _SLACK:
        return doubtful(
            "clock",
            f"it says {now:%Y-%m-%d %H:%M} UTC, and {str(config)!r} was written after that",
            "check the clock; use NTP",
        )
    return fine("clock", f"it says {now:%Y-%m-%d %H:%M} UTC")


def examine_limits(document: Document | None) -> Iterator[Finding]:
    """Memory and file descriptors."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = 2**31 if hard == resource.RLIM_INFINITY else hard
    yield open_files(limit, document.engine.max_connections if document else None)
    available = _available_memory()
    if available is not None:
        yield memory(available)


def _available_memory() -> int | None:
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return None
    rows = (row.split() for row in text.splitlines())
    return next((int(row[1]) * 1024 for row in rows if row[0] == "MemAvailable:"), None)
