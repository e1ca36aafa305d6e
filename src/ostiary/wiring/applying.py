"""Where changes come into force: of the file, and of what is managed; one at a time."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from ostiary.config.effective import Managed
from ostiary.kernel.problems import Problem
from ostiary.management.ports import Applied, FileEdit, FileInForce
from ostiary.services.list_sources import Fetched, SourceState
from ostiary.services.ocsp_state import OcspState
from ostiary.services.prepare import Prepared
from ostiary.supervisor.watch import Present, look
from ostiary.trust.intermediates import Intermediates
from ostiary.wiring import world
from ostiary.wiring.gateway import Gateway
from ostiary.wiring.ground import prepare_file, watched_files
from ostiary.wiring.list_sources import ListSources
from ostiary.wiring.rewriting import (
    Keep,
    Rewriting,
    file_in_force,
    keep_nothing,
    prepare_edited,
)
from ostiary.wiring.serving import Served
from ostiary.x509.certificate import Certificate


class Applying:
    """Puts file and store together, and has the gateway act on it; its Gatekeeper.

    What is managed is laid over the file in force, so that a file which is just being mended stops
    nobody; a new file is read with what is managed then.
    """

    def __init__(
        self,
        config: Path,
        gateway: Gateway,
        prepared: Prepared,
        lists: ListSources,
        follow: Callable[[Prepared], None],
    ) -> None:
        """``prepared`` is in force; ``lists`` fetches what it asks for; ``follow`` is told what
        comes into force because the configuration file was changed here."""
        self.lists = lists
        self._follow = follow
        self._config = config
        self.gateway = gateway
        self._prepared = prepared
        self._lock = asyncio.Lock()

    @property
    def prepared(self) -> Prepared:
        """What is in force."""
        return self._prepared

    @property
    def not_applied(self) -> tuple[str, ...]:
        """Nothing: what the store holds acts, or the gateway would not have started."""
        return ()

    def list_sources(self) -> tuple[SourceState, ...]:
        """The URLs that revocation lists are fetched from; from any thread."""
        return self.lists.states()

    async def fetch_lists(self, source: str | None) -> None:
        """Fetch from this URL, or read this file again, or all of both, at once.

        Raises ConfigRefused, EngineFailed, FileTrouble.
        """
        file = source in self._prepared.gathered.lists.files
        if file or source is None:
            async with self._lock:
                await self._serve(await self.read_lists())
        if not file:
            await self.lists.fetch_now(source)

    def ocsp(self) -> OcspState:
        """What OCSP responders have told, and how they are; from any thread."""
        return self.gateway.consulting.state()

    def intermediates(self) -> Intermediates:
        """A copy of those remembered; from any thread."""
        return self.gateway.intermediates()

    @property
    def lock(self) -> asyncio.Lock:
        """Held while something changes; who ends the gateway waits for it."""
        return self._lock

    def file(self) -> FileInForce:
        """The configuration file. Call it in a thread. Raises Conflicting where the disk has
        another one than is in force."""
        return file_in_force(self._prepared)

    def prepare(
        self, managed: Managed, trusted: Iterable[Certificate], file: FileEdit | None = None
    ) -> Prepared:
        """What would be in force. May take seconds: call it in a thread. Raises ConfigRefused."""
        now = self._prepared
        if file is None:
            return now.with_managed(managed, trusted, world.now())
        reading = self.lists.reading(now.gathered.lists.files)
        return prepare_edited(now, managed, tuple(trusted), file, reading)

    async def apply(
        self, managed: Managed, trusted: Iterable[Certificate], file: FileEdit | None = None
    ) -> Applied:
        """Put other managed settings, trusted certificates or another file in force.

        Returns when they act, on open connections, too; what acted before goes on if anything is
        refused. Raises ConfigRefused, Conflicting, EngineFailed, FileTrouble.
        """
        trusted = tuple(trusted)
        async with self._lock:
            before = self._prepared.warnings
            prepared = await asyncio.to_thread(self.prepare, managed, trusted, file)
            rewriting = Rewriting(prepared.file, file)
            try:
                served = await self._serve(prepared, keep=rewriting.keep)
            except BaseException:
                await rewriting.take_back()
                raise
            if file is not None:
                self._follow(prepared)
        return Applied(reloaded=served.reloaded, warnings=_news(before, prepared.warnings))

    def only_lists(self, changed: Collection[Path]) -> bool:
        """Whether these are files of revocation lists: they shall bite soon, however much else
        there is to read; and also while the configuration is being mended."""
        files = self._prepared.gathered.lists.files
        return bool(changed) and all(str(path) in files for path in changed)

    def is_in_force(self, changed: Collection[Path]) -> bool:
        """Whether these are as they were when they were read last; call it in a thread."""
        used, now = watched_files(self._prepared), time.time_ns()
        seen = {path: look(path, None, now_ns=now) for path in changed}
        return bool(changed) and all(
            isinstance(one, Present) and one.sha256 == used.get(path) for path, one in seen.items()
        )

    async def read(self) -> Prepared:
        """The file as it is now, with what is managed now. Raises ConfigRefused."""
        now = self._prepared
        reading = self.lists.reading(now.gathered.lists.files)
        trusted, fetched = now.materials.trusted_store, self.lists.fetched
        return await asyncio.to_thread(
            prepare_file, self._config, now.managed, trusted, reading, fetched
        )

    async def read_lists(self) -> Prepared:
        """What is in force, with the files of lists as they are now. Raises ConfigRefused."""
        now = self._prepared
        reading = self.lists.reading(now.gathered.lists.files)
        return await asyncio.to_thread(now.with_list_files, world.read_file, reading, world.now())

    async def refresh(self, fetched: Fetched) -> None:
        """Put other lists in force, whatever the file is like now.

        Raises ConfigRefused, EngineFailed, FileTrouble.
        """
        async with self._lock:
            prepared = await asyncio.to_thread(self._prepared.with_fetched, fetched, world.now())
            await self._serve(prepared)

    async def serve(self, prepared: Prepared, *, anew: bool = False) -> Served:
        """Put it in force; the caller holds the lock. ``anew``: with new workers in any case.

        Raises ConfigRefused, EngineFailed, FileTrouble.
        """
        return await self._serve(prepared, anew=anew)

    async def _serve(
        self, prepared: Prepared, *, anew: bool = False, keep: Keep = keep_nothing
    ) -> Served:
        served = await self.gateway.apply(prepared, anew=anew, keep=keep)
        self._prepared = prepared
        return served


def _news(before: Iterable[Problem], after: Iterable[Problem]) -> tuple[str, ...]:
    known = set(before)
    return tuple(str(one) for one in after if one not in known)
