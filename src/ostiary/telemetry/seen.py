"""What was seen of a client's certificate, on its way from a decision to the store."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ostiary.trust.decision import Decision

MOST_APIS = 32
"""Of one certificate between two flushes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One decision about one certificate."""

    entry: str
    """Id of the TLS entry, without the API's part of the scope."""
    api: str
    """Name of the API that was asked for; empty where the agent wasn't told."""
    leaf: bytes
    """DER."""
    chain: tuple[bytes, ...]
    """DER, as sent."""
    decision: Decision
    at: datetime
    """Aware."""
    key: bytes = b""
    """What HAProxy's table has the verdict under, 32 bytes; empty: the fingerprint."""
    reported: bool = False
    """The policy only reports: whoever is refused goes on all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCertificate:
    """What is told of a certificate, and what previews need of it."""

    subject: str
    """RFC 4514 text, as long as the certificate has it."""
    issuer: str
    serial: int
    not_before: datetime
    not_after: datetime
    anchor: bytes | None
    """Fingerprint (32 bytes) of the anchor it was verified by; None where it wasn't."""
    facts: bytes
    """``telemetry.facts.encode``: at most LARGEST_FACTS bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenClient:
    """What is new of one certificate since the last flush; the store adds it to what it has."""

    fingerprint: bytes
    """SHA-256 of the DER, 32 bytes."""
    certificate: SeenCertificate | None
    """None when only the count grew: what the store has of it stays. A row that the store no
    longer has need not be made anew for it."""
    first_seen: datetime
    """The earliest of this flush; the store keeps its own where that is earlier."""
    last_seen: datetime
    requests: int
    """To be added. Decisions are no requests: 0 until HAProxy's table has been read."""
    verdict: int | None
    """Of the latest decision: ADMITTED_CODE, the code of the Reason it was refused for, or that
    code below zero where it would have been and was only reported. None when there was none: what
    the store has stays."""
    apis: frozenset[str]
    """Names of APIs, to be united with the store's; at most MOST_APIS."""


class SeenStore(Protocol):
    """Where the memory of clients is; wiring plugs the database in."""

    def merge(self, batch: tuple[SeenClient, ...]) -> None:
        """Add to what is stored, all or nothing.

        Called in a thread of its own, never twice at once. Raises OstiaryError or OSError: the
        same is then offered again, with what came since.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientsCounted:
    """How the memory of clients is doing; numbers only grow."""

    noted: int
    """Decisions noted."""
    missed: int
    """Certificates that found the memory full."""
    unreadable: int
    """Certificates that are none: they are not remembered."""
    flushed: int
    """Certificates handed to the store."""
    failures: int
    """Flushes that the store refused."""
    unattributed: int
    """Requests that HAProxy counted under a key that belongs to no certificate we know."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A refused certificate as it came: DER of leaf and chain."""

    leaf: bytes
    chain: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.leaf) + sum(map(len, self.chain))
