"""What a change would do: which of the clients seen lately would newly be refused or admitted.

Pure, and streaming: clients come one at a time and are counted, the first few are kept as examples.
What can't be known without seeing the client again is said so, with the reason.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from ostiary.telemetry.facts import ClientFacts
from ostiary.trust.decision import Decision
from ostiary.trust.reason import Reason


class Outcome(Enum):
    """What a change does to one client."""

    UNCHANGED = "unchanged"
    REFUSED = "refused"
    """Newly: it passes now."""
    ADMITTED = "admitted"
    """Newly: it is refused now."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownClient:
    """A client as the store has it."""

    fingerprint: bytes
    """32 bytes."""
    subject: str
    """For the examples."""
    facts: bytes
    """``telemetry.facts.encode``."""
    verdict: int
    """The last one: ADMITTED_CODE or the code of a Reason."""
    last_seen: datetime
    apis: frozenset[str]
    """Empty, or with an empty name: the gateway's own policy."""
    requests: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A certificate that may stand in a path above a client's."""

    fingerprint: bytes
    subject: str
    """RFC 4514 text."""
    issuer: str
    public_key: bytes
    """SHA-256 of the SubjectPublicKeyInfo."""
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """How certificates are treated at one entry and API."""

    id: str
    """The same for two regimes that treat everybody alike; clients of equal ones are unchanged."""
    checked: bool
    """Whether one who fails is refused at all; False for type ``none`` without
    ``rejectUnauthorized``."""
    by_header: bool
    required: bool
    report_only: bool
    path_needed: bool
    """False: header mode without trusted certificates."""
    anchors: tuple[Authority, ...]
    names_id: str
    """The same for equal names and rules; empty when everybody passes them."""
    names: Callable[[bytes, ClientFacts], Reason | None]
    """Of fingerprint and facts: why the names refuse, or None."""
    judge: Callable[[bytes], Decision | None] | None = None
    """The whole decision about the certificate with this fingerprint, where it is still at hand
    (``Clients.remembered``); None where it isn't."""


Regimes = Callable[[str, str], Regime]
"""By entry id and API name; of the gateway's own policy for an empty or unknown API."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One client that the change concerns, at one API."""

    fingerprint: bytes
    subject: str
    api: str
    outcome: Outcome
    why: str
    """One sentence without a full stop."""
    reason: Reason | None
    """Of a refusal."""
    last_seen: datetime
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A client counts once in the totals: as refused if it is at any of its APIs, else as unknown,
    else as admitted."""

    clients: int
    refused: int
    admitted: int
    unknown: int
    unchanged: int
    by_api: Mapping[str, Mapping[Outcome, int]]
    """Only APIs with changes; the empty name is the gateway's own policy."""
    by_reason: Mapping[str, int]
    """New refusals by the Reason's value."""
    unknowns: Mapping[str, int]
    """What can't be known: how many times each sentence."""
    examples: tuple[Example, ...]
    """The first of each outcome, at most as many as asked for of each."""
    notes: tuple[str, ...]
    """What else the change does, in sentences: to clients without a certificate."""


def preview(
    clients: Iterable[KnownClient],
    now: Regimes,
    then: Regimes,
    at: datetime,
    *,
    authorities: Iterable[Authority] = (),
    examples: int = 20,
) -> Preview:
    """Foresee a change for ``clients``; ``authorities``: further ones known, such as the
    remembered intermediates."""
    raise NotImplementedError
