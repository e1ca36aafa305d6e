"""``ostiary run``: the gateway's life from the first check to the last request."""

import asyncio
import gc
import os
import signal
import sys
from pathlib import Path
from typing import Any

import structlog
import uvloop

from ostiary.kernel.errors import OstiaryError
from ostiary.kernel.problems import ConfigRefused, Problem, Severity
from ostiary.services.prepare import Prepared
from ostiary.store.files import make_folder, remove_sockets
from ostiary.store.lock import StateLock
from ostiary.supervisor.child import MASTER_SOCKET
from ostiary.supervisor.leftover import ensure_gone
from ostiary.supervisor.watch import Watch
from ostiary.wiring.gateway import (
    Folders,
    Gateway,
    addresses,
    choose_engine,
    prepare_file,
    watched_files,
)

_SAVE_SECONDS = 1.0


def run_gateway(config: Path, state: Path) -> None:
    """Serve until SIGTERM or SIGINT. Raises OstiaryError when it can't start."""
    uvloop.run(_Life(config, state).live())


class _Life:
    """One run: the tasks that listen for changes, and the one that applies them."""

    def __init__(self, config: Path, state: Path) -> None:
        self._config = config
        self._state = state
        self._log = structlog.get_logger("ostiary.run")
        self._wanted = asyncio.Event()
        self._ending = asyncio.Event()
        self._at_once = asyncio.Event()
        self._applying = asyncio.Lock()
        self._watch = Watch()

    async def live(self) -> None:
        """Start, say ``ready``, follow changes, stop."""
        self._listen_to_signals()
        prepared = self._started = prepare_file(self._config)
        for warning in prepared.warnings:
            self._log.warning("configuration", problem=str(warning))
        binary = choose_engine(prepared)
        self._log.info("engine-chosen", version=binary.version_text, why=binary.why)
        make_folder(self._state)
        with StateLock(self._state):
            stdout = _access_log(prepared)
            folders = Folders(state=self._state)
            make_folder(folders.run)
            await ensure_gone(folders.run / MASTER_SOCKET, addresses(prepared))
            gateway = Gateway(self._config, folders, binary, stdout)
            try:
                await self._start(gateway, prepared)
                await self._serve(gateway)
            finally:
                await self._stop(gateway)
                remove_sockets(folders.run)

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._end)
        loop.add_signal_handler(signal.SIGINT, self._end)
        loop.add_signal_handler(signal.SIGHUP, self._wanted.set)

    def _end(self) -> None:
        """The first signal lets requests in flight end; the second doesn't wait for them."""
        if self._ending.is_set():
            self._at_once.set()
        self._ending.set()

    async def _start(self, gateway: Gateway, prepared: Prepared) -> None:
        """Returns when a worker serves, or when the end was wanted before."""
        start = asyncio.create_task(gateway.start(prepared))
        if not await _done_before(start, self._ending):
            start.cancel()
            await asyncio.gather(start, return_exceptions=True)
            return
        start.result()
        self._watch.replace(watched_files(prepared), used=watched_files(prepared))
        gc.freeze()  # what is here now stays: no need to look through it again and again
        print("ready", flush=True)

    async def _stop(self, gateway: Gateway) -> None:
        stop = asyncio.create_task(gateway.stop())
        if not await _done_before(stop, self._at_once):
            self._log.warning("drain-cut-short")
            gateway.hurry()
        await stop

    async def _serve(self, gateway: Gateway) -> None:
        tasks = (
            asyncio.create_task(self._notice_changes()),
            asyncio.create_task(self._apply_changes(gateway)),
            asyncio.create_task(self._save(gateway)),
        )
        ending = asyncio.create_task(self._ending.wait())
        try:
            done, _ = await asyncio.wait({ending, *tasks}, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {ending}:
                task.result()  # a task that ends by itself ends with an error: let it be seen
            # A reload that is cut off costs the requests in flight: let it come to its end.
            await _done_before(asyncio.create_task(self._applying.acquire()), self._at_once)
        finally:
            for task in (*tasks, ending):
                task.cancel()
            await asyncio.gather(*tasks, ending, return_exceptions=True)

    async def _notice_changes(self) -> None:
        async for changed in self._watch.changes():
            self._log.info("files-changed", files=sorted(map(str, changed)))
            self._wanted.set()

    async def _apply_changes(self, gateway: Gateway) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            async with self._applying:
                await self._apply(gateway)

    async def _apply(self, gateway: Gateway) -> None:
        try:
            prepared = await asyncio.to_thread(prepare_file, self._config)
            self._watch.replace(watched_files(prepared), used=watched_files(prepared))
            confirmed = await gateway.apply(prepared)
        except ConfigRefused as refused:
            if refused.files:
                used = {Path(path): digest for path, digest in refused.files.items()}
                self._watch.replace({self._config.absolute(), *used}, used=used)
            for problem in refused.problems:
                self._log.error("configuration-refused", problem=str(problem))
        except OstiaryError as error:
            self._log.error("change-not-applied", error=str(error))
        except Exception as error:  # noqa: BLE001 - our own bug must not end what serves
            self._log.exception("change-not-applied", error=f"while applying a change: {error!r}")
        else:
            for warning in (*prepared.warnings, *_needs_restart(self._started, prepared)):
                self._log.warning("configuration", problem=str(warning))
            self._log.info("change-applied", revision=confirmed.revision)

    async def _save(self, gateway: Gateway) -> None:
        while True:
            await asyncio.sleep(_SAVE_SECONDS)
            gateway.save_intermediates()


async def _done_before(task: asyncio.Task[Any], event: asyncio.Event) -> bool:
    """Whether the task came to its end before the event; it is left running if not."""
    waiting = asyncio.create_task(event.wait())
    try:
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    return task.done()


def _needs_restart(started: Prepared, prepared: Prepared) -> list[Problem]:
    """What a reload can't change: the program that is run, and the descriptor it writes to."""
    places = {
        ("engine", "binary"): (started.document.engine.binary, prepared.document.engine.binary),
        ("logs", "access"): (started.document.logs.access, prepared.document.logs.access),
    }
    return [
        prepared.loaded.problem(
            place, f"{now!r} acts after a restart only", severity=Severity.WARNING
        )
        for place, (then, now) in places.items()
        if then != now
    ]


def _access_log(prepared: Prepared) -> int:
    """The descriptor HAProxy writes the access log to: the file that is named, or our stdout.

    Appending, so that a log rotated by copy and truncation goes on at its start. A pipe that nobody
    reads is an error at once: opening it must not hang us.
    """
    named = prepared.document.logs.access
    if named is None:
        return sys.stdout.fileno()
    path = Path(prepared.folder / named)
    try:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK
        return os.open(path, flags, 0o640)
    except OSError as error:
        at = prepared.loaded.problem(
            ("logs", "access"), f"{named!r} ({path}) can't be written: {error.strerror}"
        )
        raise ConfigRefused([at]) from error
