"""Tokens with which devices enrol: made, shown once, found again by what they show."""

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta

from ostiary.ca.signing import Purpose
from ostiary.management.authority.errors import BadToken, NotIssued, Why
from ostiary.management.authority.house import House, may_be_name
from ostiary.store.ledger.enrolment_records import KeptToken, NewToken

PREFIX = "enrol_"
MOST_USES = 100_000
LONGEST = timedelta(days=366)
_SECRET_BYTES = 32
_MOST_STARS = 3
"""Each multiplies the work of whoever compares names that devices choose."""
_LONGEST_SECRET = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A token as it is wanted."""

    name: str
    """The common name it is for; ``*`` stands for any characters."""
    purpose: Purpose = Purpose.CLIENT
    uses: int = 1
    valid: timedelta = timedelta(days=1)
    approval: bool = False
    """Whether an operator is asked at each use."""


def invite(house: House, invitation: Invitation) -> tuple[KeptToken, str]:
    """A token, and its secret, which is kept nowhere. Raises NotIssued."""
    if not may_be_name(invitation.name):
        raise NotIssued(
            Why.BAD_NAME, f"{invitation.name[:80]!r} can't be a name", "a common name; * for any"
        )
    if invitation.name.count("*") > _MOST_STARS:
        raise NotIssued(Why.BAD_NAME, f"{invitation.name!r} has more than {_MOST_STARS} stars")
    if not 1 <= invitation.uses <= MOST_USES:
        raise NotIssued(Why.TOO_LONG, f"{invitation.uses} uses", f"1 to {MOST_USES}")
    if not timedelta(0) < invitation.valid <= LONGEST:
        raise NotIssued(Why.TOO_LONG, "a token is valid for up to 366 days", "as in 1d or 12h")
    secret = PREFIX + base64.urlsafe_b64encode(house.hands.secret(_SECRET_BYTES)).decode().rstrip(
        "="
    )
    now = house.hands.clock()
    kept = house.ledger.enrolments.add_token(
        NewToken(
            name=invitation.name,
            purpose=invitation.purpose.value,
            uses=invitation.uses,
            approval=invitation.approval,
            digest=_digest(secret),
            created=now,
            created_by=house.hands.actor,
            expires=now + invitation.valid,
        )
    )
    return kept, secret


def token_of(house: House, secret: str) -> KeptToken:
    """The token with this secret, also where it has ended: what it was used for before, it may be
    shown for again.

    It is looked up by the digest of 256 random bits: what the time of that tells leads to no
    secret. Raises BadToken.
    """
    found = None
    if secret.startswith(PREFIX) and len(secret) <= _LONGEST_SECRET:
        found = house.ledger.enrolments.token_of_digest(_digest(secret))
    if found is None:
        raise BadToken
    return found


def is_for(token: NewToken, name: str) -> bool:
    """Whether a certificate of this name may be asked for with it."""
    parts = map(re.escape, token.name.split("*"))
    return may_be_name(name) and re.fullmatch(".*".join(parts), name) is not None


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
