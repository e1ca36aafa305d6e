"""Which rows of the engine's table hold verdicts on a certificate.

So that a block, or a list with one more entry, withdraws these alone. Else all clients are asked
about again, and with thousands of them the one that is meant waits in line.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Final

from ostiary.kernel.blocked import Block
from ostiary.trust.decision import Admitted, Decision
from ostiary.x509.twins import twin_fingerprints

CAPACITY: Final = 50_000
"""Certificates remembered, 1 KB each."""
MOST_KEYS: Final = 250_000
"""Rows remembered, 0.3 KB each."""
MOST_OF_ONE: Final = 1_000
"""Rows of one certificate. Each of many scopes has its own; and each way to write the certificate
into a header, which may hold a chain that its client has chosen."""
MOST_UNREAD: Final = 500
"""Certificates whose serial number is not known; one that is refused isn't read for that alone."""


@dataclass(slots=True)
class _Known:
    keys: set[str] | None
    """None: more than are remembered."""
    twins: tuple[bytes, ...]
    serial: int | None
    until: int
    """Unix seconds; no row holds a verdict beyond."""


class Rows:
    """The keys of all rows told to the engine that may still hold. One event loop uses it.

    What had to be forgotten is remembered as a time: before that, nobody can say what is missing.
    """

    def __init__(self, capacity: int = CAPACITY, most_keys: int = MOST_KEYS) -> None:
        """Nothing was told yet."""
        self._capacity = capacity
        self._most_keys = most_keys
        self._count = 0
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._twins: dict[bytes, bytes] = {}
        self._serials: dict[int, set[bytes]] = {}
        self._unread: set[bytes] = set()
        self._authorities: set[int] = set()
        self._complete_from = 0

    def __len__(self) -> int:
        return len(self._known)

    def note(
        self, key: str, fingerprint: bytes, leaf: bytes, decision: Decision, until: int
    ) -> None:
        """The engine may remember, under ``key`` and until then (Unix seconds), what was decided on
        the certificate ``leaf`` (DER) with this SHA-256."""
        if not until or not leaf:
            return
        serial = None
        if isinstance(decision, Admitted):
            serial = decision.path[0].serial
            self._authorities.update(one.serial for one in decision.path[1:])
        known = self._known.get(fingerprint)
        if known is None:
            twins = tuple(twin_fingerprints(leaf))
            known = self._known[fingerprint] = _Known(set(), twins, None, 0)
            self._twins.update((twin, fingerprint) for twin in twins)
            self._unread.add(fingerprint)
        if serial is not None and known.serial is None:
            known.serial = serial
            self._unread.discard(fingerprint)
            self._serials.setdefault(serial, set()).add(fingerprint)
        self._add(known, key)
        known.until = max(known.until, until)
        self._known.move_to_end(fingerprint)
        while len(self._known) > self._capacity or self._count > self._most_keys:
            self._forget(*self._known.popitem(last=False))

    def _add(self, known: _Known, key: str) -> None:
        if known.keys is None or key in known.keys:
            return
        if len(known.keys) < MOST_OF_ONE:
            known.keys.add(key)
            self._count += 1
        else:
            # Its own are forgotten, and nobody else's: whoever has one certificate written in ever
            # other ways would push out all others.
            self._count -= len(known.keys)
            known.keys = None

    def affected(self, blocks: Iterable[Block], now: int) -> frozenset[str] | None:
        """The rows of certificates that one of these blocks names; None: there may be others.

        Some that none names may be among them. ``now``: Unix seconds.
        """
        if not self._is_complete(now):
            return None
        return self._keys(one for block in blocks for one in self._named(block))

    def numbered(self, serials: Collection[int], now: int) -> frozenset[str] | None:
        """The rows of certificates with one of these serial numbers, likewise; None also if one of
        them is an authority's, on which others hang."""
        if not self._is_complete(now) or not self._authorities.isdisjoint(serials):
            return None
        empty: frozenset[bytes] = frozenset()
        return self._keys(
            chain(self._unread, *(self._serials.get(serial, empty) for serial in serials))
        )

    def _is_complete(self, now: int) -> bool:
        return now >= self._complete_from and len(self._unread) <= MOST_UNREAD

    def _keys(self, fingerprints: Iterable[bytes]) -> frozenset[str] | None:
        found: set[str] = set()
        for one in fingerprints:
            known = self._known.get(one)
            if known is None:
                continue
            if known.keys is None:
                return None
            found |= known.keys
        return frozenset(found)

    def _named(self, block: Block) -> Iterable[bytes]:
        if block.serial is not None:
            return self._serials.get(block.serial, set()) | self._unread
        twin = self._twins.get(block.mark)
        return (block.mark,) if twin is None else (block.mark, twin)

    def _forget(self, fingerprint: bytes, known: _Known) -> None:
        self._complete_from = max(self._complete_from, known.until)
        self._unread.discard(fingerprint)
        self._count -= len(known.keys or ())
        for twin in known.twins:
            self._twins.pop(twin, None)
        if known.serial is not None:
            others = self._serials[known.serial]
            others.discard(fingerprint)
            if not others:
                del self._serials[known.serial]
