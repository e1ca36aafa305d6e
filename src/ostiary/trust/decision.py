"""What was presented, what was decided, and the steps between."""

from dataclasses import dataclass
from datetime import datetime

from ostiary.trust.ocsp import Question
from ostiary.trust.reason import Reason
from ostiary.x509.certificate import Certificate

Missing = tuple[tuple[str, ...], ...]
"""Lists that certificates point to, and that aren't here: of each the addresses, as they are
written there. The path of those certificates is verified."""


@dataclass(frozen=True, slots=True)
class Presented:
    """What a client showed in the handshake."""

    entry: str
    """The TLS entry (name in the ``tls`` map) the connection came in by."""
    leaf: bytes
    """DER; empty when no certificate was shown."""
    chain: tuple[bytes, ...] = ()
    """DER, as sent, without the leaf; empty on resumed sessions, where the engine lost it."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """Welcome, until ``until`` (aware, UTC) at the latest."""

    path: tuple[Certificate, ...]
    """Leaf first, trust anchor last."""
    until: datetime
    would_refuse: "Refused | None" = None
    """What it would have been refused for, where names are only reported, or revocation that can't
    be determined lets pass."""
    asking: tuple[Question, ...] = ()
    """What OCSP responders are to be asked; their answers may change this."""
    anchored: bool = True
    """False where no path was looked for, so that ``path`` ends with no trust anchor."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Not welcome. ``until`` None means: not to be remembered, the next showing may differ."""

    reason: Reason
    detail: str
    """What exactly, for the log and for ``explain``; not for the client."""
    until: datetime | None
    asking: tuple[Question, ...] = ()
    """As with ``Admitted``."""
    missing: Missing = ()
    """What would be needed to tell whether somebody is revoked."""
    path: tuple[Certificate, ...] = ()
    """As with ``Admitted``, where it is refused for its names alone and a path was looked for."""


Decision = Admitted | Refused


def missing_of(decision: Decision) -> Missing:
    """The lists that it was made without."""
    refused = decision.would_refuse if isinstance(decision, Admitted) else decision
    return refused.missing if refused else ()


@dataclass(frozen=True, slots=True)
class Step:
    """One check of the decision, as ``explain`` tells it."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Walk:
    """A decision with every step that led to it, in order; the last one failed if refused."""

    steps: tuple[Step, ...]
    decision: Decision
