"""Lines that call users and apps by name, as what is to be taken by ids."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias
from uuid import UUID

from ostiary.consumers.names import uuid_of
from ostiary.consumers.refusal import ConsumerRefused
from ostiary.management.consumers.lines import (
    AppLine,
    CredentialLine,
    Line,
    ScopeLine,
    UserLine,
    numbered,
    read_line,
)
from ostiary.management.consumers.sorting import News
from ostiary.management.consumers.taken import (
    TakenConsumer,
    TakenCredential,
    Taking,
)
from ostiary.management.errors import Fault, Unacceptable
from ostiary.management.ports import Dice
from ostiary.store.database.work import Work

MOST_LINES: Final = 10_000
MOST_FAULTS: Final = 1_000
"""Told of one request; there may be more."""
Numbered: TypeAlias = tuple[int, Line]


def read_lines(text: bytes) -> tuple[Numbered, ...]:
    """Raises Unacceptable with the problem of every line that can't be read."""
    found: list[Numbered] = []
    faults: list[Fault] = []
    for number, line in numbered(text):
        try:
            found.append((number, read_line(line)))
        except ConsumerRefused as refused:
            faults.append(fault_of(number, refused))
    if len(found) + len(faults) > MOST_LINES:
        raise Unacceptable.one("these are too many lines", f"send {MOST_LINES} at a time")
    if faults:
        raise Unacceptable(faults[:MOST_FAULTS])
    return tuple(found)


def fault_of(number: int, refused: ConsumerRefused) -> Fault:
    """The problem of a line."""
    message = refused.message if refused.field == "line" else f"{refused.field}: {refused.message}"
    return _fault(number, message, refused.way_out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What is to be taken, and from which lines."""

    taking: Taking
    lines: Mapping[str, int] = field(repr=False)
    """By JSON pointer into ``taking``."""
    faults: tuple[Fault, ...]
    """Lines that call somebody who isn't there."""

    def whole(self, news: News) -> News:
        """The same, where everything can be taken. Raises Unacceptable."""
        faults = [
            *self.faults,
            *(_fault(self.lines[one.where], one.message, one.way_out) for one in news.refused),
        ]
        if faults:
            raise Unacceptable(faults[:MOST_FAULTS])
        return news


def gather(work: Work, lines: Sequence[Numbered], dice: Dice) -> Gathered:
    """Find out who is meant; whoever is new gets an id, where the line gives none."""
    return _Gathering(work, lines, dice).gathered()


class _Gathering:
    def __init__(self, work: Work, lines: Sequence[Numbered], dice: Dice) -> None:
        self._lines = lines
        self._dice = dice
        self._faults: list[Fault] = []
        self._places: dict[str, int] = {}
        self._users: dict[str, UUID] = {}
        """By name; of those there, and then those that are new."""
        self._known: set[UUID] = set()
        self._apps: dict[tuple[UUID, str], UUID] = {}
        self._look(work)

    def _look(self, work: Work) -> None:
        called = {
            line.name if isinstance(line, UserLine) else line.user for line in self._with_user()
        }
        ids = {uuid for name in called if (uuid := uuid_of(name)) is not None}
        stored = (
            *work.consumer_bulk.users(called).values(),
            *work.consumer_bulk.by_id(ids).values(),
        )
        self._users = {one.name: one.uuid for one in stored if one.owner is None}
        self._known = {one.uuid for one in stored if one.owner is None}
        numbers = {one.uuid: one.number for one in stored}
        apps = {
            (numbers[user], line.app if isinstance(line, CredentialLine) else line.name)
            for line in self._with_user()
            if not isinstance(line, UserLine) and (user := self._user(line.user)) in numbers
        }
        found = work.consumer_bulk.apps((user, app) for user, app in apps if app)
        self._apps = {pair: one.uuid for pair, one in found.items()}

    def _with_user(self) -> Iterator[UserLine | AppLine | CredentialLine]:
        return (line for _, line in self._lines if not isinstance(line, ScopeLine))

    def gathered(self) -> Gathered:
        """All of it."""
        users = tuple(self._taken_users())
        apps = tuple(self._taken_apps())
        credentials = tuple(self._taken_credentials())
        scopes: list[str] = []
        for number, line in self._lines:
            if isinstance(line, ScopeLine):
                self._places[f"/scopes/{len(scopes)}"] = number
                scopes.append(line.name)
        taking = Taking(scopes=tuple(scopes), users=users, apps=apps, credentials=credentials)
        return Gathered(taking=taking, lines=self._places, faults=tuple(self._faults))

    def _taken_users(self) -> Iterator[TakenConsumer]:
        lines = ((number, line) for number, line in self._lines if isinstance(line, UserLine))
        for index, (number, line) in enumerate(lines):
            uuid = line.id or self._users.get(line.name) or self._new_id()
            self._users.setdefault(line.name, uuid)
            self._known.add(uuid)
            self._places[f"/users/{index}"] = number
            yield TakenConsumer(id=uuid, name=line.name, about=line.about, active=line.active)

    def _taken_apps(self) -> Iterator[TakenConsumer]:
        index = 0
        for number, line in self._lines:
            if not isinstance(line, AppLine):
                continue
            user = self._user(line.user)
            if user is None:
                self._faults.append(_nobody(number, line.user))
                continue
            uuid = line.id or self._apps.get((user, line.name)) or self._new_id()
            self._apps.setdefault((user, line.name), uuid)
            self._places[f"/apps/{index}"] = number
            index += 1
            yield TakenConsumer(
                id=uuid, name=line.name, user=user, about=line.about, active=line.active
            )

    def _taken_credentials(self) -> Iterator[TakenCredential]:
        index = 0
        for number, line in self._lines:
            if not isinstance(line, CredentialLine):
                continue
            user = self._user(line.user)
            consumer = self._apps.get((user, line.app)) if user and line.app else user
            if consumer is None:
                self._faults.append(_nobody(number, line.user, line.app if user else ""))
                continue
            self._places[f"/credentials/{index}"] = number
            index += 1
            yield replace(line.credential, consumer=consumer)

    def _user(self, called: str) -> UUID | None:
        uuid = uuid_of(called)
        if uuid is None:
            return self._users.get(called)
        return uuid if uuid in self._known else None

    def _new_id(self) -> UUID:
        return UUID(bytes=self._dice(16), version=4)


def _nobody(number: int, user: str, app: str = "") -> Fault:
    if app:
        return _fault(number, f"user {user[:80]!r} has no app {app[:80]!r}", "import it before")
    return _fault(number, f"there is no user {user[:80]!r}", "import the user before")


def _fault(number: int, message: str, way_out: str) -> Fault:
    return Fault(where=f"/lines/{number}", message=message, way_out=way_out)
