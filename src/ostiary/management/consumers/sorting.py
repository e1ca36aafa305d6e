"""What is new of consumers that are to be imported, what is there already, what can't be taken."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from ostiary.consumers import names, secrets
from ostiary.consumers.model import ConsumerKind, CredentialType
from ostiary.consumers.refusal import ConsumerRefused
from ostiary.management.consumers.accounts import check_about
from ostiary.management.consumers.making import client_name
from ostiary.management.consumers.views import NotTaken, TakenView
from ostiary.store.database.consumer_records import (
    About,
    NewConsumer,
    NewCredential,
    StoredConsumer,
)
from ostiary.store.database.errors import NoSuch
from ostiary.store.database.work import Work

# As bcryptjs writes it; each step of the cost doubles the time of a look (15: about 2 s).
_BCRYPT: Final = re.compile(r"\$2[aby]\$(0[4-9]|1[0-5])\$[./A-Za-z0-9]{53}")


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
    """A credential of type key-auth, basic-auth or jwt."""

    type: CredentialType
    consumer: UUID
    name: str = ""
    """Of a key or a token; for basic-auth it is the username, or the app's id."""
    secret: str = field(default="", repr=False)
    """In clear, to be hashed here; or empty."""
    hash: str = field(default="", repr=False)
    """A password's, of bcrypt."""
    scopes: tuple[str, ...] = ()
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """What is to be imported; consumers may be used that are there already."""

    scopes: tuple[str, ...] = ()
    """More are made where credentials have them."""
    users: tuple[TakenConsumer, ...] = ()
    apps: tuple[TakenConsumer, ...] = ()
    credentials: tuple[TakenCredential, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """A credential that is new."""

    credential: NewCredential
    clear: str = field(default="", repr=False)
    """Its secret, yet to be hashed; empty where the credential has the hash already."""


@dataclass(slots=True)
class News:
    """What an import comes to."""

    scopes: tuple[str, ...] = ()
    users: list[NewConsumer] = field(default_factory=list)
    apps: list[NewConsumer] = field(default_factory=list)
    credentials: list[Fresh] = field(default_factory=list)
    there: int = 0
    refused: list[NotTaken] = field(default_factory=list)

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to be done."""
        return not (self.scopes or self.users or self.apps or self.credentials)

    def view(self, *, applied: bool) -> TakenView:
        """As it is told."""
        return TakenView(
            applied=applied,
            scopes=self.scopes,
            users=len(self.users),
            apps=len(self.apps),
            credentials=len(self.credentials),
            there=self.there,
            refused=tuple(self.refused),
        )


def sorted_out(work: Work, taking: Taking) -> News:
    """Compare what is to be taken with what is there."""
    return _Sorter(work).sort(taking)


class _Sorter:
    def __init__(self, work: Work) -> None:
        self._work = work
        self._news = News()
        self._new: dict[UUID, NewConsumer] = {}
        self._looked_at: dict[UUID, StoredConsumer | None] = {}
        self._names: set[tuple[UUID | None, str]] = set()
        """Of new consumers, with their owners."""
        self._named: set[tuple[CredentialType, str]] = set()

    def sort(self, taking: Taking) -> News:
        news = self._news
        for index, user in enumerate(taking.users):
            with self._told(f"/users/{index}"):
                self._consumer(user, names.check_username, news.users)
        for index, app in enumerate(taking.apps):
            with self._told(f"/apps/{index}"):
                self._refuse_ownerless(app)
                self._consumer(app, lambda name: names.check_name("name", name), news.apps)
        for index, credential in enumerate(taking.credentials):
            with self._told(f"/credentials/{index}"):
                self._credential(credential)
        wanted = []
        for index, scope in enumerate(taking.scopes):
            with self._told(f"/scopes/{index}"):
                names.check_scope(scope)
                wanted.append(scope)
        wanted.extend(scope for one in news.credentials for scope in one.credential.scopes)
        news.scopes = self._work.scopes.missing(wanted)
        return news

    @contextmanager
    def _told(self, where: str) -> Iterator[None]:
        try:
            yield
        except ConsumerRefused as refused:
            told = NotTaken(where=where, message=refused.message, way_out=refused.way_out)
            self._news.refused.append(told)

    def _consumer(
        self, one: TakenConsumer, check: Callable[[str], None], found: list[NewConsumer]
    ) -> None:
        there = self._stored(one.id)
        if there is not None or one.id in self._new:
            if there is None or (there.name, there.owner) != (one.name, one.user):
                raise _refused("id", f"the id {one.id} is another consumer's", "leave it out")
            self._news.there += 1
            return
        check(one.name)
        check_about(one.about)
        if self._is_taken(one):
            whose = "its user has another app" if one.user else "there is another user"
            raise _refused("name", f"{whose} called {one.name[:80]!r}", "rename one of the two")
        new = NewConsumer(
            uuid=one.id, name=one.name, owner=one.user, about=one.about, active=one.active
        )
        self._new[one.id] = new
        self._names.add((one.user, one.name))
        found.append(new)

    def _is_taken(self, one: TakenConsumer) -> bool:
        kind = ConsumerKind.USER if one.user is None else ConsumerKind.APP
        stored = self._work.consumers.named(kind, one.name)
        return (one.user, one.name) in self._names or any(
            (other.owner, other.name) == (one.user, one.name) for other in stored
        )

    def _refuse_ownerless(self, app: TakenConsumer) -> None:
        owner = self._whose(app.user) if app.user is not None else None
        if owner is None or owner[0] is not ConsumerKind.USER:
            raise _refused("user", f"there is no user {app.user}", "import its user with it")

    def _credential(self, one: TakenCredential) -> None:
        whose = self._whose(one.consumer)
        if whose is None:
            raise _refused("consumer", f"there is no consumer {one.consumer}", "import it, too")
        name = one.name
        if one.type is CredentialType.BASIC_AUTH:
            name = client_name(whose[0], whose[1], one.consumer)
        else:
            names.check_credential_name(one.type, name)
        stored = self._work.credentials.named(one.type, name)
        if stored is not None or (one.type, name) in self._named:
            if stored is None or stored.consumer != one.consumer:
                message = f"another consumer has the {one.type.value} credential {name[:80]!r}"
                raise _refused("name", message, "leave it out")
            self._news.there += 1
            return
        for scope in one.scopes:
            names.check_scope(scope)
        _check_secret(one)
        new = NewCredential(
            consumer=one.consumer,
            type=one.type,
            name=name,
            secret=one.hash,
            scopes=tuple(dict.fromkeys(one.scopes)),
            active=one.active,
        )
        self._named.add((one.type, name))
        self._news.credentials.append(Fresh(credential=new, clear="" if one.hash else one.secret))

    def _whose(self, uuid: UUID) -> tuple[ConsumerKind, str] | None:
        """Kind and name of a consumer that is new or there."""
        new = self._new.get(uuid)
        if new is not None:
            return ConsumerKind.APP if new.owner else ConsumerKind.USER, new.name
        stored = self._stored(uuid)
        return (stored.kind, stored.name) if stored is not None else None

    def _stored(self, uuid: UUID) -> StoredConsumer | None:
        if uuid not in self._looked_at:
            try:
                self._looked_at[uuid] = self._work.consumers.one(uuid)
            except NoSuch:
                self._looked_at[uuid] = None
        return self._looked_at[uuid]


def _check_secret(one: TakenCredential) -> None:
    """Raises ConsumerRefused for one that can't be kept."""
    if one.type is CredentialType.CERTIFICATE:
        raise _refused("type", "a certificate credential has no secret", "create it")
    if one.hash:
        if not _BCRYPT.fullmatch(one.hash):
            raise _refused("hash", "it is no hash of bcrypt, cost 4 to 15", "set a new password")
        return
    if not one.secret or len(one.secret.encode("utf-8", "surrogatepass")) > secrets.LONGEST_SECRET:
        message = f"its secret must have 1 to {secrets.LONGEST_SECRET} bytes"
        raise _refused("secret", message, "create a new credential")
    if one.type is CredentialType.KEY_AUTH and ":" in one.secret:
        # Clients send id and secret with a colon between them.
        raise _refused("secret", "a colon can't be in the secret of a key", "create a new one")


def _refused(where: str, message: str, way_out: str) -> ConsumerRefused:
    return ConsumerRefused(where, message, way_out)
