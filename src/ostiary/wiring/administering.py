"""Who may change the gateway while it runs: database, telemetry and the admin listener.

What is kept is needed to know who may pass, so it is read first; all else of administration is
imported and made while the engine starts.
"""

import asyncio
import gc
import os
import socket
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from ostiary.admin.sockets import (
    ADMIN_SOCKET,
    DEVICES_SOCKET,
    AdminExposed,
    AdminPortTaken,
    bind_tcp,
    bind_unix,
    refuse_exposed,
)
from ostiary.config.effective import Managed
from ostiary.config.model.document import Document
from ostiary.config.model.listeners import Admin
from ostiary.kernel.errors import OstiaryError
from ostiary.store.files import make_folder
from ostiary.wiring.applying import Applying
from ostiary.wiring.following import follow
from ostiary.wiring.publishing.counting import Counting
from ostiary.wiring.watching import Watching
from ostiary.x509.certificate import Certificate

if TYPE_CHECKING:
    from ostiary.store.database.database import Database
    from ostiary.wiring.enrolling import Enrolling
    from ostiary.wiring.keeping import Kept
    from ostiary.wiring.office import Office

_LOOK_SECONDS = 60.0


class Administering:
    """The administration of one run."""

    def __init__(self, document: Document, state: Path) -> None:
        """``document`` isn't checked yet; ``state`` is locked. Raises AdminPortTaken,
        AdminExposed."""
        self._log = structlog.get_logger("ostiary.admin")
        self._document = document
        self._folder = state
        self._kept: Kept | None = None
        self._watching = Watching(self._database, state / "run")
        self._doors: list[Office | Enrolling] = []
        self._applying: Applying | None = None
        self._published = Counting()
        self._readying: asyncio.Task[None] | None = None
        self._local: tuple[socket.socket, ...] = ()
        """For operators on this host, and for devices, whom the engine brings."""
        self._socket = self._bind()
        self._tasks: list[asyncio.Task[None]] = []

    def kept(self) -> tuple[Managed, tuple[Certificate, ...]]:
        """What is managed, and the trusted certificates.

        Raises RolledBack, and what ``Database.open`` does.
        """
        make_folder(self._folder / "run")
        self._watching.open()
        if nothing_kept(self._document, self._folder):
            return Managed(), ()
        found = self._opened().state
        return found.managed, found.certificates

    def get_ready(self) -> None:
        """Import and open what isn't yet, in a thread.

        On a single core it would take from the engine's start, for which clients wait, so that
        ``open`` does it.
        """
        if len(os.sched_getaffinity(0)) > 1:
            self._begin()

    def follow(self, applying: Applying, published: Counting) -> None:
        """See what happens; who comes to the doors is kept waiting. Raises OSError."""
        _favour_decisions()
        self._applying, self._published = applying, published
        self._watching.follow(applying)
        if self._kept is not None:
            self._consult(applying)
        run = self._folder / "run"
        self._local = (bind_unix(run / ADMIN_SOCKET), bind_unix(run / DEVICES_SOCKET))

    async def open(self) -> None:
        """Open the doors. Raises what ``Database.open`` does."""
        if self._applying is None:
            raise RuntimeError("open comes after follow")
        await (self._readying or self._begin())
        self._consult(self._applying)
        from ostiary.wiring.enrolling import Enrolling  # noqa: PLC0415 - imported by now
        from ostiary.wiring.office import Office, first_token  # noqa: PLC0415 - imported by now

        telemetry = self._watching.telemetry
        office = Office(
            self._opened(), telemetry, self._applying, self._document.admin, self._published
        )
        await asyncio.to_thread(first_token, office.management, self._folder)
        forced = bool(self._document.truststore.force_recovery)
        await asyncio.to_thread(office.management.recovery.rebuild_at_start, forced=forced)
        enrolling = Enrolling(self._folder, self._applying, office.note)
        self._doors = [enrolling, office]
        operators, devices = self._local
        await office.notifying.begin()
        await office.open(operators, self._socket)
        await enrolling.open(devices)
        self._watching.tell(office.notifying.decided)
        self._run(self._watching.run())
        self._run(office.notifying.run())
        self._run(self._look(office))
        if self._database().is_shared:
            self._run(follow(office.following))

    async def stop(self) -> None:
        """Close the doors; what is under way comes to its end."""
        if self._readying is not None:
            await asyncio.gather(self._readying, return_exceptions=True)
        doors, self._doors = self._doors, []
        for door in doors:
            await door.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        self._close_sockets()
        self._watching.close()
        if self._kept is not None:
            self._kept.database.close()

    def _close_sockets(self) -> None:
        for sock in (*self._local, self._socket):
            if sock is not None:
                sock.close()
        if self._local:
            for name in (ADMIN_SOCKET, DEVICES_SOCKET):
                (self._folder / "run" / name).unlink(missing_ok=True)
        self._local, self._socket = (), None

    def _begin(self) -> asyncio.Task[None]:
        self._readying = asyncio.create_task(asyncio.to_thread(self._get_ready))
        return self._readying

    def _get_ready(self) -> None:
        self._opened()
        import ostiary.wiring.enrolling  # noqa: PLC0415 - what takes long is done by then
        import ostiary.wiring.office  # noqa: F401, PLC0415 - the same
        from ostiary.admin.app import get_ready  # noqa: PLC0415 - the same

        get_ready()

    def _opened(self) -> "Kept":
        if self._kept is None:
            # With it come SQLAlchemy and its dialects: a first start doesn't wait for them.
            from ostiary.wiring.keeping import open_kept  # noqa: PLC0415

            self._kept = open_kept(self._document, self._folder)
        return self._kept

    def _database(self) -> "Database":
        return self._opened().database

    def _consult(self, applying: Applying) -> None:
        """Credentials are looked up in the database, which is open. Until then nobody is told
        whether one is good, and who shows one is answered 503."""
        from ostiary.store.database.consumer_directory import StoredDirectory  # noqa: PLC0415

        directory = StoredDirectory(self._database)
        applying.gateway.credentials.consult(directory)
        applying.gateway.doorkeepers.consumers.consult(directory)

    def _bind(self) -> socket.socket | None:
        written = self._document.admin
        admin = written or Admin()
        if not admin.enabled:
            return None
        try:
            sock = bind_tcp(admin.address, admin.port)
        except AdminPortTaken as error:
            if written is not None:
                raise
            # Nobody asked for this port: another gateway on this host may have it.
            self._log.warning("admin-port-taken", error=str(error))
            return None
        if admin.tls is None and not admin.allow_plain_http:
            try:
                refuse_exposed(sock)
            except AdminExposed:
                sock.close()
                raise
        return sock

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))

    async def _look(self, office: "Office") -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                await office.management.recovery.verify()
                await office.renew()
            except OstiaryError as error:
                self._log.error("look-failed", error=str(error))
            except Exception as error:  # noqa: BLE001 - our own bug must not end the looking
                self._log.exception("look-failed", error=f"while verifying the store: {error!r}")


def nothing_kept(document: Document, folder: Path) -> bool:
    """A first start: no database, none of its copies, no truststore."""
    return (
        document.store.url is None
        and not any(folder.glob("ostiary*"))
        and not (folder / "truststore").exists()
    )


def _favour_decisions() -> None:
    """Admin work in threads shares one interpreter with the loop that decides about clients."""
    # A thread gives way after half a millisecond, not five.
    sys.setswitchinterval(0.0005)
    # A full collection stops everything for as long as it looks through all there is, and long
    # lists of names are a million objects without cycles: it comes a hundred times more rarely.
    gc.set_threshold(20_000, 50, 100)
