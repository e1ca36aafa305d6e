"""What ends soon: trusted certificates, the gateway's own, and clients'. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

SOON = timedelta(days=90)
"""From when an indicator is shown (fourth seed)."""


class Held(Enum):
    """Whose certificate it is."""

    TRUSTED = "trusted"
    SERVER = "server"
    CLIENT = "client"
    INTERMEDIATE = "intermediate"
    """An authority between clients and a trusted certificate."""
    AUTHORITY = "authority"
    """One of our own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A certificate with an end."""

    held: Held
    fingerprint: bytes
    """32 bytes."""
    subject: str
    where: str
    """The component, the TLS entry or the API, in words for people."""
    not_after: datetime
    """Aware."""
    not_before: datetime | None = None
    """Aware; None where it isn't known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiring:
    """A certificate near its end, or past it."""

    certificate: Dated
    left: timedelta
    """Negative when it has ended."""

    @property
    def expired(self) -> bool:
        """Whether it has ended; the last second still belongs to the validity."""
        return self.left < timedelta()


def expiring(
    certificates: Iterable[Dated], at: datetime, *, within: timedelta = SOON, most: int = 1_000
) -> tuple[Expiring, ...]:
    """Those that end within ``within`` of ``at``, or have ended: the nearest end first, at most
    ``most``; one certificate in the same place once."""
    near = {
        (one.held, one.fingerprint, one.where): one
        for one in certificates
        if one.not_after - at <= within
    }
    ordered = sorted(near.values(), key=lambda one: (one.not_after, one.where, one.fingerprint))
    return tuple(Expiring(certificate=one, left=one.not_after - at) for one in ordered[:most])
