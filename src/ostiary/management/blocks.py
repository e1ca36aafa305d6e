"""Blocked certificates as views."""

from dataclasses import dataclass
from datetime import datetime

from ostiary.management.views import View


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
