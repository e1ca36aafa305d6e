"""Blocked certificates as views, and whether one that was seen is among them."""

import contextlib
from dataclasses import dataclass
from datetime import datetime

from ostiary.kernel.blocked import Blocked
from ostiary.management.views import View
from ostiary.store.database.records import BlockedCertificate, Client
from ostiary.telemetry.facts import FactsDamaged, decode
from ostiary.trust.blocks import Name, find_block_of


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


def blocked_view(one: BlockedCertificate, now: datetime) -> BlockedView:
    """A row of the table."""
    return BlockedView(
        id=one.id,
        fingerprint=one.fingerprint,
        issuer=one.issuer,
        serial=one.serial,
        subject=one.subject,
        note=one.note,
        until=one.until,
        in_force=one.until is None or now < one.until,
        added=one.added,
        added_by=one.added_by,
    )


def block_on(client: Client, blocked: Blocked, now: datetime) -> int | None:
    """Number of the block in force that names a certificate that was seen."""
    issuer: Name = ()
    if client.serial in blocked.serials:
        with contextlib.suppress(FactsDamaged):
            issuer = decode(client.facts).names.issuer
    found = find_block_of(blocked, client.fingerprint, issuer, client.serial, now)
    return found.number if found else None
