"""Reading HAProxy's tables: how many requests each certificate made, and at which APIs.

A dump of a large table is megabytes. It is read in pieces, and as seldom as keeps it under a
hundredth of a core: measured, 100,000 entries take HAProxy 0.11 to 0.17 s and us about as much.
"""

import asyncio
import re
import time
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

SHORTEST, LONGEST = 10.0, 1_800.0
"""Seconds between two readings. HAProxy forgets an entry an hour after its last request."""
SHARE = 100
"""A reading is followed by so many times its length of rest."""

_PIECE = 65_536
_SILENCE = 10.0
_LONGEST_LINE = 4_096
# The order of the fields is that of HAProxy's own list of data types, not of the configuration.
_ENTRY = re.compile(rb"key=([0-9a-f.]{1,64})\|([0-9A-Fa-f]{64}) [^\n]*?http_req_cnt=([0-9]{1,19})")

Take = Callable[[str, bytes, int], bool]
"""Of scope, key (32 bytes) and requests since the last time; False: no room now, tell me next time.

The verdict beside the count is left alone: it may be of an earlier generation, or none at all where
a refusal isn't to be remembered. The agent's decisions tell it better."""


@dataclass(slots=True)
class _Column:
    """What was told of one scope: beginnings of keys in order, and the counts beside them.

    Twelve bytes an entry; HAProxy lists a table in the order of its keys.
    """

    keys: "array[int]" = field(default_factory=lambda: array("Q"))
    counts: "array[int]" = field(default_factory=lambda: array("I"))

    def before(self, key: int) -> int:
        """The count told last; 0 if there was none."""
        place = bisect_left(self.keys, key)
        found = place < len(self.keys) and self.keys[place] == key
        return self.counts[place] if found else 0

    def append(self, key: int, count: int) -> None:
        """Keep the order even if HAProxy didn't."""
        if self.keys and key < self.keys[-1]:
            place = bisect_left(self.keys, key)
            self.keys.insert(place, key)
            self.counts.insert(place, count)
            return
        self.keys.append(key)
        self.counts.append(count)


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the tables of all workers."""

    entries: int
    seconds: float

    @property
    def pause(self) -> float:
        """Seconds until the next look may begin."""
        return min(LONGEST, max(SHORTEST, self.seconds * SHARE))


class TableReader:
    """Tells what each worker's table has counted since the last look."""

    def __init__(
        self,
        socket: Path,
        workers: Callable[[], Awaitable[Iterable[int]]],
        take: Take,
        *,
        table: str,
    ) -> None:
        """``socket``: HAProxy's master socket. ``workers``: the pids of all living workers.
        ``table``: its name; its keys are a scope, a bar and 64 hex digits."""
        self._socket = socket
        self._table = table
        self._workers = workers
        self._take = take
        self._told: dict[int, dict[str, _Column]] = {}

    async def read(self) -> Reading:
        """Look once. Raises OSError (also for silence) and whatever ``workers`` raises; what was
        told until then is not told again."""
        started = time.monotonic()
        pids = set(await self._workers())
        self._told = {pid: columns for pid, columns in self._told.items() if pid in pids}
        entries = 0
        for pid in sorted(pids):
            entries += await self._read_worker(pid)
        return Reading(entries, time.monotonic() - started)

    async def _read_worker(self, pid: int) -> int:
        reader, writer = await asyncio.open_unix_connection(self._socket)
        before = self._told.get(pid, {})
        fresh: dict[str, _Column] = {}
        rest, entries = b"", 0
        try:
            writer.write(f"@!{pid}; show table {self._table}\n".encode())
            writer.write_eof()
            while piece := await asyncio.wait_for(reader.read(_PIECE), _SILENCE):
                lines, _, rest = (rest + piece).rpartition(b"\n")
                rest = rest[-_LONGEST_LINE:]
                entries += self._tell(lines, before, fresh)
                # The stream may hold more than a piece: decisions are not to wait for all of it.
                await asyncio.sleep(0)
            entries += self._tell(rest, before, fresh)
            self._told[pid] = fresh
        except BaseException:
            self._told[pid] = _merged(before, fresh)
            raise
        finally:
            writer.close()
        return entries

    def _tell(self, lines: bytes, before: dict[str, _Column], fresh: dict[str, _Column]) -> int:
        found = _ENTRY.findall(lines)
        for scope_bytes, digest, counted in found:
            scope = scope_bytes.decode()
            key, count = int(digest[:16], 16), min(int(counted), 0xFFFF_FFFF)
            known = before[scope].before(key) if scope in before else 0
            # A smaller count belongs to an entry that was forgotten and made anew.
            more = count - known if count >= known else count
            if more and not self._take(scope, bytes.fromhex(digest.decode()), more):
                count = known if count >= known else 0
            fresh.setdefault(scope, _Column()).append(key, count)
        return len(found)


def _merged(before: dict[str, _Column], fresh: dict[str, _Column]) -> dict[str, _Column]:
    """After a look that broke off: what was told now, and beyond it what was told before."""
    merged = dict(before)
    for scope, column in fresh.items():
        old = before.get(scope, _Column())
        beyond = bisect_right(old.keys, column.keys[-1])
        merged[scope] = _Column(
            column.keys + old.keys[beyond:], column.counts + old.counts[beyond:]
        )
    return merged
