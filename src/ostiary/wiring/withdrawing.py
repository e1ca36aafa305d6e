"""Remembered verdicts are withdrawn: the engine's workers ask again, on open connections, too."""

import asyncio
import contextlib
import os
import signal

import structlog

from ostiary.compiler.names import GENERATION
from ostiary.supervisor.runtime import MasterSocket, RuntimeTrouble, WorkerGone
from ostiary.trust.standing import Standing


class Withdrawal:
    """Counts the generations of verdicts; those of an older one no longer count."""

    def __init__(self) -> None:
        self._generation = 0
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
        self._generation += 1
        forget = ("experimental-mode on", f"set var {GENERATION} int({self._generation})")
        try:
            workers = (await master.processes()).workers
        except RuntimeTrouble as error:
            self._log.error("verdicts-not-withdrawn", error=str(error))
            return False
        for worker in workers:
            if worker.pid == except_worker:
                continue
            try:
                await master.on_worker(worker.pid, *forget)
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
    return before.blocked is after.blocked and all(
        (now := after.keeper(scope)) is not None and now.policy.id == keeper.policy.id
        for scope, keeper in before.entries.items()
    )
