"""``ostiary run``: the gateway's life from the first check to the last request."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import structlog
import uvloop

from ostiary.kernel.errors import OstiaryError
from ostiary.kernel.problems import ConfigRefused
from ostiary.services.prepare import Prepared
from ostiary.store.files import make_folder
from ostiary.store.lock import StateLock
from ostiary.supervisor.watch import Watch
from ostiary.wiring.gateway import (
    Folders,
    Gateway,
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
        self._watch = Watch()

    async def live(self) -> None:
        """Start, say ``ready``, follow changes, stop."""
        prepared = prepare_file(self._config)
        for warning in prepared.warnings:
            self._log.warning("configuration", problem=str(warning))
        binary = choose_engine(prepared)
        self._log.info("engine-chosen", version=binary.version_text, why=binary.why)
        make_folder(self._state)
        with StateLock(self._state):
            stdout = _access_log(prepared)
            gateway = Gateway(self._config, Folders(state=self._state), binary, stdout)
            self._listen_to_signals()
            try:
                await gateway.start(prepared)
                self._watch.replace(watched_files(prepared), used=watched_files(prepared))
                print("ready", flush=True)
                await self._serve(gateway)
            finally:
                await gateway.stop()

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._ending.set)
        loop.add_signal_handler(signal.SIGINT, self._ending.set)
        loop.add_signal_handler(signal.SIGHUP, self._wanted.set)

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
            await self._apply(gateway)

    async def _apply(self, gateway: Gateway) -> None:
        try:
            prepared = await asyncio.to_thread(prepare_file, self._config)
            self._watch.replace(watched_files(prepared), used=watched_files(prepared))
            confirmed = await gateway.apply(prepared)
        except ConfigRefused as refused:
            if refused.files:
                self._watch.replace({self._config.absolute(), *map(Path, refused.files)})
            for problem in refused.problems:
                self._log.error("configuration-refused", problem=str(problem))
        except OstiaryError as error:
            self._log.error("change-not-applied", error=str(error))
        else:
            for warning in prepared.warnings:
                self._log.warning("configuration", problem=str(warning))
            self._log.info("change-applied", revision=confirmed.revision)

    async def _save(self, gateway: Gateway) -> None:
        while True:
            await asyncio.sleep(_SAVE_SECONDS)
            gateway.save_intermediates()


def _access_log(prepared: Prepared) -> int:
    """The descriptor HAProxy writes the access log to: the file that is named, or our stdout.

    Appending, so that a log rotated by copy and truncation goes on at its start.
    """
    named = prepared.document.logs.access
    if named is None:
        return sys.stdout.fileno()
    path = Path(prepared.folder / named)
    try:
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    except OSError as error:
        at = prepared.loaded.problem(
            ("logs", "access"), f"{named!r} ({path}) can't be written: {error.strerror}"
        )
        raise ConfigRefused([at]) from error
