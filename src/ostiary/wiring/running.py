"""``ostiary run``: the gateway's life from the first check to the last request."""

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

import structlog
import uvloop

from ostiary.config.effective import Managed
from ostiary.config.model.document import Document
from ostiary.kernel.errors import OstiaryError
from ostiary.kernel.problems import ConfigRefused
from ostiary.services.prepare import Prepared, Written
from ostiary.store.files import make_folder, remove_sockets
from ostiary.store.lock import StateLock
from ostiary.supervisor.child import MASTER_SOCKET
from ostiary.supervisor.leftover import ensure_gone
from ostiary.supervisor.watch import Watch
from ostiary.wiring.access_log import open_access_log
from ostiary.wiring.applying import Applying
from ostiary.wiring.folders import Folders
from ostiary.wiring.gateway import Gateway
from ostiary.wiring.ground import addresses, choose_engine, prepare_rest, read_file, watched_files
from ostiary.wiring.list_shelf import shelf_in
from ostiary.wiring.list_sources import ListSources
from ostiary.wiring.own_root import judge_own_root
from ostiary.wiring.publishing.counting import Counting
from ostiary.wiring.publishing.keeping import Publishing
from ostiary.wiring.restarting import needs_restart
from ostiary.x509.certificate import Certificate

_LOOK_SECONDS = 1.0


class Administration(Protocol):
    """Who may change the gateway while it runs, and remembers what was changed."""

    def kept(self) -> tuple[Managed, tuple[Certificate, ...]]:
        """What is managed, and the trusted certificates; asked once, before the start."""

    def get_ready(self) -> None:
        """The engine is about to start: begin with what takes long and needs no gateway."""

    def follow(self, applying: Applying, published: Counting) -> None:
        """The gateway serves, and changes go through ``applying``; ``published``: what the public
        listener answers."""

    async def open(self) -> None:
        """Let operators in; once, after these two."""

    async def stop(self) -> None:
        """The gateway is about to end: no more changes. Called in any case, and maybe twice."""


Administer = Callable[[Document, Path], Administration]
"""Makes the administration for a document (not yet checked) and a state folder (locked)."""


def run_gateway(config: Path, state: Path, administer: Administer | None = None) -> None:
    """Serve until SIGTERM or SIGINT. Raises OstiaryError when it can't start."""
    uvloop.run(_Life(config, state, administer or _Nobody).live())


class _Nobody:
    """Nothing is managed: the file alone counts."""

    def __init__(self, document: Document, state: Path) -> None:
        pass

    def kept(self) -> tuple[Managed, tuple[Certificate, ...]]:
        return Managed(), ()

    def get_ready(self) -> None:
        pass

    def follow(self, applying: Applying, published: Counting) -> None:
        pass

    async def open(self) -> None:
        pass

    async def stop(self) -> None:
        pass


class _Life:
    """One run: the tasks that listen for changes, and the one that applies them."""

    def __init__(self, config: Path, state: Path, administer: Administer) -> None:
        self._config = config
        self._state = state
        self._administer = administer
        self._log = structlog.get_logger("ostiary.run")
        self._wanted = asyncio.Event()
        self._by_hand = False
        self._changed: frozenset[Path] = frozenset()
        self._settled = True
        self._ending = asyncio.Event()
        self._at_once = asyncio.Event()
        self._watch = Watch()

    async def live(self) -> None:
        """Start, say ``ready``, follow changes, stop."""
        self._listen_to_signals()
        written = read_file(self._config)
        first = self._first(written)
        make_folder(self._state)
        with StateLock(self._state):
            self._publishing = Publishing(written.document.pki, self._state)
            administration = self._administer(written.document, self._state)
            try:
                await self._live(written, administration, first)
            finally:
                await administration.stop()
                await self._publishing.stop()

    def _first(self, written: Written) -> Prepared | None:
        """Where nothing can be kept yet, the file must do by itself: a bad one is refused before
        anything is touched. None: what is kept may make it whole."""
        if self._state.exists() or written.document.store.url is not None:
            return None
        prepared = prepare_rest(written)
        choose_engine(prepared)
        return prepared

    async def _live(
        self, written: Written, administration: Administration, first: Prepared | None
    ) -> None:
        managed, trusted = administration.kept()
        folders = Folders(state=self._state)
        lists = ListSources(shelf_in(self._state))
        fetched = lists.load(written.document)
        prepared = first or prepare_rest(written, managed, trusted, lists.reading({}), fetched)
        self._started = written.document
        for warning in (*prepared.warnings, *judge_own_root(prepared, self._state)):
            self._log.warning("configuration", problem=str(warning))
        binary = choose_engine(prepared)
        self._log.info("engine-chosen", version=binary.version_text, why=binary.why)
        self._access_log = open_access_log(prepared)
        make_folder(folders.run)
        await ensure_gone(folders.run / MASTER_SOCKET, addresses(prepared))
        gateway = Gateway(folders, binary, self._access_log.descriptor)
        administration.get_ready()
        try:
            if await self._start(gateway, prepared):
                applying = Applying(self._config, gateway, prepared, lists, self._follow)
                gateway.seek(lists.want)
                administration.follow(applying, self._publishing.counting)
                self._publishing.start()
                print("ready", flush=True)
                await self._serve(applying, administration)
        finally:
            await administration.stop()
            await self._stop(gateway)
            remove_sockets(folders.run)

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._end)
        loop.add_signal_handler(signal.SIGINT, self._end)
        loop.add_signal_handler(signal.SIGHUP, self._anew)

    def _anew(self) -> None:
        """By SIGHUP the engine reads everything again, also what is not ours (system roots)."""
        self._by_hand = True
        self._wanted.set()

    def _end(self) -> None:
        """The first signal lets requests in flight end; the second doesn't wait for them."""
        if self._ending.is_set():
            self._at_once.set()
        self._ending.set()

    async def _start(self, gateway: Gateway, prepared: Prepared) -> bool:
        """Returns when a worker serves; False when the end was wanted before."""
        start = asyncio.create_task(gateway.start(prepared))
        if not await _done_before(start, self._ending):
            start.cancel()
            await asyncio.gather(start, return_exceptions=True)
            return False
        start.result()
        self._follow(prepared)
        return True

    def _follow(self, prepared: Prepared) -> None:
        """Watch the files of what is in force, as they were read."""
        files = watched_files(prepared)
        self._watch.replace(files, used=files)

    async def _stop(self, gateway: Gateway) -> None:
        stop = asyncio.create_task(gateway.stop())
        if not await _done_before(stop, self._at_once):
            self._log.warning("drain-cut-short")
            gateway.hurry()
        await stop

    async def _serve(self, applying: Applying, administration: Administration) -> None:
        opening = asyncio.create_task(self._open(administration))
        tasks = (
            asyncio.create_task(self._notice_changes()),
            asyncio.create_task(self._apply_changes(applying)),
            asyncio.create_task(self._look_after(applying.gateway)),
            asyncio.create_task(applying.lists.run(applying)),
        )
        ending = asyncio.create_task(self._ending.wait())
        try:
            done, _ = await asyncio.wait({ending, *tasks}, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {ending}:
                task.result()  # a task that ends by itself ends with an error: let it be seen
            await opening
            # A reload that is cut off costs the requests in flight: let it come to its end.
            await _done_before(asyncio.create_task(applying.lock.acquire()), self._at_once)
        finally:
            for task in (*tasks, ending):
                task.cancel()
            await asyncio.gather(*tasks, ending, opening, return_exceptions=True)

    async def _open(self, administration: Administration) -> None:
        """What can't be administered must not seem to be: if it fails, the gateway ends."""
        try:
            await administration.open()
        except BaseException:
            self._ending.set()
            raise
        gc.freeze()  # what is here now stays: no need to look through it again and again
        gc.enable()

    async def _notice_changes(self) -> None:
        async for changed in self._watch.changes():
            self._log.info("files-changed", files=sorted(map(str, changed)))
            self._changed |= changed
            self._wanted.set()

    async def _apply_changes(self, applying: Applying) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            anew, self._by_hand = self._by_hand, False
            changed, self._changed = self._changed, frozenset()
            async with applying.lock:
                settled = self._settled and not anew
                if settled and await asyncio.to_thread(applying.is_in_force, changed):
                    continue  # changed and put in force by the API
                alone = not anew and applying.only_lists(changed)
                if alone:
                    await self._apply(applying, applying.read_lists)
                if not alone or not self._settled:
                    self._settled = await self._apply(applying, applying.read, anew=anew)

    async def _apply(
        self, applying: Applying, read: Callable[[], Awaitable[Prepared]], *, anew: bool = False
    ) -> bool:
        """False where it is refused, and what was in force stays."""
        try:
            prepared = await read()
            self._follow(prepared)
            served = await applying.serve(prepared, anew=anew)
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
            own = judge_own_root(prepared, self._state)
            for warning in (*prepared.warnings, *own, *needs_restart(self._started, prepared)):
                self._log.warning("configuration", problem=str(warning))
            self._log.info("change-applied", revision=served.revision, reloaded=served.reloaded)
            return True
        return False

    async def _look_after(self, gateway: Gateway) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            await gateway.look_after()
            self._access_log.keep_appending()


async def _done_before(task: asyncio.Task[Any], event: asyncio.Event) -> bool:
    """Whether the task came to its end before the event; it is left running if not."""
    waiting = asyncio.create_task(event.wait())
    try:
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    return task.done()
