"""Who may change the gateway while it runs: database, telemetry and the admin listener."""

import asyncio
import gc
import secrets
import socket
import ssl
import sys
from collections.abc import Coroutine, Iterable
from pathlib import Path
from typing import Any

import structlog

from ostiary.admin.app import Surroundings, create_app
from ostiary.admin.listening import (
    ADMIN_SOCKET,
    AdminPortTaken,
    Listening,
    Tls,
    bind_tcp,
    context_of,
    refuse_exposed,
    use_pair,
)
from ostiary.config.effective import Managed
from ostiary.config.model.document import Document
from ostiary.config.model.listeners import Admin
from ostiary.kernel.errors import OstiaryError
from ostiary.management.making import Hands, make_management
from ostiary.management.management import Management
from ostiary.management.state import EVERYTHING, State, read_state
from ostiary.services.prepare import Prepared
from ostiary.store.database.database import Database
from ostiary.store.database.engines import sqlite_url
from ostiary.store.files import make_folder, write_atomically
from ostiary.store.soundness import SnapshotDamaged
from ostiary.store.truststore import TrustStore
from ostiary.wiring import world
from ostiary.wiring.applying import Applying
from ostiary.wiring.asking import explain_visit
from ostiary.wiring.metering import metrics_of
from ostiary.wiring.watching import Watching
from ostiary.x509.certificate import Certificate
from ostiary.x509.pem import read_certificates

TOKEN_FILE = "admin.token"  # noqa: S105 - the name of a file
_LOOK_SECONDS = 60.0


class RolledBack(OstiaryError):
    """The database lacks changes that were in force; who was shut out might be let in again."""

    def __init__(self, lacking: str) -> None:
        super().__init__(
            f"{lacking} (put a newer copy of it there; or accept the loss with "
            "'ostiary trust recover', and repeat the changes before you start the gateway)"
        )


class Administering:
    """The administration of one run."""

    def __init__(self, document: Document, state: Path) -> None:
        """``document`` isn't checked yet; ``state`` is locked. Raises what ``Database.open`` does,
        and AdminPortTaken."""
        self._log = structlog.get_logger("ostiary.admin")
        self._folder = state
        self._admin = document.admin
        self._forced = bool(document.truststore.force_recovery)
        self._database = open_database(document, state)
        self._watching = Watching(self._database, state / "run")
        self._shelf = TrustStore(state)
        self._loaded: State | None = None
        self._socket = self._bind()
        self._tls: tuple[ssl.SSLContext, Tls] | None = None
        self._listening: Listening | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def kept(self) -> tuple[Managed, tuple[Certificate, ...]]:
        """What is managed, and the trusted certificates. Raises RolledBack."""
        self._loaded = state_of(self._database)
        lacking = what_is_missing(self._shelf, self._loaded)
        if lacking and not self._forced:
            raise RolledBack(lacking)
        make_folder(self._folder / "run")
        self._watching.open()
        return self._loaded.managed, self._loaded.certificates

    async def start(self, applying: Applying) -> None:
        """Follow what happens, and open the doors."""
        _favour_decisions()
        self._watching.follow(applying)
        management = self._manage(applying)
        await asyncio.to_thread(first_token, management, self._folder)
        await asyncio.to_thread(management.recovery.rebuild_at_start, forced=self._forced)
        around = Surroundings(
            clock=world.now,
            metrics=metrics_of(self._watching.telemetry, management),
            hosts=_hosts(self._admin, applying.prepared),
        )
        self._listening = Listening(create_app(management, around))
        await self._listening.on_unix(self._folder / "run" / ADMIN_SOCKET)
        if self._socket is not None:
            tls = tls_of(applying.prepared)
            context = context_of(tls) if tls else None
            if context is None and not (self._admin or Admin()).allow_plain_http:
                refuse_exposed(self._socket)
            self._tls = (context, tls) if context and tls else None
            await self._listening.on_tcp(self._socket, context)
            self._socket = None
        self._run(self._watching.run())
        self._run(self._look(applying, management))

    async def stop(self) -> None:
        """Close the doors; what is under way comes to its end."""
        if self._listening is not None:
            await self._listening.stop()
            self._listening = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._watching.close()
        self._database.close()

    def _manage(self, applying: Applying) -> Management:
        hands = Hands(
            keeping=self._database,
            ground=self._database,
            shelf=self._shelf,
            gatekeeper=applying,
            telemetry=self._watching.telemetry,
            explain=lambda asked: explain_visit(applying.prepared, asked),
            clock=world.now,
            dice=secrets.token_bytes,
        )
        management, changes = make_management(hands)
        if self._loaded is not None:
            changes.begin_with(self._loaded)
            self._loaded = None
        return management

    def _bind(self) -> socket.socket | None:
        admin = self._admin or Admin()
        if not admin.enabled:
            return None
        try:
            return bind_tcp(admin.address, admin.port)
        except AdminPortTaken as error:
            if self._admin is not None:
                raise
            # Nobody asked for this port: another gateway on this host may have it.
            self._log.warning("admin-port-taken", error=str(error))
            return None

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))

    async def _look(self, applying: Applying, management: Management) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                await management.recovery.verify()
                self._renew(applying.prepared)
            except OstiaryError as error:
                self._log.error("look-failed", error=str(error))
            except Exception as error:  # noqa: BLE001 - our own bug must not end the looking
                self._log.exception("look-failed", error=f"while verifying the store: {error!r}")

    def _renew(self, prepared: Prepared) -> None:
        """A renewed certificate of the admin listener acts without a restart."""
        tls = tls_of(prepared)
        if self._tls is None or tls is None or tls == self._tls[1]:
            return
        use_pair(self._tls[0], tls)
        self._tls = (self._tls[0], tls)
        self._log.info("admin-certificate-renewed")


def _favour_decisions() -> None:
    """Admin work in threads shares one interpreter with the loop that decides about clients."""
    # A thread gives way after half a millisecond, not five.
    sys.setswitchinterval(0.0005)
    # A full collection stops everything for as long as it looks through all there is, and long
    # lists of names are a million objects without cycles: it comes a hundred times more rarely.
    gc.set_threshold(20_000, 50, 100)


def open_database(document: Document, state: Path) -> Database:
    """The database of a gateway; one that is damaged is taken back to its last good copy.

    Raises what ``Database.open`` does, NoLastGood if there is none.
    """
    url = database_url(document, state)
    try:
        return Database.open(url, now=world.now())
    except SnapshotDamaged as damaged:
        log = structlog.get_logger("ostiary.store")
        log.error("database-damaged", detail=damaged.damage.what)
        back = Database.restore(url, now=world.now())
        log.warning("database-restored", revision=back.revision, aside=str(back.aside))
        return Database.open(url, now=world.now())


def database_url(document: Document, state: Path) -> str:
    """Where what is managed is kept."""
    return document.store.url or sqlite_url(state / "ostiary.db")


def state_of(database: Database) -> State:
    """All that the database adds to the file."""
    with database.reading() as work:
        return read_state(work, None, EVERYTHING)


def what_is_missing(shelf: TrustStore, state: State) -> str:
    """A sentence if the database is older than what was in force; else empty.

    The truststore is written after each change, and tells of which revision it is.
    """
    known = shelf.revision()
    if known is None or known <= state.revision:
        return ""
    return (
        f"the database is of revision {state.revision}, but revision {known} was in force: "
        "changes made since are missing from it"
    )


def first_token(management: Management, state: Path) -> None:
    """On the first start: a token for the first administrator, in a file and shown once."""
    secret = management.tokens.first()
    if secret is None:
        return
    path = state / TOKEN_FILE
    # First the file: a token that nobody can read would lock everybody out.
    write_atomically(path, f"{secret}\n".encode())
    management.tokens.keep_first(secret)
    print(f"admin token, shown once and kept in {path}: {secret}", file=sys.stderr, flush=True)


def tls_of(prepared: Prepared) -> Tls | None:
    """What HTTPS on the admin listener needs."""
    found = prepared.materials.admin
    if found is None:
        return None
    return Tls(
        certificate=found.certificate,
        key=found.key,
        authorities=b"".join(one.pem for one in found.anchors),
    )


def _hosts(admin: Admin | None, prepared: Prepared) -> Iterable[str]:
    """Names the listener is called by, beside addresses and localhost."""
    yield (admin or Admin()).address
    yield socket.gethostname()
    found = prepared.materials.admin
    if found is None:
        return
    yield from _dns_names(found.certificate)


def _dns_names(pem: bytes) -> Iterable[str]:
    leaf, *_ = read_certificates(pem)
    return (one.removeprefix("DNS:") for one in leaf.subject_alternative_names if one[:4] == "DNS:")
