"""Consumers that were another gateway's: taken with their ids, names and secrets.

What is there already stays as it is: a second import changes nothing, and brings back nobody who
was deactivated or removed from a credential here since.
"""

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from ostiary.consumers import names, secrets
from ostiary.consumers.changes import Changed
from ostiary.consumers.model import CredentialType
from ostiary.consumers.refusal import ConsumerRefused
from ostiary.management.actors import Order
from ostiary.management.changes import Changes, Edited, Moment
from ostiary.management.consumers.accounts import check_about
from ostiary.management.consumers.finding import refusals
from ostiary.management.consumers.making import client_name
from ostiary.management.keeping import reading
from ostiary.management.ports import Dice
from ostiary.management.views import View
from ostiary.store.database.consumer_records import (
    About,
    NewConsumer,
    NewCredential,
    StoredConsumer,
)
from ostiary.store.database.errors import NameTaken, NoSuch
from ostiary.store.database.records import Role
from ostiary.store.database.work import Work

# bcrypt, as bcryptjs writes it; each more doubles the time of a look (15: about 2 s).
_BCRYPT: Final = re.compile(r"\$2[aby]\$(0[4-9]|1[0-5])\$[./A-Za-z0-9]{53}")
_PAIRED: Final = "its key and secret are sent with a colon between them"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenConsumer:
    """A user, or an app with its ``user``."""

    id: UUID
    name: str
    user: UUID | None = None
    about: About = About()
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


@dataclass(slots=True)
class _Done:
    scopes: list[str] = field(default_factory=list)
    users: int = 0
    apps: int = 0
    credentials: list[tuple[CredentialType, str]] = field(default_factory=list)
    there: int = 0
    refused: list[NotTaken] = field(default_factory=list)

    @property
    def is_new(self) -> bool:
        return bool(self.scopes or self.users or self.apps or self.credentials)

    def view(self, *, applied: bool) -> TakenView:
        return TakenView(
            applied=applied,
            scopes=tuple(self.scopes),
            users=self.users,
            apps=self.apps,
            credentials=len(self.credentials),
            there=self.there,
            refused=tuple(self.refused),
        )


class Importing:
    """Takes consumers; what can't be taken stops nothing else."""

    def __init__(self, changes: Changes, dice: Dice) -> None:
        self._changes = changes
        self._dice = dice

    async def take(self, order: Order, taking: Taking) -> TakenView:
        """One transaction. Raises Forbidden, Unavailable, Unacceptable."""
        known = await asyncio.to_thread(self._known, taking)
        kept = await asyncio.to_thread(self._hashed, taking, known)
        done = _Done()

        def edit(work: Work, moment: Moment) -> Edited:
            done.__init__()  # type: ignore[misc]
            _take(work, taking, kept, done, moment)
            counts = done.view(applied=True)
            return Edited(
                action="consumers.import",
                object=f"{counts.users} users, {counts.apps} apps, {counts.credentials} credentials",
                consumers=Changed(credentials=frozenset(done.credentials)),
            )

        changed = await self._changes.make(order, Role.OPERATOR, edit)
        return done.view(applied=changed.applied)
