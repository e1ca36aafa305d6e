"""What a header came to: a client certificate with its chain, or a fault."""

from dataclasses import dataclass, field
from enum import Enum


class FaultKind(Enum):
    """Why a header is no certificate; the values are stable codes."""

    MALFORMED = "malformed"
    REPEATED = "repeated"
    """Two values, where one proxy sends one: somebody else may have added the other."""
    TOO_LARGE = "too-large"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarded:
    """What the header holds. Nothing is verified yet: not even that the DER is a certificate."""

    leaf: bytes = field(repr=False)
    """The client's certificate, DER."""
    chain: tuple[bytes, ...] = field(default=(), repr=False)
    """DER of what else was sent: as a rule the intermediates, nearest first."""


@dataclass(frozen=True, slots=True)
class HeaderFault:
    """The header can't be used; nothing of it may be."""

    kind: FaultKind
    detail: str
    """One sentence for the log and for explain, without bytes of the header."""


class Faulty(Exception):
    """A fault on its way out of this room; never leaves it."""

    def __init__(self, kind: FaultKind, detail: str) -> None:
        self.fault = HeaderFault(kind, detail)
        super().__init__(detail)


def malformed(detail: str) -> Faulty:
    """The most frequent fault."""
    return Faulty(FaultKind.MALFORMED, detail)
