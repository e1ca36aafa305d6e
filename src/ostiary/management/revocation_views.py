"""Where revocation lists come from and how fresh they are, as views."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from ostiary.management.views import View


class SourceKind(Enum):
    """Where a list comes from."""

    FILE = "file"
    URL = "url"
    POINT = "distribution-point"
    """A certificate names it."""


class Freshness(Enum):
    """How a list, or a source as a whole, is; the later, the worse."""

    CURRENT = "current"
    SOON = "ends-soon"
    """Less than a fourth of its time is left: the next should be there."""
    NOT_BEGUN = "not-begun"
    ENDED = "ended"
    UNUSABLE = "unusable"
    MISSING = "missing"
    """There is no list yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListView(View):
    """One list."""

    issuer: str
    kind: str
    """``whole`` or ``delta``."""
    number: int | None
    """The authority's running number; None where the list has none."""
    entries: int
    this_update: datetime
    next_update: datetime | None
    freshness: Freshness
    fault: str
    """Why it can't be used; empty if it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView(View):
    """A file or a URL, and what it holds."""

    source: str
    kind: SourceKind
    freshness: Freshness
    """The worst of its lists'."""
    ends: datetime | None
    """When the first of its lists ends."""
    then: tuple[str, ...]
    """What happens to the clients of its authorities when it has ended, a sentence for each mode
    that acts."""
    lists: tuple[ListView, ...]
    confirmed: datetime | None = None
    """When it was last fetched, or told that there is nothing newer; None for files."""
    next_try: datetime | None = None
    error: str = ""
    """Why the last question came to nothing; empty if it didn't."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponderView(View):
    """An OCSP responder: named in the file, or asked since a certificate names it."""

    url: str
    named: bool
    """In the file."""
    answers: int
    """That were believed, since the gateway started."""
    failures: int
    """In a row."""
    error: str
    """Why the last question came to nothing; empty if it didn't."""
    left_alone_until: datetime | None
    """After failures; null: it is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OcspView(View):
    """OCSP: the answers at hand, and the responders."""

    good: int
    revoked: int
    unknown: int
    ends: datetime | None
    """When the first of the good answers ends; those of clients in use are renewed before."""
    then: tuple[str, ...]
    """What happens to a client whose answer has ended and can't be renewed, a sentence for each
    mode that acts."""
    responders: tuple[ResponderView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationView(View):
    """All sources: first the file's, as they are written, then what certificates name."""

    sources: tuple[SourceView, ...]
    ocsp: OcspView | None = None
    """Null where OCSP is not asked."""
