"""The engine is told what headers hold, so that it asks about each of them once."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from ostiary.agent.facts import Facts
from ostiary.compiler.facts import CERTIFICATES_FILE, FACTS_FILE
from ostiary.kernel.errors import OstiaryError
from ostiary.supervisor.runtime import MasterSocket

LARGEST: Final = 32 * 1024 * 1024
"""Characters a worker is told before it forgets all of them: about 25,000 certificates."""
_BATCH: Final = 32 * 1024
"""Characters for one command, beside the largest single one: the engine's buffers take 48 KiB."""
_LONGEST: Final = 12 * 1024
"""Characters about one certificate; whoever has a longer one is asked about each time."""
_WAITING: Final = 4_000
"""Headers that wait to be told; further ones are told when they are asked about again."""
_PAUSE_SECONDS: Final = 5
"""After the engine could not be told."""


@dataclass(frozen=True, slots=True)
class _Pupil:
    """The worker that takes new connections, and the maps it has."""

    master: MasterSocket
    worker: int
    folder: Path

    async def learn(self, told: list[Facts]) -> None:
        # Rules look the certificate up last: whoever finds the facts shall find it as well.
        certificates = {one.header: one.certificate for one in told}
        await self._add(CERTIFICATES_FILE, certificates)
        await self._add(FACTS_FILE, {one.header: one.text for one in told})

    async def forget(self) -> None:
        for name in (FACTS_FILE, CERTIFICATES_FILE):
            await self.master.clear_map(self.worker, str(self.folder / name))

    async def _add(self, name: str, entries: dict[str, str]) -> None:
        await self.master.add_to_map(self.worker, str(self.folder / name), entries)


class Teaching:
    """Tells the current worker the facts of headers, in the background. One event loop uses it.

    What can't be told is asked about again: nothing depends on it but speed.
    """

    def __init__(self, largest: int = LARGEST) -> None:
        """Nobody to teach yet."""
        self._largest = largest
        self._pupil: _Pupil | None = None
        self._known: set[str] = set()
        self._size = 0
        self._waiting: dict[str, Facts] = {}
        self._task: asyncio.Task[None] | None = None
        self._log = structlog.get_logger("ostiary.gateway")

    def begin(self, master: MasterSocket, worker: int, folder: Path) -> None:
        """Teach this worker from now on; it knows nothing yet."""
        self._pupil = _Pupil(master, worker, folder)
        self._known.clear()
        self._size = 0

    def learn(self, facts: Facts) -> None:
        """Pass this on, once; nothing where the header held no certificate."""
        if not facts.certificate or facts.header in self._known or len(facts.text) > _LONGEST:
            return
        if len(facts.certificate) > _LONGEST or len(self._waiting) >= _WAITING:
            return
        self._waiting[facts.header] = facts
        if self._task is None and self._pupil is not None:
            self._task = asyncio.create_task(self._tell(), name="teaching")

    async def end(self) -> None:
        """Leave it at that."""
        self._pupil = None
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _tell(self) -> None:
        try:
            while self._waiting and self._pupil is not None:
                pupil, batch = self._pupil, self._batch()
                await pupil.learn(batch)
                if pupil is self._pupil:
                    await self._note(pupil, batch)
        except OstiaryError as error:
            self._log.info("engine-not-told", error=str(error))
            await asyncio.sleep(_PAUSE_SECONDS)
            self._waiting.clear()
        finally:
            self._task = None

    def _batch(self) -> list[Facts]:
        batch: list[Facts] = []
        size = 0
        while self._waiting and size < _BATCH:
            header = next(iter(self._waiting))
            facts = self._waiting[header]
            size += _size(facts)
            if batch and size > _BATCH:
                break
            batch.append(self._waiting.pop(header))
        return batch

    async def _note(self, pupil: _Pupil, batch: list[Facts]) -> None:
        self._known.update(one.header for one in batch)
        self._size += sum(map(_size, batch))
        if self._size > self._largest:
            self._known.clear()
            self._size = 0
            await pupil.forget()


def _size(facts: Facts) -> int:
    return 2 * len(facts.header) + len(facts.text) + len(facts.certificate)
