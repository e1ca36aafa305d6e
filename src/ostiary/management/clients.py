"""Clients' certificates as views: those that were seen, and those that are blocked."""

from dataclasses import dataclass
from datetime import datetime

from ostiary.management.views import Expiry, View


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientView(View):
    """One certificate that was seen."""

    fingerprint: str
    subject: str
    issuer: str
    serial: str
    not_after: datetime
    expiry: Expiry
    anchor: str | None
    """Fingerprint of the trusted certificate its path ended at."""
    anchor_name: str
    """How that one is called here; empty when unknown."""
    first_seen: datetime
    last_seen: datetime
    count: int
    admitted: bool
    """Whether the last verdict let it pass."""
    reason: str
    """Code word of why it was refused, or would have been; empty when neither."""
    would_refuse: bool
    """It passed since the policy only reports."""
    apis: tuple[str, ...]
    """Every one it was used at."""
    blocked: int | None
    """Number of the block in force that names it; whatever the last verdict was, it passes nowhere
    then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockedView(View):
    """A certificate that may pass nowhere."""

    id: int
    fingerprint: str
    """Empty where it is named by issuer and serial number."""
    issuer: str
    """As it was written; empty where it is named by its fingerprint."""
    serial: str
    subject: str
    """Where it is known."""
    note: str
    until: datetime | None
    """None: until it is let in again."""
    in_force: bool
    """Whether its time isn't up."""
    added: datetime
    added_by: str
