"""State of the truststore and the database, and recovery of both.

The database counts; the truststore is its copy on the disk under checksums, for when the database
can't be read. What is in force lives in memory: no damage on the disk adds anybody to it.
"""

import asyncio
import threading
from dataclasses import replace
from datetime import datetime
from typing import Protocol

import structlog

from ostiary.kernel.errors import OstiaryError
from ostiary.management.actors import Order
from ostiary.management.changes import Changes
from ostiary.management.edits import Edited, Moment
from ostiary.management.errors import Forbidden, NotApplied, Unavailable
from ostiary.management.keeping import told
from ostiary.management.sights import ChangeView, RecoveryView, StoreState, TruststoreView
from ostiary.management.state import State, missing_since
from ostiary.store.database.place import LastGood, Recovered
from ostiary.store.database.records import Role
from ostiary.store.database.work import Work
from ostiary.store.soundness import Damaged, Soundness

AUTOMATIC = "automatic"
FORCED = "forced by the configuration"


class Shelf(Protocol):
    """The truststore on the disk; ``store.truststore.TrustStore``."""

    @property
    def built(self) -> bool:
        """Whether there is anything to verify."""

    def revision(self) -> int | None:
        """Of the database when this was written last; None where that can't be read."""

    def verify(self) -> Soundness:
        """Read every file of the set in force."""

    def verify_last_good(self) -> Soundness:
        """Read every file of the copy."""

    def rebuild(self, bundles: tuple[bytes, ...], *, revision: int) -> None:
        """Put these in force on the disk. Raises FileTrouble."""


class Ground(Protocol):
    """The database beneath its transactions; ``store.database.database.Database``."""

    def check(self) -> Soundness:
        """Look through all that operators set."""

    def save_last_good(self) -> LastGood | None:
        """Copy it. Raises OstiaryError."""

    def recover(self, *, now: datetime) -> Recovered:
        """Replace a damaged file by the copy. Raises OstiaryError."""

    def recoverable(self) -> int:
        """The revision that copy has. Raises OstiaryError."""


class Recovery:
    """State of the truststore and the database, and recovery of both."""

    def __init__(self, changes: Changes, shelf: Shelf, ground: Ground) -> None:
        self._changes = changes
        self._shelf = shelf
        self._ground = ground
        self._one_at_a_time = threading.Lock()
        self._saved: int | None = None
        self._rebuilt = 0
        self._log = structlog.get_logger("ostiary.truststore")
        self._view = TruststoreView(
            state=StoreState.UNKNOWN,
            detail="",
            verified=None,
            certificates=0,
            recovery=None,
            database=StoreState.UNKNOWN,
            database_detail="",
        )
        changes.mirror(self._committed)

    def state(self) -> TruststoreView:
        """As it was found last; verified at start and every minute."""
        state = self._changes.state
        return replace(self._view, certificates=len(state.certificates) if state else 0)

    def rebuilt(self) -> int:
        """How often the truststore was built anew since the start."""
        return self._rebuilt

    async def verify(self) -> TruststoreView:
        """Look now, and mend what is damaged."""
        return await asyncio.to_thread(self._verify)

    async def recover(self, order: Order) -> ChangeView:
        """Build the truststore anew from the library, damaged or not; where the database is
        damaged, go back to its last good copy first. That accepts the loss of what the database
        lacks: how many changes that are is a warning of the answer."""
        if not order.actor.may(Role.ADMIN):
            raise Forbidden(Role.ADMIN)
        found = await asyncio.to_thread(self._ground.check)
        known = await asyncio.to_thread(self._newest_known)
        if order.dry_run:
            back = await asyncio.to_thread(self._back, damaged=isinstance(found, Damaged))
            if isinstance(found, Damaged) or back < known:
                return _foreseen(back, known)
        else:
            if isinstance(found, Damaged):
                await self._restore(found, known)
            elif await asyncio.to_thread(self._is_behind):
                await self._go_back()
            self._changes.halt("")

        def edit(work: Work, _moment: Moment) -> Edited:
            lost = missing_since(known, work.revision.current())
            return Edited(
                action="truststore.recover",
                object="truststore",
                after=lost or None,
                warnings=(lost,) if lost else (),
            )

        done = await self._changes.make(order, Role.ADMIN, edit)
        if not order.dry_run:
            damage = "; ".join(filter(None, (self._view.detail, *done.warnings)))
            await asyncio.to_thread(self._rebuild, order.actor.name, damage)
            await asyncio.to_thread(self._verify)
        return done

    def rebuild_at_start(self, *, forced: bool) -> None:
        """After the state was loaded: the files become what the database says. In a thread."""
        state = self._changes.state
        if forced:
            self._rebuild(FORCED, "")
        elif state is not None and not self._shelf.built:
            # Nothing was there to be damaged: a first start, or another host's database.
            self._committed(state)
            self._log.info("truststore-built", bundles=len(state.bundles))
        self._verify()

    def _back(self, *, damaged: bool) -> int:
        """The revision that recovery goes back to. Raises Unavailable where it goes to none."""
        if not damaged:
            return self._revision()
        try:
            return self._ground.recoverable()
        except OstiaryError as error:
            raise Unavailable(f"the database could not be recovered: {error}") from error

    async def _restore(self, damage: Damaged, known: int) -> None:
        self._log.error("database-damaged", detail=damage.what)
        try:
            back = await asyncio.to_thread(self._ground.recover, now=self._changes.clock())
        except OstiaryError as error:
            raise Unavailable(f"the database could not be recovered: {error}") from error
        lost = missing_since(known, back.revision) or "nothing"
        self._log.warning(
            "database-recovered", revision=back.revision, lost=lost, aside=str(back.aside)
        )
        self._changes.halt("")
        await self._go_back()

    def _newest_known(self) -> int:
        """The newest revision that is known to have been in force."""
        state = self._changes.state
        return max(state.revision if state else 0, self._shelf.revision() or 0)

    def _is_behind(self) -> bool:
        state = self._changes.state
        return state is not None and self._revision() < state.revision

    def _revision(self) -> int:
        with told(), self._changes.keeping.reading() as work:
            return work.revision.current()

    async def _go_back(self) -> None:
        """Put in force what the database has now."""
        state = await asyncio.to_thread(self._changes.load)
        try:
            await self._changes.gatekeeper.apply(state.managed, state.certificates)
        except OstiaryError as error:
            raise NotApplied(f"what was recovered could not be put in force: {error}") from error

    def _committed(self, state: State) -> None:
        try:
            self._put(state)
        except OstiaryError as error:
            # The change acts and the database has it: the next look mends the files.
            self._log.error("truststore-not-written", error=str(error))
            self._view = replace(self._view, state=StoreState.DAMAGED, detail=str(error))

    def _put(self, state: State) -> None:
        with self._one_at_a_time:
            bundles = tuple(one.pem.encode() for one in state.bundles)
            self._shelf.rebuild(bundles, revision=state.revision)

    def _verify(self) -> TruststoreView:
        at = self._changes.clock()
        ground = self._ground.check()
        with self._one_at_a_time:
            found = self._shelf.verify()
            copy = self._shelf.verify_last_good()
        damage = found if isinstance(found, Damaged) else copy
        self._view = replace(
            self._view,
            verified=at,
            state=StoreState.SOUND,
            detail="",
            database=StoreState.DAMAGED if isinstance(ground, Damaged) else StoreState.SOUND,
            database_detail=ground.what if isinstance(ground, Damaged) else "",
        )
        self._changes.halt(self._view.database_detail)
        if isinstance(ground, Damaged):
            self._log.error("database-damaged", detail=ground.what)
        if isinstance(damage, Damaged):
            self._mend(damage, by_database=not isinstance(ground, Damaged))
        elif not isinstance(ground, Damaged):
            self._save()
        return self.state()

    def _mend(self, damage: Damaged, *, by_database: bool) -> None:
        self._log.error("truststore-damaged", condition=damage.condition.value, detail=damage.what)
        self._view = replace(self._view, state=StoreState.DAMAGED, detail=damage.what)
        if not by_database:
            return
        try:
            self._rebuild(AUTOMATIC, damage.what)
        except OstiaryError as error:
            self._log.error("truststore-not-rebuilt", error=str(error))

    def _rebuild(self, by: str, damage: str) -> None:
        """From the library as the database has it now."""
        with told(), self._changes.keeping.reading() as work:
            bundles = tuple(one.pem.encode() for one in work.trusted.in_force())
            revision = work.revision.current()
        with self._one_at_a_time:
            self._shelf.rebuild(bundles, revision=revision)
        recovery = RecoveryView(
            at=self._changes.clock(), by=by, certificates=len(bundles), damage=damage
        )
        self._view = replace(self._view, state=StoreState.SOUND, detail="", recovery=recovery)
        self._rebuilt += 1
        self._log.warning("truststore-rebuilt", by=by, bundles=len(bundles))

    def _save(self) -> None:
        state = self._changes.state
        if state is None or state.revision == self._saved:
            return
        try:
            self._ground.save_last_good()
        except OstiaryError as error:
            self._log.error("last-good-not-saved", error=str(error))
        else:
            self._saved = state.revision


def _foreseen(back: int, known: int) -> ChangeView:
    lost = known - back
    told = "nothing" if lost <= 0 else "1 change" if lost == 1 else f"{lost} changes"
    return ChangeView(
        applied=False,
        revision=back,
        reloaded=False,
        object="truststore",
        warnings=(
            f"the database would go back to revision {back}; revision {known} was in force: "
            f"{told} would be lost",
        ),
    )
