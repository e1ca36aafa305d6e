"""Which certificates were seen: noted with each decision, handed to the store once a second.

``Clients.seen`` is on the decision's way, so it only puts things aside. Reading, encoding and
storing happen later, in another thread. Only what changed since the last flush is held here.
"""

import asyncio
import hashlib
import itertools
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeVar

import structlog

from ostiary.kernel.errors import OstiaryError
from ostiary.telemetry.noting import Count, Sight, counted_client, decided_client
from ostiary.telemetry.refused import Refusals
from ostiary.telemetry.seen import ClientsCounted, Remembered, SeenStore, Sighting
from ostiary.trust.decision import Admitted

MOST_PENDING = 4_096
"""Certificates noted and not yet flushed, about 7 KB each; further ones are missed."""

MOST_REFUSED_PENDING = 512
"""Refused ones among them: strangers can show as many as they like, and each is read again."""

MOST_COUNTS = 50_000
"""Certificates with requests counted and not yet flushed."""

MOST_ALIASES = 65_536
"""Keys of HAProxy's table that are no fingerprints (type header), about 200 bytes each."""

_FLUSH_SECONDS = 1.0
_SLICE = 256
"""Certificates handed to the store at once, some 10 ms of work. Ten thousand in one piece were half
a second, in which a block waited."""


_Kept = TypeVar("_Kept")


class Clients:
    """The memory in front of the store. For one event loop; ``remembered`` from any thread."""

    def __init__(self, store: SeenStore) -> None:
        """Nothing noted yet."""
        self._store = store
        self._log = structlog.get_logger("ostiary.clients")
        self._sights: dict[bytes, Sight] = {}
        self._counts: dict[bytes, Count] = {}
        self._refused_pending = 0
        self._aliases: OrderedDict[bytes, bytes] = OrderedDict()
        self._refused = Refusals()
        self._flushing = asyncio.Lock()
        self._noted = self._missed = self._flushed = self._failures = self._unattributed = 0
        self._unreadable = 0

    def seen(self, sighting: Sighting) -> None:
        """Note a decision; a matter of microseconds, never raises for what it is given."""
        if not sighting.leaf:
            return
        fingerprint = hashlib.sha256(sighting.leaf).digest()
        admitted = isinstance(sighting.decision, Admitted)
        self._noted += 1
        if sighting.key and sighting.key != fingerprint:
            self._name(sighting.key, fingerprint)
        if admitted:
            self._refused.drop(fingerprint)
        else:
            self._refused.keep(fingerprint, Remembered(sighting.leaf, sighting.chain))
        known = self._sights.get(fingerprint)
        if known is not None:
            known.add(sighting)
        elif self._room(admitted):
            self._sights[fingerprint] = Sight(sighting)

    def counted(
        self, key: bytes, requests: int, at: datetime, *, api: str, by_header: bool
    ) -> bool:
        """Add ``requests`` that HAProxy's table counted under ``key`` (32 bytes).

        ``by_header``: the key is no fingerprint. False when there is no room: offer it again.
        """
        fingerprint = self._aliases.get(key) if by_header else key
        if fingerprint is None:
            self._unattributed += requests
            return True
        count = self._counts.get(fingerprint)
        if count is None:
            if len(self._counts) >= MOST_COUNTS:
                return False
            count = self._counts[fingerprint] = Count(at)
        count.add(requests, at, api)
        return True

    def remembered(self, fingerprint: bytes) -> Remembered | None:
        """A certificate refused lately, whole: a preview can judge it by other policies."""
        return self._refused.find(fingerprint)

    def snapshot(self) -> ClientsCounted:
        """The counts as they are now."""
        return ClientsCounted(
            noted=self._noted,
            missed=self._missed,
            unreadable=self._unreadable,
            flushed=self._flushed,
            failures=self._failures,
            unattributed=self._unattributed,
        )

    async def flush(self) -> None:
        """Hand to the store what there is; failures are logged and tried again."""
        # It goes to its end even when we are cancelled: only then it is known whether the batch
        # must be offered again.
        flushing = asyncio.create_task(self._flush())
        try:
            await asyncio.shield(flushing)
        except asyncio.CancelledError:
            await asyncio.wait({flushing})
            raise

    async def run(self) -> None:
        """Flush each second, until cancelled; then once more."""
        try:
            while True:
                await asyncio.sleep(_FLUSH_SECONDS)
                await self.flush()
        finally:
            await self.flush()

    async def _flush(self) -> None:
        async with self._flushing:
            sights, self._sights = self._sights, {}
            counts, self._counts = self._counts, {}
            self._refused_pending = 0
            while sights or counts:
                some, counted = _slice(sights, counts)
                started = time.monotonic()
                try:
                    self._flushed += await asyncio.to_thread(self._merge, some, counted)
                except (OstiaryError, OSError) as error:
                    self._failures += 1
                    self._log.warning("clients-not-saved", error=str(error))
                    self._take_back(some | sights, counted | counts)
                    return
                except Exception:  # noqa: BLE001 - our own bug must not end what serves
                    # Offered again it would fail again, for ever.
                    self._failures += 1
                    self._missed += len(some)
                    self._log.exception("clients-lost", certificates=len(some))
                if sights or counts:
                    # The interpreter is one for all threads: decisions and blocks go first.
                    await asyncio.sleep(time.monotonic() - started)

    def _merge(self, sights: Mapping[bytes, Sight], counts: Mapping[bytes, Count]) -> int:
        batch = []
        for fingerprint, sight in sights.items():
            client = decided_client(fingerprint, sight, counts.get(fingerprint))
            if client is None:
                self._unreadable += 1
            else:
                batch.append(client)
        batch += [
            counted_client(fingerprint, count)
            for fingerprint, count in counts.items()
            if fingerprint not in sights
        ]
        if batch:
            self._store.merge(tuple(batch))
        return len(batch)

    def _room(self, admitted: bool) -> bool:
        if len(self._sights) >= MOST_PENDING or (
            not admitted and self._refused_pending >= MOST_REFUSED_PENDING
        ):
            self._missed += 1
            return False
        self._refused_pending += not admitted
        return True

    def _name(self, key: bytes, fingerprint: bytes) -> None:
        self._aliases[key] = fingerprint
        self._aliases.move_to_end(key)
        if len(self._aliases) > MOST_ALIASES:
            self._aliases.popitem(last=False)

    def _take_back(self, sights: dict[bytes, Sight], counts: dict[bytes, Count]) -> None:
        """What came meanwhile is newer; what finds no room is missed."""
        for fingerprint, sight in sights.items():
            newer = self._sights.get(fingerprint)
            if newer is not None:
                newer.join(sight)
            elif len(self._sights) < MOST_PENDING:
                self._sights[fingerprint] = sight
            else:
                self._missed += 1
        for fingerprint, count in counts.items():
            later = self._counts.get(fingerprint)
            if later is not None:
                later.join(count)
            elif len(self._counts) < MOST_COUNTS:
                self._counts[fingerprint] = count
            else:
                self._unattributed += count.requests


def _slice(
    sights: dict[bytes, Sight], counts: dict[bytes, Count]
) -> tuple[dict[bytes, Sight], dict[bytes, Count]]:
    """Taken out of both, so many certificates; what belongs to one stays together."""
    chosen = list(itertools.islice(itertools.chain(sights, counts), _SLICE))
    return _taken(sights, chosen), _taken(counts, chosen)


def _taken(found: dict[bytes, _Kept], chosen: Iterable[bytes]) -> dict[bytes, _Kept]:
    return {one: found.pop(one) for one in chosen if one in found}
