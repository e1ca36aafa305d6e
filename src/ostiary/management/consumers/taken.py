"""Consumers that are to be taken as they are, and what the database has of them already."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from ostiary.consumers.certificates import CertificateRule
from ostiary.consumers.changes import Named
from ostiary.consumers.model import ConsumerKind, CredentialType
from ostiary.consumers.names import LONGEST_NAME
from ostiary.management.consumers.making import client_name
from ostiary.store.database.consumer_records import About, StoredConsumer
from ostiary.store.database.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenConsumer:
    """A user, or an app with its ``user``."""

    id: UUID
    name: str
    user: UUID | None = None
    about: About = field(default_factory=About)
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenCredential:
    """A credential of any type."""

    type: CredentialType
    consumer: UUID
    name: str = ""
    """Of a key or a token; for basic-auth it is the username, or the app's id."""
    secret: str = field(default="", repr=False)
    """In clear, to be hashed here; or empty."""
    hash: str = field(default="", repr=False)
    """Made elsewhere, as ``consumers.secrets.check_hash`` takes it; instead of the secret."""
    scopes: tuple[str, ...] = ()
    active: bool = True
    rules: tuple[CertificateRule, ...] = ()
    """Of type certificate, which has no secret."""
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """What is to be imported; consumers may be used that are there already."""

    scopes: tuple[str, ...] = ()
    """More are made where credentials have them."""
    users: tuple[TakenConsumer, ...] = ()
    apps: tuple[TakenConsumer, ...] = ()
    credentials: tuple[TakenCredential, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class There:
    """What there is already of those that an import names."""

    consumers: Mapping[UUID, StoredConsumer]
    users: Mapping[str, StoredConsumer]
    apps: Mapping[tuple[UUID, str], StoredConsumer]
    """By user's id and name."""
    holders: Mapping[Named, UUID]
    """Whose a credential is."""


def there_of(work: Work, taking: Taking) -> There:
    """Look for all of it, by a few statements."""
    bulk = work.consumer_bulk
    ids = {one.id for one in (*taking.users, *taking.apps)}
    ids.update(app.user for app in taking.apps if app.user is not None)
    ids.update(one.consumer for one in taking.credentials)
    stored = bulk.by_id(ids)
    owned = (
        (stored[app.user].number, app.name)
        for app in taking.apps
        if app.user in stored and can_be_stored(app.name)
    )
    return There(
        consumers=stored,
        users=bulk.users(user.name for user in taking.users if can_be_stored(user.name)),
        apps=bulk.apps(owned),
        holders=bulk.holders(_named(taking, stored)),
    )


def can_be_stored(name: str) -> bool:
    """Whether the database can be asked for it; what it can't keep isn't there."""
    return 0 < len(name) <= LONGEST_NAME and name.isprintable()


def _named(taking: Taking, stored: Mapping[UUID, StoredConsumer]) -> Iterator[Named]:
    """By what clients would name each credential."""
    new = {one.id: one for one in (*taking.users, *taking.apps)}
    for one in taking.credentials:
        name = one.name
        if one.type is CredentialType.BASIC_AUTH:
            whose = new.get(one.consumer) or stored.get(one.consumer)
            if whose is None:
                continue
            name = client_name(_kind(whose), whose.name, one.consumer)
        if can_be_stored(name):
            yield one.type, name


def _kind(one: TakenConsumer | StoredConsumer) -> ConsumerKind:
    owner = one.user if isinstance(one, TakenConsumer) else one.owner
    return ConsumerKind.USER if owner is None else ConsumerKind.APP
