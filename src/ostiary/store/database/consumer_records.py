"""What goes into the tables of consumers and comes out of them: plain frozen records."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from ostiary.consumers.certificates import CertificateRule
from ostiary.consumers.model import ConsumerKind, CredentialType


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What people read of a consumer; an app has a redirect URI only."""

    firstname: str = ""
    lastname: str = ""
    email: str = ""
    redirect_uri: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConsumer:
    """A user or an app to be kept."""

    uuid: UUID
    name: str
    owner: UUID | None = None
    """The user that an app belongs to; None makes a user."""
    about: About = About()
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredConsumer:
    """A user or an app."""

    number: int
    """Of the row; grows with time, and is never used again."""
    uuid: UUID
    kind: ConsumerKind
    name: str
    owner: UUID | None
    owner_name: str
    """The username of an app's user; empty for a user."""
    active: bool
    """Of an app, its user is active, too."""
    about: About
    created: datetime
    updated: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCredential:
    """A credential to be kept."""

    consumer: UUID
    type: CredentialType
    name: str
    """What the client names: ``consumers.model.Credential.id``."""
    secret: str = field(default="", repr=False)
    """As ``consumers.secrets`` keeps it; empty where the type has none."""
    scopes: tuple[str, ...] = ()
    active: bool = True
    rules: tuple[CertificateRule, ...] = ()
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCredential:
    """A credential without its secret."""

    number: int
    consumer: UUID
    consumer_kind: ConsumerKind
    consumer_name: str
    type: CredentialType
    name: str
    scopes: tuple[str, ...]
    active: bool
    """Its own; the consumer may be inactive."""
    rules: tuple[CertificateRule, ...]
    valid_from: datetime | None
    valid_until: datetime | None
    created: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class NamedRules:
    """The rules of a certificate credential."""

    number: int
    name: str
    rules: tuple[CertificateRule, ...]
