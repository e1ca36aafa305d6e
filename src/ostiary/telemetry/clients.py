"""Which certificates were seen: noted with each decision, handed to the store once a second.

``Clients.seen`` is on the decision's way, so it only puts things aside. Reading, encoding and
storing happen later, in another thread. Only what changed since the last flush is held here.
"""

import asyncio
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

import structlog

from ostiary.telemetry.facts import ClientFacts, encode, shortened
from ostiary.trust.decision import Admitted, Decision
from ostiary.trust.reason import ADMITTED_CODE
from ostiary.x509.certificate import Certificate, parse
from ostiary.x509.errors import NotACertificate

MOST_PENDING = 4_096
"""Certificates noted and not yet flushed; about 7 KB each. Further ones are counted as missed."""

MOST_REMEMBERED = 4_096
MOST_REMEMBERED_BYTES = 16 * 1024 * 1024
"""Bounds of what is kept of refused certificates, to be judged again in previews."""

LONGEST_NAME = 512
"""Characters of a subject or issuer; longer ones end in an ellipsis."""

_FLUSH_SECONDS = 1.0
_MOST_APIS = 32
_MOST_COUNTS = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One decision about one certificate."""

    entry: str
    """Id of the TLS entry, without the API's part of the scope."""
    api: str
    """Name of the API that was asked for, or empty where the agent wasn't told."""
    leaf: bytes
    """DER."""
    chain: tuple[bytes, ...]
    """DER, as sent."""
    decision: Decision
    at: datetime
    """Aware."""
    key: bytes = b""
    """What HAProxy's table has the verdict under, 32 bytes; empty: the fingerprint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenClient:
    """What is new of one certificate since the last flush; the store adds it to what it has."""

    fingerprint: bytes
    """SHA-256 of the DER, 32 bytes."""
    certificate: "SeenCertificate | None"
    """None when only the count changed: what the store has of it stays."""
    first_seen: datetime
    """The earliest of this flush; the store keeps its own if that is earlier."""
    last_seen: datetime
    requests: int
    """To be added to the store's count. Decisions are not requests: this is 0 until HAProxy's
    table has been read."""
    verdict: int | None
    """ADMITTED_CODE or the code of a Reason; None when only the count changed."""
    apis: frozenset[str]
    """Names of APIs, to be united with the store's, at most 32."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCertificate:
    """What is told of a certificate, and what previews need of it."""

    subject: str
    """RFC 4514 text; empty when it can't be read at all."""
    issuer: str
    serial: int
    not_before: datetime
    not_after: datetime
    anchor: bytes | None
    """Fingerprint (32 bytes) of the anchor it was verified by; None where it wasn't."""
    facts: bytes
    """``telemetry.facts.encode``, at most LARGEST_FACTS bytes."""


class SeenStore(Protocol):
    """Where the memory of clients is; wiring plugs the database in."""

    def merge(self, batch: tuple[SeenClient, ...]) -> None:
        """Add to what is stored, all or nothing. Called in a thread of its own, never twice at
        once. Raises OstiaryError or OSError; the batch is then offered again, with what came
        since."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientsCounted:
    """How the memory of clients is doing; numbers only grow."""

    noted: int
    """Decisions noted."""
    missed: int
    """Decisions that found the memory full."""
    flushed: int
    """Certificates handed to the store."""
    failures: int
    """Flushes that the store refused."""
    unattributed: int
    """Requests counted by HAProxy for a key that belongs to no certificate we remember."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A refused certificate as it came."""

    leaf: bytes
    chain: tuple[bytes, ...]


class Clients:
    """The memory in front of the store. For one event loop; ``remembered`` from any thread."""

    def __init__(self, store: SeenStore, now: Callable[[], datetime]) -> None: ...

    def seen(self, sighting: Sighting) -> None:
        """Note a decision; a matter of microseconds, never raises for what it is given."""

    def counted(self, key: bytes, requests: int, at: datetime, api: str = "") -> None:
        """Add ``requests`` that HAProxy's table counted under ``key`` (32 bytes)."""

    def remembered(self, fingerprint: bytes) -> Remembered | None:
        """A certificate refused lately, whole: a preview can judge it by other policies."""

    def snapshot(self) -> ClientsCounted: ...

    async def flush(self) -> None:
        """Hand to the store what there is; failures are logged and tried again."""

    async def run(self) -> None:
        """Flush each second, until cancelled; then once more."""
