"""What is new of consumers that are to be imported, what is there already, what can't be taken."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from ostiary.consumers import names, secrets
from ostiary.consumers.certificates import check_dates, check_rules
from ostiary.consumers.changes import Named
from ostiary.consumers.model import ConsumerKind, CredentialType
from ostiary.consumers.refusal import ConsumerRefused
from ostiary.management.consumers.accounts import check_about
from ostiary.management.consumers.making import client_name
from ostiary.management.consumers.taken import (
    TakenConsumer,
    TakenCredential,
    Taking,
    There,
    there_of,
)
from ostiary.management.consumers.views import NotTaken, TakenView
from ostiary.store.database.consumer_records import NewConsumer, NewCredential
from ostiary.store.database.work import Work


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
    news = _Sorter(there_of(work, taking)).sort(taking)
    wanted = [*news.scopes, *(name for one in news.credentials for name in one.credential.scopes)]
    news.scopes = work.scopes.missing(wanted)
    return news


class _Sorter:
    def __init__(self, there: There) -> None:
        self._there = there
        self._news = News()
        self._new: dict[UUID, NewConsumer] = {}
        self._names: set[tuple[UUID | None, str]] = set()
        """Of new consumers, with their owners."""
        self._named: set[Named] = set()

    def sort(self, taking: Taking) -> News:
        news = self._news
        for index, user in enumerate(taking.users):
            with self._told(f"/users/{index}"):
                self._consumer(user, names.check_username, news.users)
        for index, app in enumerate(taking.apps):
            with self._told(f"/apps/{index}"):
                self._refuse_ownerless(app)
                self._consumer(app, lambda name: names.check_name("name", name), news.apps)
        # Of these there may be thousands: a context for each would take as long as all the rest.
        for index, credential in enumerate(taking.credentials):
            try:
                self._credential(credential)
            except ConsumerRefused as refused:
                self._refuse(f"/credentials/{index}", refused)
        wanted = []
        for index, scope in enumerate(taking.scopes):
            with self._told(f"/scopes/{index}"):
                names.check_scope(scope)
                wanted.append(scope)
        news.scopes = tuple(wanted)
        return news

    @contextmanager
    def _told(self, where: str) -> Iterator[None]:
        try:
            yield
        except ConsumerRefused as refused:
            self._refuse(where, refused)

    def _refuse(self, where: str, refused: ConsumerRefused) -> None:
        told = NotTaken(where=where, message=refused.message, way_out=refused.way_out)
        self._news.refused.append(told)

    def _consumer(
        self, one: TakenConsumer, check: Callable[[str], None], found: list[NewConsumer]
    ) -> None:
        there = self._there.consumers.get(one.id)
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
        there = self._there
        stored = one.name in there.users if one.user is None else (one.user, one.name) in there.apps
        return stored or (one.user, one.name) in self._names

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
        holder = self._there.holders.get((one.type, name))
        if holder is not None or (one.type, name) in self._named:
            if holder != one.consumer:
                message = f"another consumer has the {one.type.value} credential {name[:80]!r}"
                raise _refused("name", message, "leave it out")
            self._news.there += 1
            return
        for scope in one.scopes:
            names.check_scope(scope)
        check_secret(one)
        new = NewCredential(
            consumer=one.consumer,
            type=one.type,
            name=name,
            secret=one.hash,
            scopes=tuple(dict.fromkeys(one.scopes)),
            active=one.active,
            rules=one.rules,
            valid_from=one.valid_from,
            valid_until=one.valid_until,
        )
        self._named.add((one.type, name))
        self._news.credentials.append(Fresh(credential=new, clear="" if one.hash else one.secret))

    def _whose(self, uuid: UUID) -> tuple[ConsumerKind, str] | None:
        """Kind and name of a consumer that is new or there."""
        new = self._new.get(uuid)
        if new is not None:
            return ConsumerKind.APP if new.owner else ConsumerKind.USER, new.name
        stored = self._there.consumers.get(uuid)
        return (stored.kind, stored.name) if stored is not None else None


def check_secret(one: TakenCredential) -> None:
    """Or the rules that stand in its place. Raises ConsumerRefused for what can't be kept."""
    if one.type is CredentialType.CERTIFICATE:
        if one.secret or one.hash:
            raise _refused("secret", "a certificate credential has no secret", "leave it out")
        check_rules(one.rules)
        check_dates(one.valid_from, one.valid_until)
        return
    if one.hash:
        secrets.check_hash(one.hash)
        return
    if not one.secret or len(one.secret.encode("utf-8", "surrogatepass")) > secrets.LONGEST_SECRET:
        message = f"its secret must have 1 to {secrets.LONGEST_SECRET} bytes"
        raise _refused("secret", message, "create a new credential")
    if one.type is CredentialType.KEY_AUTH and ":" in one.secret:
        # Clients send id and secret with a colon between them.
        raise _refused("secret", "a colon can't be in the secret of a key", "create a new one")


def _refused(where: str, message: str, way_out: str) -> ConsumerRefused:
    return ConsumerRefused(where, message, way_out)
