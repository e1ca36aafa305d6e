"""The gateway's side: processes that run scripts, begun when first needed, ended when they fail."""

import asyncio
import contextlib
import json
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import structlog

from ostiary.sandbox.turns import Turns
from ostiary.scripts.model import Failed, Failure, Limits, Result, What
from ostiary.scripts.protocol import (
    HEAD,
    READY,
    Garbled,
    length_of,
    question,
    read_answer,
)
from ostiary.scripts.request import Shown

_BEGIN: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[2]); "
    "from ostiary.sandbox.worker import serve; serve(int(sys.argv[1]))"
)
MOST_WAITING: Final = 512
"""Questions under way; each holds one of the agent's connections."""
MOST_OF_ONE: Final = 128
"""Of one party."""
LONGEST_WAIT: Final = 1.5
"""Seconds, waiting and running: HAProxy waits 2 (``timeout processing``)."""
_GRACE: Final = 1.0
"""Seconds beyond the script's own limit until its process is ended. The limit is processor time,
and on a busy machine that passes more slowly."""
_LONGEST_START: Final = 30.0
"""Seconds until a process must be ready; questions don't wait for that long."""
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0


class Busy(Exception):
    """Nobody has run the script: too many wait, or no process can be had."""


@dataclass(slots=True)
class _Worker:
    process: asyncio.subprocess.Process
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, message: bytes) -> Result:
        self.writer.write(message)
        await self.writer.drain()
        length = length_of(await self.reader.readexactly(HEAD))
        return read_answer(await self.reader.readexactly(length))

    async def end(self) -> None:
        self.writer.close()
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


@dataclass(slots=True)
class _Rest:
    """A pause that grows each time."""

    until: float = 0.0
    _pause: float = 0.0

    def longer(self, now: float) -> None:
        self._pause = min(self._pause * 2 or _FIRST_PAUSE, _LONGEST_PAUSE)
        self.until = now + self._pause


@dataclass(slots=True)
class Counters:
    """Numbers that only grow."""

    started: int = 0
    """Processes."""
    killed: int = 0
    """Processes that were ended, or ended, over a question."""
    results: Counter[str] = field(default_factory=Counter)
    """Questions by what came of them: ``done``, ``busy`` or a Failure."""
    seconds: float = 0.0
    """What answering took, waiting included."""


class Workers:
    """Runs scripts in processes, each one script at a time. One event loop uses it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """One process at first; see ``have``."""
        self._clock = clock
        self._most = 1
        self._idle: list[_Worker] = []
        self._coming: list[asyncio.Task[_Worker]] = []
        self._turns = Turns(1)
        self._under_way: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[Result]] = set()
        self._resting: dict[str, _Rest] = {}
        self._start = _Rest()
        self._ended = False
        self.counters = Counters()
        self._log = structlog.get_logger("ostiary.scripts")

    @property
    def idle(self) -> tuple[int, ...]:
        """Process ids of those that wait for a script."""
        return tuple(worker.process.pid for worker in self._idle)

    def have(self, most: int) -> None:
        """From now on so many processes at most; the first is begun now. In an event loop."""
        self._turns.add(max(0, most - self._most))
        self._most = max(self._most, most)
        if not self.counters.started:
            self._coming.append(asyncio.create_task(self._begin()))

    async def run(self, what: What, shown: Shown, limits: Limits, whose: str = "") -> Result:
        """What comes of it. Raises Busy.

        ``whose``: the party that asks. Parties take turns; and one whose scripts cost processes
        waits before its next ones, the others don't.
        """
        begun = self._clock()
        try:
            result = await self._in_turn(whose, question(what, shown, limits), limits)
        except Busy:
            self.counters.results["busy"] += 1
            raise
        finally:
            self.counters.seconds += self._clock() - begun
        told = result.failure.value if isinstance(result, Failed) else "done"
        self.counters.results[told] += 1
        return result

    async def end(self) -> None:
        """End all processes; nothing is run any more."""
        self._ended = True
        for asking in tuple(self._tasks):
            asking.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        idle, self._idle = self._idle, []
        coming, self._coming = self._coming, []
        for task in coming:
            task.cancel()
        for begun in await asyncio.gather(*coming, return_exceptions=True):
            if isinstance(begun, _Worker):
                idle.append(begun)
        for worker in idle:
            await worker.end()

    async def _in_turn(self, whose: str, message: bytes, limits: Limits) -> Result:
        full = self._under_way[whose] >= MOST_OF_ONE or self._under_way.total() >= MOST_WAITING
        if full or self._ended:
            raise Busy
        self._under_way[whose] += 1
        # Who waits no longer leaves the script to its own limits: its process would be lost.
        task = asyncio.create_task(self._rested(whose, message, limits), name="script")
        self._tasks.add(task)
        task.add_done_callback(partial(self._done, whose))
        done, _ = await asyncio.wait({task}, timeout=LONGEST_WAIT)
        if not done:
            raise Busy
        return task.result()

    def _done(self, whose: str, task: asyncio.Task[Result]) -> None:
        self._tasks.discard(task)
        self._under_way[whose] -= 1
        if not self._under_way[whose]:
            del self._under_way[whose]
        if not task.cancelled():
            task.exception()

    async def _rested(self, whose: str, message: bytes, limits: Limits) -> Result:
        by = asyncio.get_running_loop().time() + LONGEST_WAIT
        while True:
            async with contextlib.AsyncExitStack() as turn:
                try:
                    async with asyncio.timeout_at(by):
                        await asyncio.sleep(self._rest(whose))
                        await turn.enter_async_context(self._turns.taken(whose))
                        worker = None if self._rest(whose) else await self._worker()
                except TimeoutError:
                    raise Busy from None
                if worker is not None:
                    return await self._ask(whose, worker, message, limits)

    def _rest(self, whose: str) -> float:
        """Seconds that a party still waits for what its scripts did."""
        rest = self._resting.get(whose)
        return max(0.0, rest.until - self._clock()) if rest else 0.0

    async def _ask(self, whose: str, worker: _Worker, message: bytes, limits: Limits) -> Result:
        """A process that doesn't answer, or goes, costs the one question that it was asked."""
        good = False
        try:
            async with asyncio.timeout(limits.seconds + _GRACE):
                result = await worker.ask(message)
            good = True
            self._resting.pop(whose, None)
            return result
        except TimeoutError:
            return self._lost(whose, Failure.TIME)
        except (asyncio.IncompleteReadError, OSError, Garbled):
            return self._lost(whose, Failure.CRASHED)
        finally:
            if good and not self._ended:
                self._idle.append(worker)
            else:
                await asyncio.shield(worker.end())

    def _lost(self, whose: str, failure: Failure) -> Failed:
        self.counters.killed += 1
        self._resting.setdefault(whose, _Rest()).longer(self._clock())
        return Failed(failure, "its process was ended")

    async def _worker(self) -> _Worker:
        while self._idle:
            worker = self._idle.pop()
            if not worker.reader.at_eof() and worker.process.returncode is None:
                return worker
            await worker.end()
        # Whoever can't wait for the process any longer leaves it to the next.
        coming = self._coming.pop() if self._coming else asyncio.create_task(self._begin())
        try:
            return await asyncio.shield(coming)
        except asyncio.CancelledError:
            self._coming.append(coming)
            raise
        except (OSError, EOFError, TimeoutError) as error:
            self._start.longer(self._clock())
            self._log.error("scripts-not-started", error=repr(error))
            raise Busy from error

    async def _begin(self) -> _Worker:
        self.counters.started += 1
        await asyncio.sleep(max(0.0, self._start.until - self._clock()))
        worker = await _begin()
        self._start = _Rest()
        return worker


async def _begin() -> _Worker:
    ours, its = socket.socketpair()
    with its:
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-IBc",
                _BEGIN,
                str(its.fileno()),
                json.dumps(sys.path),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                pass_fds=(its.fileno(),),
                env={},
                start_new_session=True,
            )
        except BaseException:
            ours.close()
            raise
    reader, writer = await asyncio.open_unix_connection(sock=ours)
    worker = _Worker(process, reader, writer)
    try:
        async with asyncio.timeout(_LONGEST_START):
            await reader.readexactly(len(READY))
    except BaseException:
        await worker.end()
        raise
    return worker
