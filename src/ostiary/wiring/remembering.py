"""The engine's workers are told what to remember about credentials, in the background.

Nothing depends on it but speed: what a worker wasn't told it asks about again.
"""

import asyncio
import re
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog

from ostiary.compiler.credential_names import GUESSERS, TABLE
from ostiary.compiler.credentials import CODE_AT, PASSED_AT, UNTIL_AT, WHO_AT
from ostiary.kernel.errors import OstiaryError
from ostiary.supervisor.runtime import COMMAND_LIMIT, MasterSocket

_MOST_WAITING: Final = 20_000
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
    consumer: UUID
    passed: int

    @property
    def command(self) -> str:
        """For the engine's socket. The UUID goes as four numbers of 32 bits."""
        number = self.consumer.int
        words = ((number >> shift) & 0xFFFFFFFF for shift in (96, 64, 32, 0))
        data = dict(zip(WHO_AT, words, strict=True))
        # The time comes last: without it the rest doesn't count.
        data |= {CODE_AT: self.code, PASSED_AT: self.passed, UNTIL_AT: self.until}
        told = " ".join(f"data.{name} {value}" for name, value in data.items())
        return f"set table {TABLE} key {self.key} {told}"


class Remembering:
    """Tells workers in batches. One event loop uses it."""

    def __init__(self) -> None:
        """Nobody to tell yet."""
        self._master: MasterSocket | None = None
        self._waiting: OrderedDict[tuple[int, str], str] = OrderedDict()
        self._task: asyncio.Task[None] | None = None
        self._log = structlog.get_logger("ostiary.gateway")

    def begin(self, master: MasterSocket) -> None:
        """Tell the workers behind this socket from now on."""
        self._master = master

    def note(self, worker: int, row: Row) -> None:
        """Have a worker (its process id) remember this."""
        self._add(worker, row.key, row.command)

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
                worker, commands = self._batch()
                try:
                    await self._master.on_worker(worker, *commands)
                except OstiaryError as error:
                    self._log.info("engine-not-told", error=str(error))
                    await asyncio.sleep(_PAUSE_SECONDS)
        finally:
            self._task = None

    def _batch(self) -> tuple[int, list[str]]:
        """Commands for the worker of the oldest, as many as fit into one line."""
        worker, _ = next(iter(self._waiting))
        commands: list[str] = []
        size = 0
        for at, command in list(self._waiting.items())[:64]:
            if at[0] != worker or size + len(command) > COMMAND_LIMIT:
                break
            size += len(command) + 2
            commands.append(self._waiting.pop(at))
        return worker, commands
