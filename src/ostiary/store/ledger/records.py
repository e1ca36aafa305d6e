"""What the ledger holds, as values."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from ostiary.kernel.errors import OstiaryError


class SerialTaken(OstiaryError):
    """One of the serial numbers is in the ledger already: draw others. Nothing was written."""


class Kind(Enum):
    """What a certificate is; the values are kept."""

    ROOT = "root"
    ISSUING = "issuing"
    CLIENT = "client"
    SERVER = "server"
    RESPONDER = "ocsp"
    """Answers OCSP in an authority's name."""


AUTHORITIES = frozenset({Kind.ROOT, Kind.ISSUING})
OUR_OWN = AUTHORITIES | {Kind.RESPONDER}
"""Certificates of the house itself, which nobody orders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A certificate that is to be written down, before anybody gets it."""

    serial: int
    issuer: int | None
    """Number of the authority's own entry; None for a root."""
    kind: Kind
    name: str
    """By which people call it: the common name."""
    subject: str
    """RFC 4514."""
    not_before: datetime
    not_after: datetime
    der: bytes
    key: bytes
    """SHA-256 of the SubjectPublicKeyInfo."""
    issued: datetime
    issued_by: str
    renews: int | None = None
    """The entry it is to follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """That a certificate is no good any more, since when, why, and who says so."""

    at: datetime
    reason: str
    """As RFC 5280 5.3.1 writes it."""
    by: str


@dataclass(frozen=True, slots=True)
class Written:
    """An entry as it stands in the ledger."""

    id: int
    entry: Entry
    fingerprint: bytes
    """SHA-256 of the certificate."""
    revocation: Revocation | None

    def good_at(self, now: datetime) -> bool:
        """Whether it is neither revoked nor ended."""
        return self.revocation is None and now <= self.entry.not_after


@dataclass(frozen=True, slots=True)
class ListMade:
    """A revocation list that was made, or is about to be."""

    number: int
    this_update: datetime
    next_update: datetime


class State(Enum):
    """Which entries are asked for."""

    ALL = "all"
    GOOD = "good"
    REVOKED = "revoked"
    EXPIRED = "expired"
