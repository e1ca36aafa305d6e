"""The engine's life: start, reload, restart, stop, and at each the proof of who answers.

"Proof" is: our child's own master socket lists a worker that was not there before, and that worker
says the wanted number when asked for its environment variable OSTIARY_REVISION. So every
haproxy.cfg must hold, in its global section, the line ``setenv OSTIARY_REVISION <number>``.

A reload loses no request only with ``option idle-close-on-response`` and a short ``timeout
http-keep-alive``: without it a retiring worker closes its idle connections at once, and a client
that sends at that moment gets no answer (measured: up to every connection, 0 with the option).
"""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, assert_never

from ostiary.supervisor.child import Child, EngineSetup
from ostiary.supervisor.reports import (
    Confirmed,
    Died,
    EngineBusy,
    EngineFailed,
    EngineMisplaced,
    FailureReason,
    Moved,
    Refused,
    Report,
    Retrying,
)
from ostiary.supervisor.runtime import MasterSocket, Processes, RuntimeTrouble, Worker
from ostiary.supervisor.states import Event, State, step

REVISION_VARIABLE = "OSTIARY_REVISION"
_POLL_SECONDS = 0.01
_FIRST_DELAY = 0.1
_LONGEST_DELAY = 5.0
# An engine that served this long and then died is not in a loop of deaths.
_STABLE_SECONDS = 10.0


class Servable(Protocol):
    """A revision on disk: ``haproxy.cfg`` and all it names are in ``folder``."""

    @property
    def number(self) -> int: ...

    @property
    def folder(self) -> Path: ...


class Engine:
    """One HAProxy, kept alive. Its methods may be called by many tasks of one event loop."""

    def __init__(self, setup: EngineSetup, report: Callable[[Report], None]) -> None:
        """``report`` is called at once for each fact, from the event loop; it must not raise."""
        self._setup = setup
        self._report = report
        self._state = State.DOWN
        self._serving: Servable | None = None
        self._child: Child | None = None
        self._heard = 0
        self._guard: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()
        self.socket = MasterSocket(setup.master_socket)

    @property
    def state(self) -> State:
        """Where the engine is now."""
        return self._state

    @property
    def serving(self) -> Servable | None:
        """The revision confirmed last, which a restart will bring back; None before the first."""
        return self._serving

    async def serve(self, wanted: Servable) -> Confirmed:
        """Start with ``wanted``, or change over to it; returns when a worker has confirmed it.

        If it fails, what served before still does: the old worker, or, if the engine died, its
        restart. Raises EngineFailed, EngineMisplaced (nothing was done), EngineBusy (stopping).
        """
        async with self._lock:
            self._notice_death()
            match self._state:
                case State.DOWN | State.WAITING:
                    confirmed = await self._start(wanted)
                case State.SERVING:
                    confirmed = await self._reload(wanted)
                case State.STARTING | State.RELOADING | State.DRAINING:
                    raise EngineBusy(f"the engine is {self._state.value}")
                case _:
                    assert_never(self._state)
            self._serving = wanted
            if self._guard is None:
                self._guard = asyncio.create_task(self._keep_alive(), name="engine guard")
                self._guard.add_done_callback(_never_silently)
            return confirmed

    async def living_revisions(self) -> frozenset[int]:
        """Numbers of the revisions that the current and the draining workers were started with.

        Raises RuntimeTrouble when one of them can't be asked: then nothing may be pruned.
        """
        replies = await self.socket.on_every_worker(f"show env {REVISION_VARIABLE}")
        numbers = (reply.strip().partition("=")[2] for reply in replies.values())
        return frozenset(int(number) for number in numbers if number.isdecimal())

    async def stop(self) -> None:
        """Let requests in flight end, bounded by the setup, and end the engine."""
        if self._guard is not None:
            self._guard.cancel()
            await asyncio.gather(self._guard, return_exceptions=True)
            self._guard = None
        async with self._lock:
            if self._state is State.DOWN:
                return
            self._notice_death()
            self._move(Event.STOP)
            if self._child is not None:
                await self._child.drain(self._setup.drain_seconds)
            self._child = self._serving = None
            self._move(Event.GONE)

    def hurry(self) -> None:
        """Cut a stop short that is under way: requests in flight are given up."""
        if self._child is not None:
            self._child.hurry()

    async def _start(self, wanted: Servable) -> Confirmed:
        first = self._state is State.DOWN
        self._move(Event.START)
        child: Child | None = None
        try:
            self._link(wanted)
            child = await Child.spawn(self._setup)
            confirmed = await self._confirm(child, wanted, before=None, mark=0)
        except BaseException as exc:
            if child is not None:
                await child.end()
            self._move(Event.REFUSED if first else Event.DIED)
            if isinstance(exc, EngineFailed):
                self._report(Refused(exc))
            raise
        self._child = child
        self._heard = child.mark()
        self._move(Event.CONFIRMED)
        self._report(confirmed)
        return confirmed

    async def _reload(self, wanted: Servable) -> Confirmed:
        child, old = self._child, self._serving
        if child is None or old is None:
            raise EngineBusy("the engine is not running")
        try:
            before = await self.socket.processes()
        except RuntimeTrouble as exc:
            raise EngineFailed(wanted.number, FailureReason.NOT_CONFIRMED, child.words()) from exc
        mark = child.mark()
        self._move(Event.RELOAD)
        try:
            self._link(wanted)
            child.reload()
            confirmed = await self._confirm(child, wanted, before=before, mark=mark)
        except BaseException as exc:
            await self._go_back(child, old, exc)
            raise
        self._heard = child.mark()
        self._move(Event.CONFIRMED)
        self._report(confirmed)
        return confirmed

    async def _go_back(self, child: Child, old: Servable, exc: BaseException) -> None:
        """After a reload that was not confirmed: make sure that only the old revision serves."""
        known = isinstance(exc, EngineMisplaced) or (
            isinstance(exc, EngineFailed) and exc.reason is FailureReason.LOADING_FAILED
        )
        with contextlib.suppress(EngineMisplaced):
            self._link(old)
        if isinstance(exc, EngineFailed):
            self._report(Refused(exc))
        if not known:
            # A master that may still change over, or has changed over to the wrong thing: a short
            # gap is better than serving an unconfirmed revision. The guard starts the old one.
            await child.end()
            self._child = None
        self._move(Event.REFUSED if known else Event.DIED)

    async def _confirm(
        self, child: Child, wanted: Servable, *, before: Processes | None, mark: int
    ) -> Confirmed:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while loop.time() - began < self._setup.start_seconds:
            if child.ended:
                raise EngineFailed(wanted.number, FailureReason.EXITED, child.words(mark))
            # Trouble: not up yet, or between two lives; the loop's bound decides.
            with contextlib.suppress(RuntimeTrouble):
                processes = await self.socket.processes()
                if processes.master.pid == child.pid and _reload_failed(processes, before):
                    reason = FailureReason.LOADING_FAILED
                    raise EngineFailed(wanted.number, reason, child.words(mark))
                worker = _newcomer(processes, before)
                if processes.master.pid == child.pid and worker is not None:
                    await self._identify(worker, wanted)
                    seconds = loop.time() - began
                    return Confirmed(
                        revision=wanted.number,
                        folder=wanted.folder,
                        worker=worker.pid,
                        seconds=seconds,
                    )
            await asyncio.sleep(_POLL_SECONDS)
        raise EngineFailed(wanted.number, FailureReason.NOT_CONFIRMED, child.words(mark))

    async def _identify(self, worker: Worker, wanted: Servable) -> None:
        said = await self.socket.variable(worker.pid, REVISION_VARIABLE)
        if said != str(wanted.number):
            raise EngineFailed(wanted.number, FailureReason.WRONG_REVISION, ())

    async def _keep_alive(self) -> None:
        """Wait for the engine's death, then start it again, for ever; ``stop`` cancels this."""
        loop = asyncio.get_running_loop()
        delay = _FIRST_DELAY
        while True:
            child = self._child
            if self._state is State.SERVING and child is not None:
                began = loop.time()
                await child.wait()
                if loop.time() - began > _STABLE_SECONDS:
                    delay = _FIRST_DELAY
            async with self._lock:
                self._notice_death()
            if self._state is State.WAITING:
                self._report(Retrying(delay))
                await asyncio.sleep(delay)
                delay = min(2 * delay, _LONGEST_DELAY)
                await self._restart()

    async def _restart(self) -> None:
        async with self._lock:
            if self._state is State.WAITING and self._serving is not None:
                # Told by reports; the guard's next round tries again.
                with contextlib.suppress(EngineFailed, EngineMisplaced):
                    await self._start(self._serving)

    def _notice_death(self) -> None:
        if self._state is State.SERVING and self._child is not None and self._child.ended:
            words = self._child.words(self._heard)
            self._report(Died(code=self._child.code, words=words))
            self._child = None
            self._move(Event.DIED)

    def _move(self, event: Event) -> None:
        before, self._state = self._state, step(self._state, event)
        self._report(Moved(before, self._state))

    def _link(self, wanted: Servable) -> None:
        """Point the master's path at the revision, at one stroke."""
        temporary = self._setup.run_folder / ".haproxy.cfg.link"
        try:
            temporary.unlink(missing_ok=True)
            temporary.symlink_to(wanted.folder / "haproxy.cfg")
            temporary.replace(self._setup.cfg)
        except OSError as exc:
            raise EngineMisplaced(f"{str(self._setup.cfg)!r}: {exc.strerror}") from exc


def _never_silently(guard: asyncio.Task[None]) -> None:
    """Only our own bug ends the guard; nobody restarts the engine then, so it must be heard."""
    error = None if guard.cancelled() else guard.exception()
    if error is not None:
        context = {"message": "nobody restarts the engine any more", "exception": error}
        guard.get_loop().call_exception_handler(context)


def _reload_failed(now: Processes, before: Processes | None) -> bool:
    tried = before is not None and now.master.reloads != before.master.reloads
    return tried and now.master.failed > 0


def _newcomer(now: Processes, before: Processes | None) -> Worker | None:
    """The current worker, if it was forked by this start or reload."""
    known = {worker.pid for worker in before.workers} if before is not None else set()
    for worker in now.workers:
        if not worker.draining and worker.reloads == 0 and worker.pid not in known:
            return worker
    return None
