"""What goes into the database and comes out of it: plain frozen records, times aware and in UTC."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Generic, TypeAlias, TypeVar

JsonValue: TypeAlias = (
    "bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """Some of a list in its order; ``total`` counts what the same search finds in all."""

    items: tuple[T, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Scope:
    """What a setting or a name is for: the gateway, or one API by its name in the document."""

    api: str | None = None
    """None: the gateway."""


class Role(Enum):
    """What a token's bearer may do; each may do what those before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


class Outcome(Enum):
    """What became of a notification at one webhook; the values are kept."""

    DELIVERED = "delivered"
    RETRYING = "retrying"
    GIVEN_UP = "given-up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What tables show of a bundle, so that nobody reads ten thousand certificates for a page."""

    subject: str
    """Of the bundle's first certificate, as RFC 4514 text; searched."""
    fingerprint: bytes
    """SHA-256 of the first certificate, 32 bytes."""
    not_before: datetime
    not_after: datetime
    """The nearest end among the bundle's certificates."""
    certificates: int
    """How many are in the bundle, at least 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One entry of the library; its number is never used again."""

    id: int
    name: str
    description: str
    created: datetime
    created_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One upload of a component, numbered from 1; all are kept as long as the component is."""

    component: int
    number: int
    summary: Summary
    uploaded: datetime
    uploaded_by: str
    retired: bool
    """Not offered any more; where it is trusted it stays so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfEntry:
    """A row of the library's table."""

    component: Component
    newest: Version | None
    """The highest number that isn't retired; None if all are."""
    versions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """The gateway trusts this version of this component."""

    id: int
    component: int
    version: int
    added: datetime
    added_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedEntry:
    """A row of the table of trusted certificates."""

    trusted: Trusted
    component: Component
    version: Version
    newest: int | None
    """Number of the component's newest version that isn't retired; None if all are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """The certificates in force by one trusted entry."""

    trusted: int
    component: str
    version: int
    pem: str
    """One or several certificates; the checksum taken at the upload still fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """One pattern in a scope's list of trusted distinguished names."""

    id: int
    scope: Scope
    pattern: str
    note: str
    added: datetime
    added_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A credential of the admin API; of its secret only the hash is kept."""

    id: int
    name: str
    role: Role
    prefix: str
    """The secret's first characters, for people to tell tokens apart."""
    created: datetime
    created_by: str
    expires: datetime | None
    last_used: datetime | None
    revoked: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what; ``before`` and ``after`` are what it was and became, None where there is
    nothing to tell (made, or removed)."""

    at: datetime
    actor: str
    action: str
    """A stable word such as ``trusted.add``."""
    object: str
    before: JsonValue
    after: JsonValue
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """An entry as it is kept; numbers grow with time."""

    id: int
    entry: AuditEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Empty fields filter nothing."""

    actor: str = ""
    action: str = ""
    """The word, or with a dot at its end what it begins with: ``trusted.``."""
    object: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCertificate:
    """What is told of a client's certificate. Any certificate can come here, so text that is too
    long is cut, and NUL replaced."""

    subject: str
    issuer: str
    """RFC 4514 texts."""
    serial: int
    not_after: datetime
    anchor: bytes | None
    """Fingerprint of the trust anchor its path ended at, None where there was none."""
    facts: bytes
    """Opaque; empty leaves what is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSeen:
    """What was seen of one certificate since the last merge."""

    fingerprint: bytes
    """SHA-256, 32 bytes."""
    certificate: ClientCertificate | None
    """None when only numbers grew: what is kept of it stays, and one that isn't kept any more is
    not made anew."""
    first_seen: datetime
    last_seen: datetime
    count: int
    """Requests to be added."""
    verdict: int | None
    """The last one: 1, the reason's code, or that below zero where it was only reported. None when
    only numbers grew: what is kept stays."""
    apis: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One certificate that was seen; times in whole seconds."""

    id: int
    fingerprint: bytes
    subject: str
    issuer: str
    serial: int
    not_after: datetime
    anchor: bytes | None
    facts: bytes
    first_seen: datetime
    last_seen: datetime
    count: int
    verdict: int
    apis: frozenset[str]
    """At most 64 are kept for one client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientFilter:
    """None and empty fields filter nothing."""

    search: str = ""
    """Part of the subject, in any case; or of the fingerprint's beginning, in hexadecimal."""
    verdicts: frozenset[int] = frozenset()
    expiring_before: datetime | None = None
    expiring_after: datetime | None = None
    """Or just then."""
    api: str | None = None
    seen_since: datetime | None = None
    issuer: str = ""
    """Part of the issuer's name, in any case."""


class ClientOrder(Enum):
    """Of a page of clients."""

    LAST_SEEN = "last-seen"
    """The latest first."""
    NOT_AFTER = "not-after"
    """The nearest end first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCursor:
    """Where a page ended; the next begins after it."""

    at: datetime
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientPage:
    """Some clients, and where to go on; ``next`` is None at the end."""

    items: tuple[Client, ...]
    next: ClientCursor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What a merge of clients did."""

    added: int
    updated: int
    evicted: int
