"""Remembered verdicts are withdrawn: the engine's workers ask again, on open connections, too."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final

import structlog

from ostiary.agent.rows import Rows
from ostiary.compiler import credential_names
from ostiary.compiler.names import VERDICTS, WITHDRAWALS_BY, WITHDRAWN
from ostiary.kernel.blocked import Blocked
from ostiary.supervisor.runtime import MasterSocket, RuntimeTrouble, WorkerGone
from ostiary.trust.listing import newly_listed
from ostiary.trust.standing import Standing
from ostiary.x509.certificate import Certificate

_BATCH: Final = 64
"""Rows named in one line to the engine, whose buffers take 32 KiB."""
_MOST_ROWS: Final = 2_000
"""Withdrawing all is quicker than more of them one by one."""
_LAST: Final = 2**32
"""More than the engine's rows can hold: a worker that is told it remembers nothing any more."""


class Withdrawal:
    """Numbers withdrawals; what was asked for before one that concerns it no longer counts."""

    def __init__(self, rows: Rows) -> None:
        """``rows``: what the engine was told to remember."""
        self._rows = rows
        self._number = 0
        self._credentials = 0
        self._owed = False
        self._turn = asyncio.Lock()
        self._log = structlog.get_logger("ostiary.gateway")

    async def withdraw(self, master: MasterSocket, *, except_worker: int | None = None) -> bool:
        """Make every worker disregard what it remembers: the next request asks again.

        Workers that still drain after a reload keep their connections, and so their verdicts.
        ``except_worker`` was started with the new trust and has none to forget. False: the workers
        could not be found out (and this was logged).
        """
        async with self._turn:  # a number must never come after a higher one
            return await self._withdraw(master, except_worker)

    async def _withdraw(self, master: MasterSocket, except_worker: int | None) -> bool:
        forget = ("experimental-mode on", f"set var {WITHDRAWN} int({self._next()})")
        told = await self._tell(master, [forget], except_worker)
        self._owed = not told
        return told

    async def make_good(self, master: MasterSocket) -> None:
        """Withdraw all verdicts if some could not be when they should have been."""
        async with self._turn:
            if self._owed:
                await self._withdraw(master, None)

    def _next(self) -> int:
        self._number = min(self._number + WITHDRAWALS_BY, _LAST)
        return self._number

    async def withdraw_credentials(self, master: MasterSocket) -> bool:
        """The same for the verdicts on credentials of consumers."""
        async with self._turn:
            self._credentials += 1
            name = credential_names.GENERATION
            forget = ("experimental-mode on", f"set var {name} int({self._credentials})")
            return await self._tell(master, [forget], None)

    async def withdraw_between(
        self,
        master: MasterSocket,
        before: Standing,
        after: Standing,
        known: Iterable[Certificate],
        now: datetime,
    ) -> bool:
        """The same, but of those whom the change doesn't concern nobody is asked about again, where
        it is known which rows these are.

        ``known``: authorities below the anchors. ``now`` is aware.
        """
        if same_policies(before, after):
            return await self._withdraw_blocked(master, before.blocked, after.blocked, now)
        if before.blocked is not after.blocked:
            return await self.withdraw(master)
        serials = await asyncio.to_thread(newly_listed, before, after, known, now)
        return await self.withdraw_numbered(master, serials, now)

    async def _withdraw_blocked(
        self, master: MasterSocket, before: Blocked, after: Blocked, now: datetime
    ) -> bool:
        async with self._turn:
            keys = self._rows.affected(before.differing(after), int(now.timestamp()))
            return await self._withdraw_rows(master, keys)

    async def withdraw_numbered(
        self, master: MasterSocket, serials: Collection[int] | None, now: datetime
    ) -> bool:
        """Likewise where there is other word about certificates with these serial numbers; None:
        about others, too."""
        async with self._turn:
            at = int(now.timestamp())
            keys = None if serials is None else self._rows.numbered(serials, at)
            return await self._withdraw_rows(master, keys)

    async def _withdraw_rows(self, master: MasterSocket, keys: Collection[str] | None) -> bool:
        everybody = keys is None or len(keys) > _MOST_ROWS or self._owed
        if everybody or self._number + WITHDRAWALS_BY >= _LAST:
            return await self._withdraw(master, None)
        if not keys:
            return True
        number = self._next()
        commands = [f"set table {VERDICTS} key {key} data.gpt {number}" for key in sorted(keys)]
        lines = [commands[at : at + _BATCH] for at in range(0, len(commands), _BATCH)]
        told = await self._tell(master, lines, None)
        self._owed = not told
        return told

    async def _tell(
        self, master: MasterSocket, lines: Sequence[Sequence[str]], except_worker: int | None
    ) -> bool:
        try:
            workers = (await master.processes()).workers
        except RuntimeTrouble as error:
            self._log.error("verdicts-not-withdrawn", error=str(error))
            return False
        for worker in workers:
            if worker.pid == except_worker:
                continue
            try:
                for commands in lines:
                    await master.on_worker(worker.pid, *commands)
            except WorkerGone:
                continue
            except RuntimeTrouble as error:
                # It may still let in whom nobody trusts any more: better no worker than that one.
                self._log.error("worker-ended", worker=worker.pid, error=str(error))
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGKILL)
        return True


def same_trust(before: Standing, after: Standing) -> bool:
    """Whether every scope that was judged is judged by the same policy now, and the same
    certificates are blocked."""
    return before.blocked is after.blocked and same_policies(before, after)


def same_policies(before: Standing, after: Standing) -> bool:
    """The same, whoever is blocked."""
    # A scope that only one of them has is judged by its entry's policy in the other.
    return all(
        (old := before.keeper(scope)) is not None
        and (new := after.keeper(scope)) is not None
        and old.policy.id == new.policy.id
        for scope in before.entries.keys() | after.entries.keys()
    )
