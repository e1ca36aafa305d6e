"""Consumers of a file, sent in batches: each is taken whole, or not at all."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from ostiary.cli.answers import Refusal, Speaker, Wish
from ostiary.cli.consumer_files import Read
from ostiary.consumers.refusal import ConsumerRefused
from ostiary.management.consumers.lines import AppLine, CredentialLine, Line, ScopeLine, UserLine
from ostiary.management.consumers.views import TakenView

TOGETHER = 2_000
"""Lines of one transaction: other changes wait for it a tenth of a second."""
_BYTES = 4 * 1024 * 1024
"""Of lines in one request; with those of whom they name it must stay below 16 MiB."""
_MEDIA = "application/x-ndjson"
_PATH = "/consumers/lines/import"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineProblem:
    """Why a line can't be taken."""

    line: int
    message: str
    way_out: str


@dataclass(slots=True)
class Done:
    """What came of it."""

    scopes: set[str] = field(default_factory=set)
    users: int = 0
    apps: int = 0
    credentials: int = 0
    there: int = 0
    """Of users, apps and credentials, how many were there already."""
    last: int = 0
    """The last line of the last batch that was taken; 0: none was."""
    problems: list[LineProblem] = field(default_factory=list)

    def count(self, view: TakenView) -> None:
        """Add what a batch came to."""
        self.scopes.update(view.scopes)
        self.users += view.users
        self.apps += view.apps
        self.credentials += view.credentials
        self.there += view.there


@dataclass(slots=True)
class Batch:
    """Lines that are sent together."""

    reads: list[Read] = field(default_factory=list)
    size: int = 0
    """Bytes of these."""
    before: list[bytes] = field(default_factory=list)
    """Lines of whom they name, which are sent with them though they stand in another batch."""

    def add(self, one: Read) -> bool:
        """One more; whether that is enough."""
        self.reads.append(one)
        self.size += len(one.text)
        return len(self.reads) >= TOGETHER or self.size >= _BYTES

    @property
    def body(self) -> bytes:
        """What is sent."""
        return b"\n".join((*self.before, *(one.text for one in self.reads)))

    def problems(self, refusal: Refusal) -> list[LineProblem] | None:
        """By lines of the file; None where the refusal is about something else."""
        errors = refusal.problem.get("errors")
        found = []
        for one in errors if isinstance(errors, list) else ():
            _, _, number = str(one.get("pointer", "")).rpartition("/lines/")
            index = int(number) - 1 - len(self.before) if number.isdecimal() else -1
            if not 0 <= index < len(self.reads):
                return None
            found.append(
                LineProblem(
                    line=self.reads[index].number,
                    message=str(one.get("detail", "")),
                    way_out=str(one.get("wayOut", "")),
                )
            )
        return found or None


def problem_of(one: Read, refused: ConsumerRefused) -> LineProblem:
    """A line that can't be taken whoever is there."""
    message = refused.message if refused.field == "line" else f"{refused.field}: {refused.message}"
    return LineProblem(line=one.number, message=message, way_out=refused.way_out)


def take(gateway: Speaker, reads: Iterable[Read], done: Done) -> Iterator[int]:
    """Send all; after each batch it tells how much of the file is done, in bytes. The first batch
    with a problem is the last. Raises OstiaryError."""
    for batch in _batches(reads):
        view = _send(gateway, batch, Wish(), done)
        if view is None:
            return
        done.count(view)
        done.last = batch.reads[-1].number
        yield batch.reads[-1].at


def _batches(reads: Iterable[Read]) -> Iterator[Batch]:
    batch = Batch()
    for one in reads:
        if batch.add(one):
            yield batch
            batch = Batch()
    if batch.reads:
        yield batch


def _send(gateway: Speaker, batch: Batch, wish: Wish, done: Done) -> TakenView | None:
    try:
        view = gateway.deliver(TakenView, _PATH, wish, batch.body, _MEDIA)
    except Refusal as refusal:
        found = batch.problems(refusal)
        if found is None:
            raise
        done.problems += found
        return None
    return view


class Foreseeing:
    """Has the gateway look at all, and keep nothing.

    Nothing of one batch is there for the next. So users, apps and the rest go in batches of their
    own, each with the lines of those whom it names, as far as they stood in the file before.
    """

    def __init__(self, gateway: Speaker, done: Done) -> None:
        """What is found out goes to ``done``."""
        self._gateway = gateway
        self._done = done
        self._known: dict[tuple[str, str], bytes] = {}
        """Users by name or id, and apps by user and name."""

    def all(self, reads: Iterable[Read]) -> Iterator[int]:
        """To the end, whatever is refused; it tells as ``take`` does. Raises OstiaryError."""
        batches: dict[type[Line], Batch] = {}
        for one in reads:
            line = one.line()
            if isinstance(line, ConsumerRefused):
                continue
            kind: type[Line] = CredentialLine if isinstance(line, ScopeLine) else type(line)
            batch = batches.setdefault(kind, Batch())
            batch.before.extend(self._named_in(line))
            self._remember(one, line)
            if batch.add(one):
                self._look(kind, batches.pop(kind))
                yield one.at
        for kind, batch in batches.items():
            self._look(kind, batch)
        self._done.problems.sort(key=lambda problem: problem.line)

    def _remember(self, one: Read, line: Line) -> None:
        if isinstance(line, UserLine):
            self._known.setdefault((line.name, ""), one.text)
            if line.id is not None:
                self._known.setdefault((str(line.id), ""), one.text)
        elif isinstance(line, AppLine):
            self._known.setdefault((line.user, line.name), one.text)

    def _named_in(self, line: Line) -> Iterator[bytes]:
        if not isinstance(line, AppLine | CredentialLine):
            return
        app = line.app if isinstance(line, CredentialLine) else ""
        for called in ((line.user, ""), (line.user, app)):
            if called in self._known:
                yield self._known[called]

    def _look(self, kind: type[Line], batch: Batch) -> None:
        batch.before = list(dict.fromkeys(batch.before))
        view = _send(self._gateway, batch, Wish(dry_run=True), self._done)
        if view is None:
            return
        users = view.users if kind is UserLine else 0
        apps = view.apps if kind is AppLine else 0
        credentials = view.credentials if kind is CredentialLine else 0
        about = sum(not isinstance(one.line(), ScopeLine) for one in batch.reads)
        there = about - users - apps - credentials
        self._done.count(
            replace(view, users=users, apps=apps, credentials=credentials, there=there)
        )
