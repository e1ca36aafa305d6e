"""What is shown of the gateway: frozen views, made for doors to render and nothing else.

Times are aware and in UTC; fingerprints are SHA-256 in lower-case hex; numbers of rows are stable.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import ClassVar, Generic, TypeVar

from ostiary.config.auth_words import AuthType, Source
from ostiary.config.model.name_rule import NameRule

T = TypeVar("T")


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


class View:
    """What all views share: in JSON their fields are called as in the configuration file."""

    __slots__ = ()
    __pydantic_config__: ClassVar = {"alias_generator": _camel}


SOON_DAYS = 90
"""Expiry is shown as near from this many days before (the fourth seed)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(View, Generic[T]):
    """Some of a list, in its order."""

    items: tuple[T, ...]
    next: str | None = None
    """Cursor of the next page: opaque, for the same call; None at the end."""
    total: int | None = None
    """How many the search finds in all, where that is cheap to know."""


class Expiry(Enum):
    """State of a validity, as the column *Expires On* marks it."""

    GOOD = "good"
    SOON = "soon"
    """Within 90 days."""
    EXPIRED = "expired"
    NOT_YET = "not-yet"
    """The validity begins later."""


@dataclass(frozen=True, slots=True)
class Setting(View, Generic[T]):
    """One setting, where it comes from, and whether it can be changed here."""

    value: T
    source: Source
    locked_by: str | None = None
    """The configuration file that gives it; None where it can be changed here."""

    @property
    def locked(self) -> bool:
        """Whether only the configuration file can change it."""
        return self.locked_by is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyView(View):
    """What is asked of clients, at the gateway or at one API."""

    required: Setting[bool]
    names: Setting[tuple[str, ...]]
    """Patterns in force, the first 100 only; see ``Management.names`` for all."""
    names_count: int
    allow: Setting[tuple[NameRule, ...]]
    deny: Setting[tuple[NameRule, ...]]
    """For an API: the gateway's and its own."""
    own_deny: tuple[NameRule, ...]
    """Without what is inherited."""
    report_only: Setting[bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderView(View):
    """Type header: where the certificate is, how it is written, and from whom it is heard."""

    preset: Setting[str | None]
    name: Setting[str | None]
    format: Setting[str]
    trusted_proxies: Setting[tuple[str, ...]]
    proxy_protocol: Setting[bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayView(View):
    """*Gateway information*, tab *Client Certificate Auth*."""

    revision: int
    """For ``if_match``; grows with each change."""
    type: Setting[AuthType]
    policy: PolicyView
    header: HeaderView
    trusted: int
    """How many entries the table of trusted certificates has."""
    ssl_enabled: bool
    """Whether the file has an https section with certificates: without, none can be added."""
    config_file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiView(View):
    """One API and the policy that acts there."""

    name: str
    endpoints: tuple[str, ...]
    """Each as a person writes it: ``api.example.com /orders/*``."""
    overrides: bool
    """Whether it has a part of its own; otherwise all is inherited."""
    in_document: bool
    """False: the file no longer has this API; what is set for it does nothing."""
    type: Setting[AuthType]
    policy: PolicyView


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateView(View):
    """One certificate, all that people look for."""

    subject: str
    issuer: str
    serial: str
    """Hexadecimal."""
    not_before: datetime
    not_after: datetime
    expiry: Expiry
    fingerprint: str
    key: str
    """``ec 256``, ``rsa 2048``."""
    signature: str
    version: int
    is_ca: bool
    is_self_issued: bool
    alternative_names: tuple[str, ...]
    extended_key_usages: tuple[str, ...]
    """By name (``clientAuth``), or dotted object identifiers."""
    sha1: str
    key_usages: tuple[str, ...]
    path_length: int | None
    """How many intermediates may stand below an authority; None for any number."""
    subject_key_id: str
    authority_key_id: str
    policies: tuple[str, ...]
    """Dotted object identifiers."""
    crl_addresses: tuple[str, ...]
    ocsp_addresses: tuple[str, ...]
    issuer_addresses: tuple[str, ...]
    chain: tuple[str, ...]
    """Subjects of its issuers among the certificates known here, nearest first."""
    pem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedView(View):
    """A row of *Gateway trusted certificates*."""

    id: int | None
    """None for entries of the file, which are locked."""
    name: str
    """Of the component; of the file for locked entries."""
    component: int | None
    version: int | None
    newest: int | None
    """The newest version of the component that isn't retired."""
    subject: str
    fingerprint: str
    """Of the first certificate of the version."""
    certificates: int
    issued_on: datetime
    expires_on: datetime
    expiry: Expiry
    locked_by: str | None
    """Such as ``gateway.config.yml: https.tls.default.ca``; None where it can be changed here."""
    upgradable: bool
    """Whether there is a newer version: the indicator in *Version*."""
    added: datetime | None
    added_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView(View):
    """One upload of a component."""

    number: int
    subject: str
    fingerprint: str
    certificates: int
    issued_on: datetime
    expires_on: datetime
    expiry: Expiry
    uploaded: datetime
    uploaded_by: str
    retired: bool
    trusted: bool
    """Whether the gateway trusts this version: it can't be deleted then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentView(View):
    """An entry of the certificate library."""

    id: int
    name: str
    description: str
    created: datetime
    created_by: str
    newest: VersionView | None
    """None where all are retired."""
    count: int
    """How many versions there are."""
    versions: tuple[VersionView, ...] = ()
    """Newest first; empty in lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupView(View):
    """What *Add Certificate* offers: active, unexpired, not trusted yet."""

    component: int
    version: int
    name: str
    description: str
    subject: str
    issued_on: datetime
    expires_on: datetime
    expiry: Expiry


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceView(View):
    """What is worth knowing about a pattern before it is saved."""

    kind: str
    """``unlikely-to-match``, ``broader-than-it-looks`` or ``refused``."""
    sentence: str
    at: int | None = None
    """Column from 1, where a refused pattern goes wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NameView(View):
    """One trusted distinguished name."""

    id: int | None
    """None for names of the file, which are locked."""
    pattern: str
    note: str
    advice: tuple[AdviceView, ...]
    locked_by: str | None
    added: datetime | None
    added_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NameTrialView(View):
    """What the names in force, or ones to be tried, say to one subject."""

    subject: str
    passes: bool
    by: str
    """The pattern or rule that decided; empty where none did."""
    sentence: str
