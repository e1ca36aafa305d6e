"""How a change is made: edited in one transaction, checked, put in force, committed with its audit.

The order matters. The gateway acts on a change before the database has it for good, and the
operator hears of it only after both: what was acknowledged is in force and lasts. After a crash in
between the database counts, which has the state before, and nobody was told otherwise. If the
commit fails, what acted before is put in force again.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import structlog

from ostiary.consumers.changes import Listener, nobody
from ostiary.kernel.errors import OstiaryError
from ostiary.kernel.problems import ConfigRefused
from ostiary.management.actors import Order
from ostiary.management.edits import Edit, Edited, Moment, audit_entry
from ostiary.management.errors import Conflicting, Forbidden, NotApplied, Unavailable
from ostiary.management.keeping import Keeping, refuse_stale, told
from ostiary.management.ports import Applied, Clock, FileEdit, Gatekeeper
from ostiary.management.previews import Previews
from ostiary.management.refusing import engine_refuses
from ostiary.management.sights import ChangeView, PreviewView
from ostiary.management.state import EVERYTHING, State, missing_since, read_state
from ostiary.store.database.records import AuditEntry, Role
from ostiary.store.database.work import Work

T = TypeVar("T")
_OWN_ENTRIES = 1_000


Mirror = Callable[[State], None]
"""Told of every state that was committed; must not raise."""


class _OnlyLooking(Exception):
    """Rolls a transaction back, and carries what came of it."""

    def __init__(self, edited: Edited, state: State) -> None:
        self.edited = edited
        self.state = state


class Changes:
    """Makes changes, one at a time; knows the state that is in force."""

    def __init__(
        self,
        keeping: Keeping,
        gatekeeper: Gatekeeper,
        clock: Clock,
        previews: Previews,
        consumers: Listener = nobody,
    ) -> None:
        self.keeping = keeping
        self.gatekeeper = gatekeeper
        self.clock = clock
        self._previews = previews
        self._consumers = consumers
        self._turn = asyncio.Lock()
        self._state: State | None = None
        self._mirrors: list[Mirror] = []
        self._halted = ""
        self.own_entries: deque[int] = deque(maxlen=_OWN_ENTRIES)
        """The latest numbers in the audit log that were written here."""
        self._under_way: set[asyncio.Task[ChangeView]] = set()
        self._log = structlog.get_logger("ostiary.management")

    @property
    def state(self) -> State | None:
        """The last one that was read or committed; None before ``load``."""
        return self._state

    def mirror(self, mirror: Mirror) -> None:
        """Tell ``mirror`` of every state from now on."""
        self._mirrors.append(mirror)

    def halt(self, why: str) -> None:
        """Refuse every change from now on, since the database can't be believed; empty: go on.

        A damaged file may still take writes, into pages that nobody will find again.
        """
        self._halted = why

    def begin_with(self, state: State) -> None:
        """What was read from the database before the gateway began to serve, and is in force."""
        self._state = state

    def load(self) -> State:
        """Read the whole state. Call it in a thread. Raises Unavailable."""
        with told(), self.keeping.reading() as work:
            self._state = read_state(work, None, EVERYTHING)
        return self._state

    async def make(self, order: Order, need: Role, edit: Edit) -> ChangeView:
        """Make a change, or foresee it. Raises what ``errors`` has."""
        if not order.actor.may(need):
            raise Forbidden(need)
        if self._halted:
            raise Unavailable(
                f"the database is damaged: {self._halted}; what is in force goes on acting "
                "(run 'ostiary trust recover')"
            )
        if order.dry_run:
            await self._previews.catch_up()
            return await asyncio.to_thread(self._look, order, edit)
        # Whoever asked may go away meanwhile: what has begun comes to its end, and alone.
        task = asyncio.ensure_future(self._in_turn(order, edit))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    def note(self, entry: AuditEntry) -> None:
        """Into the audit log, what devices did: no change of what is in force, so that no revision
        comes of it. May wait: call it in a thread.

        The ledger has it already: that the log lacks it undoes nothing.
        """
        try:
            if self._halted:
                raise Unavailable(f"the database is damaged: {self._halted}")
            with told(), self.keeping.begin() as work:
                work.audit.append(entry)
        except OstiaryError as error:
            self._log.error(
                "not-in-the-audit-log", action=entry.action, object=entry.object, error=str(error)
            )

    async def _in_turn(self, order: Order, edit: Edit) -> ChangeView:
        async with self._turn:
            loop = asyncio.get_running_loop()
            return await asyncio.to_thread(self._change, order, edit, loop)

    async def catch_up(self) -> bool:
        """Put in force what others have committed to the same database; whether there was anything.

        Raises Unavailable, EngineRefuses, NotApplied: then what was in force goes on acting.
        """
        async with self._turn:
            return await asyncio.to_thread(self._catch_up, asyncio.get_running_loop())

    def _catch_up(self, loop: asyncio.AbstractEventLoop) -> bool:
        with told(), self.keeping.reading() as work:
            before = self._state
            if before is not None and self._known(work) is not None:
                return False
            state = read_state(work, before, EVERYTHING)
        if before is None or not state.acts_as(before):
            self._apply(state, None, loop)
        self._committed(state, state.revision)
        return True

    def _moment(self, order: Order) -> Moment:
        return Moment(at=self.clock(), actor=order.actor, in_force=self.gatekeeper.prepared)

    def _look(self, order: Order, edit: Edit) -> ChangeView:
        try:
            with told(), self.keeping.begin() as work:
                refuse_stale(work, order)
                done = edit(work, self._moment(order))
                raise _OnlyLooking(done, read_state(work, self._known(work), done.touched))
        except _OnlyLooking as looked:
            edited, state = looked.edited, looked.state
        acts = edited.touched or edited.file
        preview = self._preview(state, edited.file, order) if acts else None
        return ChangeView(
            applied=False,
            revision=state.revision,
            reloaded=False,
            object=edited.object,
            warnings=edited.warnings,
            preview=preview,
        )

    def _preview(self, state: State, file: FileEdit | None, order: Order) -> PreviewView:
        try:
            then = self.gatekeeper.prepare(state.managed, state.certificates, file)
        except ConfigRefused as refused:
            raise engine_refuses(refused, lines=file is not None) from refused
        return self._previews.foresee(self.gatekeeper.prepared, then, order.days)

    def _change(self, order: Order, edit: Edit, loop: asyncio.AbstractEventLoop) -> ChangeView:
        before = self._state
        applied: Applied | None = None
        file: FileEdit | None = None
        try:
            with told(), self.keeping.begin() as work:
                refuse_stale(work, order)
                moment = self._moment(order)
                edited = edit(work, moment)
                known = self._known(work)
                state = read_state(work, known, edited.touched)
                file = edited.file
                # What others wrote since is in the state, too, and must not only seem to act.
                if edited.touched or file or known is None:
                    applied = self._apply(state, file, loop)
                revision = work.revision.grow()
                self.own_entries.append(work.audit.append(audit_entry(edited, moment)))
                work.notifications.add(edited.notices)
        except BaseException:
            if applied is not None:
                self._go_back(before, file, loop)
            raise
        if edited.consumers is not None:
            self._consumers(edited.consumers)
        self._committed(state, revision)
        return ChangeView(
            applied=True,
            revision=revision,
            reloaded=applied.reloaded if applied else False,
            object=edited.object,
            warnings=(*edited.warnings, *(applied.warnings if applied else ())),
        )

    def _known(self, work: Work) -> State | None:
        """The state in memory, if nobody else wrote since. Raises Unavailable."""
        known, now = self._state, work.revision.current()
        if known is not None and known.revision > now:
            # An older copy was put in its place: read anew, it would let in again who was shut out.
            raise Unavailable(
                f"{missing_since(known.revision, now)} (put a newer copy there, or accept the "
                "loss: 'ostiary trust recover')"
            )
        return known if known is not None and known.revision == now else None

    def _committed(self, state: State, revision: int) -> None:
        from_now = State(
            revision=revision,
            settings=state.settings,
            names=state.names,
            bundles=state.bundles,
            managed=state.managed,
        )
        self._state = from_now
        for mirror in self._mirrors:
            mirror(from_now)

    def _apply(
        self, state: State, file: FileEdit | None, loop: asyncio.AbstractEventLoop
    ) -> Applied:
        try:
            return _in_loop(self.gatekeeper.apply(state.managed, state.certificates, file), loop)
        except ConfigRefused as refused:
            raise engine_refuses(refused, lines=file is not None) from refused
        except Conflicting:
            raise
        except OstiaryError as error:
            raise NotApplied(f"the change could not be put in force: {error}") from error

    def _go_back(
        self, before: State | None, file: FileEdit | None, loop: asyncio.AbstractEventLoop
    ) -> None:
        """The database refused at the end: what is in force must be what it has."""
        self._log.error("change-not-kept", why="the database refused it; going back")
        state = before or self.load()
        try:
            old = file.back() if file else None
            _in_loop(self.gatekeeper.apply(state.managed, state.certificates, old), loop)
        except OstiaryError as error:
            self._log.error("change-not-taken-back", error=str(error))


def _in_loop(work: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop) -> T:
    """Have the gateway's loop do it, and wait in this thread."""
    return asyncio.run_coroutine_threadsafe(work, loop).result()
