"""What is seen of the gateway at work, and what comes of asking: overview, events, previews.

The second half of ``ostiary.management.views``.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from ostiary.management.views import View
from ostiary.store.database.records import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficPoint(View):
    """One interval of the chart."""

    at: datetime
    """Its beginning."""
    seconds: int
    requests: int
    connections: int
    admitted: int
    """Requests that were let through, those of ``would_refuse`` among them."""
    refused: int
    """Requests, and handshakes, which are no requests yet."""
    would_refuse: int
    """Requests, by report-only policies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonCount(View):
    """How often one reason refused."""

    reason: str
    """Code word."""
    sentence: str
    count: int


class BannerKind(Enum):
    """What deserves the top of every page."""

    TRUSTSTORE = "truststore-damaged"
    DATABASE = "database-damaged"
    NOT_APPLIED = "not-applied"
    """What the store holds doesn't act, since the file and the store don't fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Banner(View):
    """One condition, and the way out of it."""

    kind: BannerKind
    sentence: str
    way_out: str


class ExpiringKind(Enum):
    """What comes to its end."""

    TRUSTED = "trusted"
    SERVER = "server"
    CLIENT = "client"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiringView(View):
    """One certificate near its end, or past it."""

    kind: ExpiringKind
    name: str
    fingerprint: str
    not_after: datetime
    expired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewView(View):
    """The first page."""

    started: datetime
    now: datetime
    traffic: tuple[TrafficPoint, ...]
    """Oldest first, the last hour."""
    refusals: tuple[ReasonCount, ...]
    """Most frequent first."""
    expiring: tuple[ExpiringView, ...]
    """Nearest first, at most 20."""
    expiring_count: int
    banners: tuple[Banner, ...]
    apis: int
    trusted: int
    clients: int
    type: str
    version: str
    """Of this program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView(View):
    """One refusal as it happened (or would have, in report-only)."""

    id: int
    """Grows; pass the last one seen as ``after``."""
    at: datetime
    api: str
    listener: str
    client: str
    """Address."""
    method: str
    path: str
    status: int
    reason: str
    sentence: str
    subject: str
    fingerprint: str
    request_id: str
    would_refuse: bool


class Effect(Enum):
    """What a change would do to a client that was seen."""

    REFUSED = "newly-refused"
    ADMITTED = "newly-admitted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectView(View):
    """One client a change would touch."""

    effect: Effect
    fingerprint: str
    subject: str
    api: str
    """Where; empty for everywhere."""
    before: str
    after: str
    """Reason code words; empty: admitted."""
    sentence: str
    last_seen: datetime
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewView(View):
    """What a change would do to the clients of the last ``days`` days."""

    days: int
    looked_at: int
    newly_refused: int
    newly_admitted: int
    unknown: int
    unchanged: int
    examples: tuple[EffectView, ...]
    """Refused ones first."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView(View):
    """What came of a change."""

    applied: bool
    """False after ``dry_run``: nothing was changed."""
    revision: int
    """In force now."""
    reloaded: bool
    object: str
    """Number or name of what was made or changed; empty where there is none."""
    warnings: tuple[str, ...] = ()
    preview: PreviewView | None = None
    """After ``dry_run`` only."""


class StoreState(Enum):
    """Of the trusted certificates on the disk."""

    SOUND = "sound"
    DAMAGED = "damaged"
    UNKNOWN = "unknown"
    """Not looked at yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryView(View):
    """When and how the truststore was rebuilt last."""

    at: datetime
    by: str
    """``automatic``, ``forced by the configuration``, or the actor."""
    certificates: int
    damage: str
    """What was damaged, and how many changes are missing since; empty when nothing was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TruststoreView(View):
    """The state of what is trusted, on the disk and in the database."""

    state: StoreState
    detail: str
    """What is damaged; empty when sound."""
    verified: datetime | None
    certificates: int
    """In force now."""
    recovery: RecoveryView | None
    database: StoreState
    database_detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditView(View):
    """One line of the audit log."""

    id: int
    at: datetime
    actor: str
    action: str
    object: str
    before: Any
    """Plain JSON values; None where there is nothing to tell."""
    after: Any
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenView(View):
    """A credential; its secret is shown once, when it is made."""

    id: int
    name: str
    role: Role
    prefix: str
    created: datetime
    created_by: str
    expires: datetime | None
    last_used: datetime | None
    active: bool
    """Neither ended nor revoked."""
    secret: str | None = field(default=None, repr=False)
