"""The gateway's side: one process for the plug-ins of each package, ended and begun anew whenever
it goes wrong. What goes wrong with one package touches no other."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import structlog

from ostiary.plugins.answers import BadAnswer, Checked
from ostiary.plugins.call import PluginCall
from ostiary.plugins.interface import Identity, Request
from ostiary.plugins.wire import answer_of, told_identity, told_request
from ostiary.sandbox.plugin_line import Line, begin
from ostiary.sandbox.plugin_worker import ALTOGETHER
from ostiary.scripts.protocol import Garbled

MOST_WAITING: Final = 128
"""Questions under way for one package; each holds one of the agent's connections."""
LONGEST_WAIT: Final = ALTOGETHER + 0.2
"""Seconds: HAProxy waits 2 (``timeout processing``)."""
PATIENCE: Final = 3.0
"""Seconds after which a process that says nothing, though it is asked, is ended: a machine may be
busy, and its plug-ins have had their time long before."""
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0


class Unanswered(Exception):
    """Nobody has answered in time; why is told."""


class Failed(Exception):
    """The plug-in raised, or said what it may not: its traceback."""


@dataclass(slots=True)
class Counters:
    """Numbers that only grow."""

    started: Counter[str] = field(default_factory=Counter)
    """Processes by package."""
    results: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Questions by kind, plug-in and what came of it."""
    seconds: dict[tuple[str, str], float] = field(default_factory=dict)
    """What answering took by kind and plug-in."""


class PluginProcess:
    """Asks the plug-ins of one package. One event loop uses it."""

    def __init__(
        self, package: str, counters: Counters, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """No process runs until ``begin``, or until something is asked."""
        self._package = package
        self._counters = counters
        self._clock = clock
        self._line: Line | None = None
        self._coming: asyncio.Task[None] | None = None
        self._pause = 0.0
        self._not_before = 0.0
        self._waiting = 0
        self._ended = False
        self._log = structlog.get_logger("ostiary.plugins").bind(package=package)

    @property
    def pid(self) -> int | None:
        """Of the process that can be asked, if there is one."""
        return self._line.process.pid if self._line else None

    def begin(self) -> None:
        """Have a process soon."""
        if not self._ended and self._coming is None and not self._usable:
            self._coming = asyncio.create_task(self._start())

    async def ask(self, call: PluginCall, request: Request, identity: Identity) -> Checked:
        """The plug-in's answer. Raises Unanswered, Failed."""
        if self._waiting >= MOST_WAITING:
            raise Unanswered("too many wait")
        asked = {
            "call": asdict(call),
            "request": told_request(request),
            "identity": told_identity(identity),
        }
        self._waiting += 1
        line: Line | None = None
        try:
            async with asyncio.timeout(LONGEST_WAIT):
                line = await self._ready()
                told = await line.ask(asked)
        except TimeoutError:
            if line is not None and line.silent > PATIENCE:
                await self._lose(line, "silent")
            raise Unanswered("it took too long") from None
        except (OSError, EOFError, Garbled):
            if line is not None:
                await self._lose(line, "ended")
            raise Unanswered("its process has ended") from None
        finally:
            self._waiting -= 1
        if told.get("stuck"):
            await self._lose(line, "stuck")
        return _answer(told, call)

    async def end(self) -> None:
        """End the process; nothing is asked any more."""
        self._ended = True
        if self._coming is not None:
            self._coming.cancel()
            await asyncio.gather(self._coming, return_exceptions=True)
        if self._line is not None:
            await self._line.end()
            self._line = None

    @property
    def _usable(self) -> bool:
        return self._line is not None and not self._line.gone

    async def _ready(self) -> Line:
        if self._line is not None and self._line.gone:
            await self._lose(self._line, "ended")
        while self._line is None:
            if self._ended:
                raise EOFError
            self.begin()
            if self._coming is not None:
                await asyncio.shield(self._coming)
        return self._line

    async def _start(self) -> None:
        try:
            await asyncio.sleep(max(0.0, self._not_before - self._clock()))
            self._counters.started[self._package] += 1
            self._line = await begin(self._package)
        except (OSError, EOFError, TimeoutError) as error:
            self._put_off()
            self._log.error("plugins-not-started", error=repr(error))
        finally:
            self._coming = None

    async def _lose(self, line: Line, why: str) -> None:
        """End the process, once; those who wait for it get no answer."""
        if self._line is line:
            self._line = None
            self._put_off()
            self._log.error("plugin-process-ended", why=why, pid=line.process.pid)
            self.begin()
        await asyncio.shield(line.end())

    def _put_off(self) -> None:
        quiet = self._clock() - self._not_before > 2 * _LONGEST_PAUSE
        self._pause = _FIRST_PAUSE if quiet else min(self._pause * 2, _LONGEST_PAUSE)
        self._pause = max(self._pause, _FIRST_PAUSE)
        self._not_before = self._clock() + self._pause


def _answer(told: dict[str, Any], call: PluginCall) -> Checked:
    if "trace" in told:
        raise Failed(str(told["trace"]))
    if told.get("late"):
        raise Unanswered("it took too long")
    try:
        return answer_of(told.get("answer"), call)
    except BadAnswer as error:
        raise Failed(str(error)) from error
