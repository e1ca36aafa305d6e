"""The room for OCSP answers: bounded, and apart for those that revoke somebody.

Who has many good certificates must not be able to have the gateway forget that one is revoked.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from ostiary.trust.ocsp import OcspRules, Status
from ostiary.trust.status_lines import Line
from ostiary.x509.certificate import Certificate


@dataclass(frozen=True, slots=True)
class About:
    """Whom an answer is about, in a tenth of the memory of a ``Question``."""

    leaf: bytes
    """DER."""
    issuer: Certificate
    """One object for all its certificates."""
    rules: OcspRules


@dataclass(slots=True)
class Kept:
    """One answer as it came, and what it was found to say."""

    line: Line
    used: datetime
    due: datetime
    """When it is asked for again, if it is in use."""
    about: About | None = None
    """None until somebody has asked since the start."""
    status: Status | None = None
    """By ``about.rules``; None: not verified since the start."""


class _Row:
    """Answers, least recently used first."""

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most, self._most_bytes = most, most_bytes
        self.kept: OrderedDict[bytes, Kept] = OrderedDict()
        self._bytes = 0

    def add(self, kept: Kept) -> None:
        self.kept[kept.line.key] = kept
        self._bytes += len(kept.line.der)
        while len(self.kept) > self._most or self._bytes > self._most_bytes:
            self.drop(next(iter(self.kept)))

    def drop(self, key: bytes) -> None:
        kept = self.kept.pop(key, None)
        self._bytes -= len(kept.line.der) if kept else 0


class Shelf:
    """Answers by ``Subject.key``; each kind is thrown out, least recently used first, for its own
    kind only. Not for two threads at once, but for ``__iter__``."""

    def __init__(self, most: int, most_bytes: int) -> None:
        """``most`` answers of ``most_bytes`` that revoke, and as many others."""
        self._revoking, self._others = (_Row(most, most_bytes) for _ in range(2))

    def __len__(self) -> int:
        """Of both kinds."""
        return len(self._revoking.kept) + len(self._others.kept)

    def __iter__(self) -> Iterator[Kept]:
        """All that are here now, of each kind the least recently used first."""
        yield from (*self._others.kept.values(), *self._revoking.kept.values())

    def get(self, key: bytes) -> Kept | None:
        """The answer at hand."""
        return self._revoking.kept.get(key) or self._others.kept.get(key)

    def keep(self, kept: Kept) -> None:
        """In place of the one before."""
        self.drop(kept.line.key)
        (self._revoking if kept.line.revokes else self._others).add(kept)

    def use(self, key: bytes, now: datetime) -> None:
        """Somebody has looked at it."""
        for row in (self._revoking, self._others):
            kept = row.kept.get(key)
            if kept is not None:
                kept.used = max(kept.used, now)
                row.kept.move_to_end(key)

    def drop(self, key: bytes) -> None:
        """Forget it."""
        self._revoking.drop(key)
        self._others.drop(key)
