"""What is shown of consumers and credentials; a secret once, when it is made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from ostiary.consumers.model import ConsumerKind, CredentialType
from ostiary.management.views import View
from ostiary.store.database.consumer_records import StoredConsumer, StoredCredential


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerView(View):
    """A user, or an app that a user owns."""

    id: UUID
    kind: ConsumerKind
    name: str
    """A user's username, an app's name."""
    active: bool
    """Of an app: its user is active, too."""
    user: UUID | None
    """Who owns an app; None for a user."""
    user_name: str
    firstname: str
    lastname: str
    email: str
    redirect_uri: str
    created: datetime
    updated: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialView(View):
    """A credential."""

    id: int
    type: CredentialType
    name: str
    """What the client names: a key's id, a JWT's subject, for basic-auth the username or the
    app's id; how a certificate credential is called."""
    consumer: UUID
    consumer_kind: ConsumerKind
    consumer_name: str
    active: bool
    """Its own; the consumer may be inactive."""
    scopes: tuple[str, ...]
    rules: tuple[Mapping[str, str], ...]
    """Of a certificate credential, in order: tests by name, as in the allow list."""
    valid_from: datetime | None
    valid_until: datetime | None
    created: datetime
    updated: datetime
    secret: str | None = field(default=None, repr=False)
    """Shown this once, in the answer to its creation."""
    warnings: tuple[str, ...] = ()
    """In the answer to its creation: whose certificates it claims, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTaken(View):
    """What could not be imported, and why."""

    where: str
    """JSON pointer into what was sent, such as ``/credentials/3``."""
    message: str
    way_out: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenView(View):
    """What came of an import."""

    applied: bool
    """False: a dry run, or nothing was new."""
    scopes: tuple[str, ...]
    """Those that were made."""
    users: int
    apps: int
    credentials: int
    there: int
    """Users, apps and credentials that were there already, and stay as they are."""
    refused: tuple[NotTaken, ...]


def consumer_view(one: StoredConsumer) -> ConsumerView:
    """As it is shown."""
    return ConsumerView(
        id=one.uuid,
        kind=one.kind,
        name=one.name,
        active=one.active,
        user=one.owner,
        user_name=one.owner_name,
        firstname=one.about.firstname,
        lastname=one.about.lastname,
        email=one.about.email,
        redirect_uri=one.about.redirect_uri,
        created=one.created,
        updated=one.updated,
    )


def credential_view(one: StoredCredential, secret: str | None = None) -> CredentialView:
    """As it is shown."""
    return CredentialView(
        id=one.number,
        type=one.type,
        name=one.name,
        consumer=one.consumer,
        consumer_kind=one.consumer_kind,
        consumer_name=one.consumer_name,
        active=one.active,
        scopes=one.scopes,
        rules=tuple(_words(rule.given()) for rule in one.rules),
        valid_from=one.valid_from,
        valid_until=one.valid_until,
        created=one.created,
        updated=one.updated,
        secret=secret,
    )


def _words(tests: Mapping[str, str]) -> Mapping[str, str]:
    """Tests as the configuration file calls them."""
    return {
        "distinguishedName" if name == "distinguished_name" else name: value
        for name, value in tests.items()
    }
