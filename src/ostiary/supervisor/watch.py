"""Watching files by looking at them: sees renames, writes in place, swapped links, comings, goings.

Looking, not inotify: mounted secrets (``..data`` links), network file systems and containers give
no or misleading events. A few hundred files cost a millisecond per look, and more files are looked
at less often.
"""

import asyncio
import hashlib
import os
import stat
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

# A file system may stamp two writes with the same time (4 to 10 ms on Linux, 1 s on old ones, 2 s
# on FAT). A file read so soon after its last change is read again although it looks unchanged.
_RACY_NS = 2_500_000_000
_READ_AT_ONCE = 1024 * 1024
# A look is followed by so many times its length of rest: a hundredth of a core at most.
_SHARE = 100
_LONGEST_INTERVAL = 0.5
# Files that change without end are told nevertheless, after so many quiet times.
_LONGEST_BURST = 10

Signature = tuple[int, int, int, int, int]
"""Device, inode, mtime in ns, ctime in ns, size."""


@dataclass(frozen=True, slots=True)
class Absent:
    """No file is there, or it can't be read; ``why`` in the system's words."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """A file is there; two sightings tell the same if their digests are the same."""

    signature: Signature
    sha256: str
    looked_ns: int
    """When the content was read, in ns since the epoch."""


Sighting = Absent | Present


def look(path: Path, last: Sighting | None, *, now_ns: int) -> Sighting:
    """See what is at ``path``; the content is read only if it may differ from ``last``. Blocks."""
    try:
        signature = _signature(path.stat())
        if isinstance(last, Present) and signature == last.signature and _settled(last):
            return last
        return _read(path, now_ns)
    except (OSError, ValueError) as exc:
        return Absent(exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc))


def differs(one: Sighting, other: Sighting) -> bool:
    """Whether the content changed, came or went; a new date on the same bytes is no change, and
    neither is another reason for an absence."""
    if isinstance(one, Present) and isinstance(other, Present):
        return one.sha256 != other.sha256
    return isinstance(one, Present) or isinstance(other, Present)


class Watch:
    """A set of files and what was seen of them last."""

    def __init__(
        self, paths: Iterable[Path] = (), *, interval: float = 0.05, quiet: float = 0.1
    ) -> None:
        """``interval``: seconds between looks, more where a look takes long; ``quiet``: how long a
        burst must be over."""
        self._interval = interval
        self._quiet = quiet
        self._told: dict[Path, Sighting] = {}
        self._seen: dict[Path, Sighting] = {}
        self.replace(paths)

    def replace(self, paths: Iterable[Path], *, used: Mapping[Path, str] | None = None) -> None:
        """Watch these files from now on; what is known of those watched already is kept.

        ``used`` tells the SHA-256 (hexadecimal) of contents the caller has read and acted on, so
        that a change between that reading and this call is not lost; an empty text tells that
        there was nothing to read. Blocks for reading new files.
        """
        now = time.time_ns()
        seen = {path: look(path, self._seen.get(path), now_ns=now) for path in paths}
        told = {path: self._told.get(path, sighting) for path, sighting in seen.items()}
        for path, digest in (used or {}).items():
            if path in told:
                told[path] = _used(digest)
        self._seen, self._told = seen, told

    async def changes(self) -> AsyncIterator[frozenset[Path]]:
        """For ever: wait for a change, let the burst end, tell which files differ from before."""
        while True:
            took = await self._look()
            if not self._changed():
                await asyncio.sleep(max(self._interval, min(_LONGEST_INTERVAL, took * _SHARE)))
                continue
            await self._wait_for_quiet()
            changed = self._changed()
            self._told.update({path: self._seen[path] for path in changed})
            if changed:
                yield changed

    async def _wait_for_quiet(self) -> None:
        for _ in range(_LONGEST_BURST):
            before = self._seen
            await asyncio.sleep(self._quiet)
            await self._look()
            if before.keys() == self._seen.keys() and not any(
                differs(before[path], self._seen[path]) for path in before
            ):
                return

    async def _look(self) -> float:
        """Seconds of work that it took; waiting for a processor is none."""
        before = self._seen
        after, took = await asyncio.to_thread(_look_at_all, before)
        if self._seen is before:  # else replaced meanwhile: the newer set was just looked at
            self._seen = after
        return took

    def _changed(self) -> frozenset[Path]:
        return frozenset(
            path for path, sighting in self._seen.items() if differs(self._told[path], sighting)
        )


def _used(digest: str) -> Sighting:
    if not digest:
        return Absent("it could not be read")
    return Present(signature=(0, 0, 0, 0, 0), sha256=digest, looked_ns=0)


def _look_at_all(before: Mapping[Path, Sighting]) -> tuple[dict[Path, Sighting], float]:
    now, started = time.time_ns(), time.thread_time()
    found = {path: look(path, last, now_ns=now) for path, last in before.items()}
    return found, time.thread_time() - started


def _settled(last: Present) -> bool:
    """It was read long enough after its last change that a later one must bear another time."""
    return last.looked_ns - max(last.signature[2], last.signature[3]) > _RACY_NS


def _signature(status: os.stat_result) -> Signature:
    return (
        status.st_dev,
        status.st_ino,
        status.st_mtime_ns,
        status.st_ctime_ns,
        status.st_size,
    )


def _read(path: Path, now_ns: int) -> Sighting:
    # O_NONBLOCK: a pipe in the place of the file must not hang the watch.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return Absent("not a file")
        digest = hashlib.sha256()
        while chunk := os.read(descriptor, _READ_AT_ONCE):
            digest.update(chunk)
        # The signature from before the reading: a write during it is seen at the next look.
        return Present(signature=_signature(status), sha256=digest.hexdigest(), looked_ns=now_ns)
    finally:
        os.close(descriptor)
