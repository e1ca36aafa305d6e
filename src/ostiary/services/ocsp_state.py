"""How OCSP is, for people."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponderState:
    """One responder that was asked."""

    url: str
    answers: int
    """That were believed, since the gateway started."""
    failures: int
    """In a row."""
    error: str
    """Why the last question came to nothing; empty if it didn't."""
    left_alone_until: datetime | None
    """After failures; None: it is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OcspState:
    """The answers at hand, and who gives them."""

    good: int = 0
    revoked: int = 0
    unknown: int = 0
    ends: datetime | None = None
    """When the first of the good answers ends; None where there is none."""
    responders: tuple[ResponderState, ...] = ()


NOBODY_ASKED = OcspState()
