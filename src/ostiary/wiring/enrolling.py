"""The door for devices that enrol: a socket for the engine, and the authority behind it."""

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ostiary.admin.listening import Listening
from ostiary.config.model.pki import Est
from ostiary.est.app import create_est
from ostiary.management.authority.counter import Around, Counter
from ostiary.store.database.records import AuditEntry
from ostiary.trust.blocks import refuse_blocked
from ostiary.wiring import world
from ostiary.wiring.applying import Applying
from ostiary.wiring.certifying import holder_of


class Enrolling:
    """Open from the start on, so that ``pki.est`` may come and go while the gateway runs."""

    def __init__(
        self, state: Path, applying: Applying, audit: Callable[[AuditEntry], None]
    ) -> None:
        """``state``: the state folder, which may have an authority in it; ``audit``: as in
        ``Around``."""
        self._applying = applying
        # One after the other, and never in the threads that operators and decisions may need.
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="enrolment")
        around = Around(
            clock=world.now, settings=self._settings, blocked=self._blocked, audit=audit
        )
        self._listening = Listening(create_est(Counter(holder_of(state), around), self._executor))

    async def open(self, local: socket.socket) -> None:
        """From now on whoever comes is answered, and whoever came already."""
        await self._listening.on_unix(local)

    async def close(self) -> None:
        """What is under way comes to its end."""
        await self._listening.stop()
        self._executor.shutdown(wait=False)

    def _settings(self) -> Est | None:
        pki = self._applying.prepared.document.pki
        return pki.est if pki is not None else None

    def _blocked(self, leaf: bytes) -> bool:
        return refuse_blocked(self._applying.prepared.blocked, leaf, world.now()) is not None
