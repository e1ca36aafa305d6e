"""Who may ask for a certificate by a token, and who waits for an operator's word, as values."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from ostiary.kernel.errors import OstiaryError, WrongUse


class TokenSpent(WrongUse):
    """The token has ended, or was used as often as it may be. Nothing was written."""


class TooManyWaiting(OstiaryError):
    """So many requests wait already that no more are taken. Nothing was written."""


class AlreadyDecided(WrongUse):
    """The request waits no more: somebody has approved or denied it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A token that is to be written down: never its secret."""

    name: str
    """The common name it is for; ``*`` stands for any characters."""
    purpose: str
    """``client`` or ``server``."""
    uses: int
    approval: bool
    """Whether an operator is asked at each use."""
    digest: bytes
    """SHA-256 of a secret of 256 random bits; a fast hash is enough for such."""
    created: datetime
    created_by: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class KeptToken:
    """A token as it stands in the ledger."""

    id: int
    token: NewToken
    used: int
    ended: datetime | None
    """When an operator ended it."""

    def good_at(self, now: datetime) -> bool:
        """Whether it may still be used for something new."""
        return self.ended is None and now < self.token.expires and self.used < self.token.uses


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One use of a token: for this content, and for no other."""

    token: int
    content: bytes
    """SHA-256 of the key and the names that are asked for."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What came of a use; exactly one of the two."""

    certificate: int | None
    """Number of the ledger's entry."""
    request: int | None


class RequestState(Enum):
    """How far a request is; the values are kept."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """A certificate that is asked for, and that an operator shall decide on."""

    content: bytes
    """As in ``Claim``."""
    name: str
    purpose: str
    der: bytes
    """PKCS#10."""
    asked_by: str
    received: datetime


@dataclass(frozen=True, slots=True)
class KeptRequest:
    """A request as it stands in the ledger."""

    id: int
    request: NewRequest
    state: RequestState
    decided: datetime | None
    decided_by: str
    note: str
    """Why, in the operator's words."""
    certificate: int | None
    """Number of the entry that came of it."""
