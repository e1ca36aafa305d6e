"""Users, and apps: made, described anew, activated, deactivated, removed."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from ostiary.consumers import names
from ostiary.consumers.changes import Changed
from ostiary.consumers.model import ConsumerKind
from ostiary.management.actors import Order
from ostiary.management.changes import Changes
from ostiary.management.consumers.finding import consumer_of, refusals
from ostiary.management.consumers.views import ConsumerView, consumer_view
from ostiary.management.edits import Edited, Moment
from ostiary.management.errors import Conflicting, Unacceptable
from ostiary.management.keeping import reading
from ostiary.management.pages import after, checked_limit, offset_of
from ostiary.management.ports import Dice
from ostiary.management.sights import ChangeView
from ostiary.management.views import Page
from ostiary.store.database.consumer_records import About, NewConsumer, StoredConsumer
from ostiary.store.database.records import JsonValue, Role
from ostiary.store.database.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """What is to be changed of a consumer; None leaves it."""

    name: str | None = None
    """Of an app; a user keeps the username, by which clients call it."""
    firstname: str | None = None
    lastname: str | None = None
    email: str | None = None
    redirect_uri: str | None = None
    active: bool | None = None

    def about(self) -> dict[str, str]:
        """The part that people read."""
        fields = ("firstname", "lastname", "email", "redirect_uri")
        given = {name: getattr(self, name) for name in fields}
        return {name: value for name, value in given.items() if value is not None}


class Accounts:
    """Users, or apps: consumers of one kind. A consumer is called by its id or its name."""

    def __init__(self, kind: ConsumerKind, changes: Changes, dice: Dice) -> None:
        self._kind = kind
        self._changes = changes
        self._dice = dice

    def page(
        self,
        *,
        user: str | None = None,
        search: str = "",
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[ConsumerView]:
        """The oldest first; ``search`` is part of a name or of what is told; ``user``: only apps
        of this one. Raises NotThere."""
        offset, wanted = offset_of(cursor), checked_limit(limit)
        with reading(self._changes.keeping) as work:
            owner = consumer_of(work, ConsumerKind.USER, user).uuid if user else None
            found = work.consumers.page(
                self._kind, owner=owner, search=search, offset=offset, limit=wanted
            )
        return Page(
            items=tuple(map(consumer_view, found.items)),
            next=after(offset, len(found.items), found.total),
            total=found.total,
        )

    def one(self, called: str) -> ConsumerView:
        """Raises NotThere, Unacceptable."""
        with reading(self._changes.keeping) as work:
            return consumer_view(consumer_of(work, self._kind, called))

    async def create(
        self, order: Order, name: str, *, user: str | None = None, about: About | None = None
    ) -> ChangeView:
        """Make a user, or an app of ``user``; the change's object is its id. An app of an inactive
        user begins inactive. Raises Unacceptable, Conflicting, NotThere (the user)."""
        told = about or About()
        with refusals():
            self._check_name(name)
            check_about(told)
        uuid = UUID(bytes=self._dice(16), version=4)

        def edit(work: Work, moment: Moment) -> Edited:
            owner = consumer_of(work, ConsumerKind.USER, user) if user is not None else None
            new = NewConsumer(
                uuid=uuid,
                name=name,
                owner=owner.uuid if owner else None,
                about=told,
                active=owner is None or owner.active,
            )
            made = work.consumers.add(new, at=moment.at)
            return self._edited("create", made, after=_told(made))

        return await self._changes.make(order, Role.OPERATOR, edit)

    async def change(self, order: Order, called: str, patch: Patch) -> ChangeView:
        """Describe anew, activate or deactivate. Whose user is deactivated is so, too, and stays
        so when the user is activated again, as in Express Gateway. Acts at once.

        Raises NotThere, Unacceptable, Conflicting.
        """
        if patch == Patch():
            raise Unacceptable.one("nothing is to be changed", "give at least one property")
        with refusals():
            self._check_patch(patch)

        def edit(work: Work, moment: Moment) -> Edited:
            before = consumer_of(work, self._kind, called)
            if patch.name is not None or patch.about():
                work.consumers.describe(before.uuid, patch.about(), name=patch.name, at=moment.at)
            if patch.active is not None:
                self._switch(work, before, patch.active, moment)
            made = work.consumers.one(before.uuid)
            told = _told(before), _told(made)
            different = {key for key in told[1] if told[0][key] != told[1][key]}
            return self._edited(
                _verb(different, patch),
                made,
                before={key: told[0][key] for key in different},
                after={key: told[1][key] for key in different},
                also=_apps(work, made),
            )

        return await self._changes.make(order, Role.OPERATOR, edit)

    async def remove(self, order: Order, called: str) -> ChangeView:
        """With apps and credentials; they act no more at once. Raises NotThere, Unacceptable."""

        def edit(work: Work, _moment: Moment) -> Edited:
            before = consumer_of(work, self._kind, called)
            gone = work.consumers.remove(before.uuid)
            return self._edited("remove", before, before=_told(before), also=gone)

        return await self._changes.make(order, Role.OPERATOR, edit)

    def _switch(self, work: Work, before: StoredConsumer, active: bool, moment: Moment) -> None:
        if active and before.owner is not None and not work.consumers.one(before.owner).active:
            raise Conflicting(
                f"its user {before.owner_name!r} is inactive (activate the user first)"
            )
        whom = {before.uuid} if active else {before.uuid, *_apps(work, before)}
        work.consumers.switch(whom, active=active, at=moment.at)

    def _check_name(self, name: str) -> None:
        if self._kind is ConsumerKind.USER:
            names.check_username(name)
        else:
            names.check_name("name", name)

    def _check_patch(self, patch: Patch) -> None:
        if patch.name is not None:
            if self._kind is ConsumerKind.USER:
                raise Unacceptable.one("a username stays", "create another user", "/name")
            self._check_name(patch.name)
        check_about(About(**patch.about()))

    def _edited(
        self,
        verb: str,
        one: StoredConsumer,
        *,
        before: JsonValue = None,
        after: JsonValue = None,
        also: frozenset[UUID] = frozenset(),
    ) -> Edited:
        return Edited(
            action=f"{self._kind.value}.{verb}",
            object=str(one.uuid),
            before=before,
            after=after,
            consumers=Changed(consumers=also | {one.uuid}),
        )


def _verb(different: set[str], patch: Patch) -> str:
    if different == {"active"}:
        return "activate" if patch.active else "deactivate"
    return "change"


def _apps(work: Work, one: StoredConsumer) -> frozenset[UUID]:
    return frozenset(app.uuid for app in work.consumers.apps_of(one.uuid))


def check_about(about: About) -> None:
    """What people read of a consumer. Raises ConsumerRefused."""
    for field, text in (("firstname", about.firstname), ("lastname", about.lastname)):
        if text:
            names.check_name(field, text)
    names.check_email(about.email)
    names.check_redirect_uri(about.redirect_uri)


def _told(one: StoredConsumer) -> Mapping[str, JsonValue]:
    """For the audit log."""
    return {
        "name": one.name,
        **({"user": one.owner_name} if one.owner else {}),
        "firstname": one.about.firstname,
        "lastname": one.about.lastname,
        "email": one.about.email,
        "redirectUri": one.about.redirect_uri,
        "active": one.active,
    }
