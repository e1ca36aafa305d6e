"""The authority as operators reach it through the gateway: each work of theirs, audited."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TypeVar

import structlog

from ostiary.ca.packing import KeyStaysShut
from ostiary.kernel.errors import OstiaryError
from ostiary.management.actors import Actor, Order
from ostiary.management.authority.counter import Holder
from ostiary.management.authority.errors import (
    AuthorityInUse,
    AuthorityThere,
    BadProfile,
    NoAuthority,
    NoSuchCertificate,
    NoSuchRequest,
    NotIssued,
)
from ostiary.management.authority.house import House
from ostiary.management.authority.orders import Founding
from ostiary.management.authority.profile import Profile
from ostiary.management.changes import Changes
from ostiary.management.edits import Edited, Moment
from ostiary.management.errors import (
    Conflicting,
    Forbidden,
    NotThere,
    Unacceptable,
    Unavailable,
)
from ostiary.management.revocation import file_followed
from ostiary.store.database.errors import StoreBusy, StoreUnavailable
from ostiary.store.database.records import JsonValue, Role
from ostiary.store.database.work import Work
from ostiary.store.files import FileTrouble
from ostiary.store.ledger.enrolment_records import AlreadyDecided
from ostiary.store.soundness import SnapshotDamaged

T = TypeVar("T")
Done = tuple[T, str, JsonValue]
"""What to answer; and for the audit log the object, and what is to be told of it."""

_Opened = Callable[[], AbstractContextManager[House]]

_NOT_NOW = (
    AuthorityInUse,
    BadProfile,
    FileTrouble,
    KeyStaysShut,
    SnapshotDamaged,
    StoreBusy,
    StoreUnavailable,
)


class Founder(Holder, Protocol):
    """The way to the authority, and to a new one where there is none."""

    def found(
        self, actor: str, founding: Founding, profile: Profile
    ) -> AbstractContextManager[House]:
        """A new one, likewise. Raises what ``founding.found`` does besides."""
        ...


class NotInLedger(NotThere):
    """There is no authority here, or it knows no such certificate or request."""

    def __init__(self, sentence: str) -> None:
        super().__init__("certificate", "")
        self.args = (sentence,)


class Desk:
    """Opens the authority for one actor, and writes down in the audit log what was done."""

    def __init__(self, changes: Changes, holder: Founder) -> None:
        self.changes = changes
        self._holder = holder
        self._log = structlog.get_logger("ostiary.management")

    def enrolment(self) -> str:
        """The port devices enrol at; empty where they can't."""
        pki = self.changes.gatekeeper.prepared.document.pki
        return str(pki.est.port) if pki is not None and pki.est is not None else ""

    def look(self, work: Callable[[House], T]) -> T:
        """Only look. May wait: call it in a thread. Raises NotThere, Conflicting, Unavailable."""
        with _told(), self._holder.open("nobody") as house:
            return work(house)

    async def foresee(self, actor: Actor, work: Callable[[House], T]) -> T:
        """What an operator's work would come to. Raises what ``act`` does."""
        if not actor.may(Role.OPERATOR):
            raise Forbidden(Role.OPERATOR)
        return await asyncio.to_thread(self.look, work)

    async def act(
        self,
        actor: Actor,
        action: str,
        work: Callable[[House], Done[T]],
        need: Role = Role.OPERATOR,
    ) -> T:
        """Do something as an operator; what is done lasts when this returns.

        Raises Forbidden, Unacceptable, NotThere, Conflicting, Unavailable.
        """
        if not actor.may(need):
            raise Forbidden(need)
        done = self._act(actor, action, lambda: self._holder.open(actor.name), work)
        # Whoever asked may go away meanwhile: what has begun comes to its end, and into the log.
        return await asyncio.shield(asyncio.ensure_future(done))

    async def found(
        self, actor: Actor, founding: Founding, profile: Profile, work: Callable[[House], Done[T]]
    ) -> T:
        """Begin a new authority as an administrator, and do the first work in it. Raises what
        ``act`` does. Whoever calls must see to it that it isn't cancelled."""
        if not actor.may(Role.ADMIN):
            raise Forbidden(Role.ADMIN)
        return await self._act(
            actor, "ca.init", lambda: self._holder.found(actor.name, founding, profile), work
        )

    async def _act(
        self, actor: Actor, action: str, opened: _Opened, work: Callable[[House], Done[T]]
    ) -> T:
        answer, about, told = await asyncio.to_thread(_at_work, opened, work)
        await self._audit(actor, action, about, told)
        return answer

    async def have_read(self, files: Iterable[str]) -> None:
        """Have lists that were written to these files act at once, where they are followed."""
        gatekeeper = self.changes.gatekeeper
        for file in filter(None, (file_followed(gatekeeper.prepared, one) for one in files)):
            try:
                await gatekeeper.fetch_lists(file)
            except OstiaryError as error:
                # They are looked at again by themselves, and what is wrong with them is told then.
                self._log.warning("lists-not-read", file=file, error=str(error))

    async def _audit(self, actor: Actor, action: str, about: str, told: JsonValue) -> None:
        """The ledger has it already, with who did it: that the log lacks it undoes nothing."""

        def edit(_work: Work, _moment: Moment) -> Edited:
            return Edited(action=action, object=about, after=told)

        try:
            await self.changes.make(Order(actor=actor), Role.OPERATOR, edit)
        except OstiaryError as error:
            self._log.error("not-in-the-audit-log", action=action, object=about, error=str(error))


def _at_work(opened: _Opened, work: Callable[[House], Done[T]]) -> Done[T]:
    with _told(), opened() as house:
        return work(house)


@contextmanager
def _told() -> Iterator[None]:
    """The authority's refusals in management's words."""
    try:
        yield
    except NotIssued as error:
        raise Unacceptable.one(str(error)) from error
    except (NoAuthority, NoSuchCertificate, NoSuchRequest) as error:
        raise NotInLedger(str(error)) from error
    except (AlreadyDecided, AuthorityThere) as error:
        raise Conflicting(str(error)) from error
    except _NOT_NOW as error:
        raise Unavailable(str(error)) from error
