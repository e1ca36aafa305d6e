"""The engine's workers are told what to remember about credentials, in the background.

Nothing depends on it but speed: what a worker wasn't told it asks about again. But what it was told
must be taken back once it is no longer true, so all that was told is known here.
"""

import asyncio
import itertools
import re
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog

from ostiary.compiler.credential_names import GUESSERS, TABLE
from ostiary.compiler.credentials import CODE_BITS, PASSED_AT, STAMP_AT, UNTIL_AT, WHO_AT
from ostiary.consumers.changes import Changed, Named
from ostiary.kernel.errors import OstiaryError
from ostiary.supervisor.runtime import COMMAND_LIMIT, MasterSocket, WorkerGone
from ostiary.wiring.told import RowOf, Told

_MOST_WAITING: Final = 20_000
_BATCH: Final = 24
"""Rows in one line to the engine, which takes 8 KiB."""
_MOST_ROWS: Final = 2_000
"""Withdrawing all is quicker than more of them one by one."""
_PAUSE_SECONDS: Final = 1.0
"""After a worker could not be told."""
_CLIENT: Final = re.compile(r"[0-9A-Fa-f.:]{1,45}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What the engine remembers of one credential in one judgement."""

    key: str
    """As the engine asked: generation, judgement, SHA-256. Once the generation has gone, nobody
    looks for it."""
    code: int
    until: int
    """Unix seconds."""
    consumer: UUID | None
    """None of a wrong one."""
    passed: int

    def command(self, count: int) -> str:
        """For the engine's socket; ``count``: how many rows there were before. It tells connections
        that have kept what a row held whether it is still the same row.

        The UUID goes as four numbers of 32 bits.
        """
        number = self.consumer.int if self.consumer else 0
        words = ((number >> shift) & 0xFFFFFFFF for shift in (96, 64, 32, 0))
        data = dict(zip(WHO_AT, words, strict=True))
        stamp = (count << CODE_BITS | self.code) & 0xFFFFFFFF
        # The stamp comes after what is kept with it, and the time last: without it nothing counts.
        data |= {PASSED_AT: self.passed, STAMP_AT: stamp, UNTIL_AT: self.until}
        told = " ".join(f"data.{name} {value}" for name, value in data.items())
        return f"set table {TABLE} key {self.key} {told}"


class Remembering:
    """Tells workers in batches. One event loop uses it."""

    def __init__(self) -> None:
        """Nobody to tell yet."""
        self._master: MasterSocket | None = None
        self._waiting: OrderedDict[tuple[int, str], str] = OrderedDict()
        self._task: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._told = Told()
        self._count = itertools.count(1)
        self._log = structlog.get_logger("ostiary.gateway")

    def begin(self, master: MasterSocket) -> None:
        """Tell the workers behind this socket from now on."""
        self._master = master

    def note(self, worker: int, row: Row, named: Named | None, now: int) -> None:
        """Have a worker (its process id) remember this about the credential ``named``; None: about
        one that names nobody. ``now``: Unix seconds."""
        if self._is_full:
            return
        if named is not None:
            self._told.note(named, row.consumer, (worker, row.key), now=now, until=row.until)
        self._add(worker, row.key, row.command(next(self._count)))

    def tell(self, worker: int, row: Row) -> bool:
        """Likewise, for somebody who knows himself what to take back; False: it wasn't taken."""
        if self._is_full:
            return False
        self._add(worker, row.key, row.command(next(self._count)))
        return True

    @property
    def _is_full(self) -> bool:
        return self._master is None or len(self._waiting) >= _MOST_WAITING

    async def take_back(self, changed: Changed, now: int) -> bool:
        """Whatever was told of these no longer counts, when this returns. ``now``: Unix seconds.

        False: it isn't known what all workers were told, or they could not be told otherwise.
        """
        rows = self._told.rows_of(changed, now)
        if rows is None and changed.only_new:
            rows = frozenset()
        return rows is not None and await self.take_rows_back(rows)

    async def take_rows_back(self, rows: frozenset[RowOf]) -> bool:
        """These rows no longer count, when this returns. False: likewise."""
        if len(rows) > _MOST_ROWS or self._master is None:
            return False
        for row in rows:
            self._waiting.pop(row, None)
        commands = defaultdict(list)
        for worker, key in sorted(rows):
            commands[worker].append(f"set table {TABLE} key {key} data.{UNTIL_AT} 0")
        async with self._turn:
            for worker, lines in commands.items():
                if not await self._told_otherwise(self._master, worker, lines):
                    return False
        return True

    async def _told_otherwise(self, master: MasterSocket, worker: int, commands: list[str]) -> bool:
        try:
            for at in range(0, len(commands), _BATCH):
                await master.on_worker(worker, *commands[at : at + _BATCH])
        except WorkerGone:
            self._told.forget_worker(worker)
        except OstiaryError as error:
            self._log.warning("engine-not-told", error=str(error))
            return False
        return True

    def turn_away(self, worker: int, client: str, until: int) -> None:
        """Have a worker ask about no credential of this client's until then (Unix seconds)."""
        if _CLIENT.fullmatch(client):
            self._add(worker, client, f"set table {GUESSERS} key {client} data.gpt0 {until}")

    async def end(self) -> None:
        """Leave it at that."""
        self._master = None
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _add(self, worker: int, key: str, command: str) -> None:
        if self._master is None or len(self._waiting) >= _MOST_WAITING:
            return
        self._waiting[worker, key] = command
        if self._task is None:
            self._task = asyncio.create_task(self._tell(), name="remembering")

    async def _tell(self) -> None:
        try:
            while self._waiting and self._master is not None:
                try:
                    async with self._turn:
                        worker, commands = self._batch()
                        if commands:
                            await self._master.on_worker(worker, *commands)
                except WorkerGone:
                    self._told.forget_worker(worker)
                except OstiaryError as error:
                    self._log.info("engine-not-told", error=str(error))
                    await asyncio.sleep(_PAUSE_SECONDS)
        finally:
            self._task = None

    def _batch(self) -> tuple[int, list[str]]:
        """Commands for the worker of the oldest, as many as fit into one line."""
        worker, _ = next(iter(self._waiting), (0, ""))
        commands: list[str] = []
        size = 0
        for at, command in list(self._waiting.items())[:_BATCH]:
            if at[0] != worker or size + len(command) > COMMAND_LIMIT:
                break
            size += len(command) + 2
            commands.append(self._waiting.pop(at))
        return worker, commands
