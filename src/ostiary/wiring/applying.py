"""Where changes come into force: of the file, and of what is managed; one at a time."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from ostiary.config.effective import Managed
from ostiary.kernel.problems import Problem
from ostiary.management.ports import Applied
from ostiary.services.list_sources import Fetched, SourceState
from ostiary.services.ocsp_state import OcspState
from ostiary.services.prepare import Prepared
from ostiary.trust.intermediates import Intermediates
from ostiary.wiring import world
from ostiary.wiring.gateway import Gateway, Served
from ostiary.wiring.ground import prepare_file
from ostiary.wiring.list_sources import ListSources
from ostiary.x509.certificate import Certificate


class Applying:
    """Puts file and store together, and has the gateway act on it; its Gatekeeper.

    What is managed is laid over the file in force, so that a file which is just being mended stops
    nobody; a new file is read with what is managed then.
    """

    def __init__(
        self, config: Path, gateway: Gateway, prepared: Prepared, lists: ListSources
    ) -> None:
        """``prepared`` is in force; ``lists`` fetches what it asks for."""
        self.lists = lists
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

    def prepare(self, managed: Managed, trusted: Iterable[Certificate]) -> Prepared:
        """What would be in force. May take seconds: call it in a thread. Raises ConfigRefused."""
        return self._prepared.with_managed(managed, trusted, world.now())

    async def apply(self, managed: Managed, trusted: Iterable[Certificate]) -> Applied:
        """Put other managed settings and trusted certificates in force.

        Returns when they act, on open connections, too; what acted before goes on if anything is
        refused. Raises ConfigRefused, EngineFailed, FileTrouble.
        """
        trusted = tuple(trusted)
        async with self._lock:
            before = self._prepared.warnings
            prepared = await asyncio.to_thread(self.prepare, managed, trusted)
            served = await self._serve(prepared)
        return Applied(reloaded=served.reloaded, warnings=_news(before, prepared.warnings))

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

    async def _serve(self, prepared: Prepared, *, anew: bool = False) -> Served:
        served = await self.gateway.apply(prepared, anew=anew)
        self._prepared = prepared
        return served


def _news(before: Iterable[Problem], after: Iterable[Problem]) -> tuple[str, ...]:
    known = set(before)
    return tuple(str(one) for one in after if one not in known)
