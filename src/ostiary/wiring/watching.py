"""Telemetry bound to gateway, database and disk."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from ostiary.compiler.reasons import reason_files
from ostiary.compiler.scopes import HEADER_ENTRY, api_id
from ostiary.compiler.tls import entries_of
from ostiary.services.prepare import Prepared
from ostiary.store.database.records import ClientCertificate, ClientSeen
from ostiary.store.files import FileTrouble, Trouble, read_bounded, write_atomically
from ostiary.supervisor.child import MASTER_SOCKET
from ostiary.supervisor.runtime import MasterSocket, RuntimeTrouble
from ostiary.telemetry.counters import Vocabulary
from ostiary.telemetry.hub import Ports, Telemetry
from ostiary.telemetry.seen import SeenClient, Sighting
from ostiary.wiring import world
from ostiary.wiring.answering import Decided
from ostiary.wiring.applying import Applying

if TYPE_CHECKING:
    from ostiary.store.database.database import Database

_CHARTS_SECONDS = 60.0
_LARGEST_CHARTS = 8 * 1024 * 1024


class Watching:
    """Sees decisions, refusals and traffic, and keeps what was seen."""

    def __init__(self, database: "Callable[[], Database]", run_folder: Path) -> None:
        """``database`` is asked when there is something to keep."""
        self._log = structlog.get_logger("ostiary.telemetry")
        self._charts = run_folder.parent / "history"
        self._opened = False
        self._applying: Applying | None = None
        self._prepared: Prepared | None = None
        self._tell: Callable[[Sighting], None] | None = None
        self.telemetry = Telemetry(
            Ports(
                run_folder=run_folder,
                master_socket=run_folder / MASTER_SOCKET,
                ask=self._ask,
                workers=self._workers,
                store=Memory(database),
                now=world.now,
            )
        )

    def open(self) -> None:
        """Listen for refusals, before the engine starts; go on with the charts of the last run."""
        self._recall()
        self.telemetry.open()

    def follow(self, applying: Applying) -> None:
        """The gateway serves: see its decisions."""
        self._applying = applying
        applying.gateway.listen(self._decided)

    def tell(self, tell: Callable[[Sighting], None]) -> None:
        """Have somebody told of each decision; it must be quick, and not raise."""
        self._tell = tell

    async def run(self) -> None:
        """Poll and flush until cancelled; keep the charts each minute."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.telemetry.run())
            group.create_task(self._keep_charts())

    def close(self) -> None:
        """Stop listening, and keep the charts. A second call does nothing."""
        if self._opened:
            self._opened = False
            self.telemetry.close()
            self._save(self.telemetry.history.dump())

    async def _keep_charts(self) -> None:
        while True:
            await asyncio.sleep(_CHARTS_SECONDS)
            # Copied here, where counts come in; written where a slow disk stops nobody.
            await asyncio.to_thread(self._save, self.telemetry.history.dump())

    def _save(self, charts: bytes) -> None:
        try:
            write_atomically(self._charts, charts)
        except FileTrouble as error:
            self._log.warning("charts-not-kept", error=str(error))

    def _recall(self) -> None:
        self._opened = True
        try:
            kept = read_bounded(self._charts, limit=_LARGEST_CHARTS)
        except FileTrouble as error:
            if error.trouble is not Trouble.MISSING:
                self._log.warning("charts-not-read", error=str(error))
            return
        if not self.telemetry.history.restore(kept):
            # Of another version, or damaged: charts begin anew, and nothing else hangs on them.
            self._log.warning("charts-not-read", error=f"{str(self._charts)!r} is no history")

    def _decided(self, decided: Decided) -> None:
        entry, _, api = decided.scope.partition(".")
        vocabulary = self._vocabulary()
        sighting = Sighting(
            entry=entry,
            api=vocabulary.api_ids.get(api, "") if api else "",
            leaf=decided.leaf,
            chain=decided.chain,
            key=decided.key,
            decision=decided.decision,
            at=decided.now,
            reported=self._reports(decided.scope),
        )
        self.telemetry.decided(sighting, decided.seconds)
        if self._tell is not None:
            self._tell(sighting)

    def _reports(self, scope: str) -> bool:
        policy = self._prepared.policies.get(scope) if self._prepared else None
        return policy is not None and policy.report_only

    def _vocabulary(self) -> Vocabulary:
        """The names of what is in force; made anew when that changes."""
        prepared = self._applying.prepared if self._applying else None
        if prepared is not None and prepared is not self._prepared:
            self._prepared = prepared
            self.telemetry.speak(vocabulary_of(prepared))
        return self.telemetry.vocabulary

    async def _ask(self, *commands: str) -> Mapping[int, str]:
        self._vocabulary()
        return await self._socket().on_every_worker(*commands)

    async def _workers(self) -> Iterable[int]:
        return [worker.pid for worker in (await self._socket().processes()).workers]

    def _socket(self) -> MasterSocket:
        if self._applying is None:
            raise RuntimeTrouble("the gateway does not serve yet")
        return self._applying.gateway.engine.socket


class Memory:
    """Clients on their way into the database."""

    def __init__(self, database: "Callable[[], Database]") -> None:
        self._database = database

    def merge(self, batch: tuple[SeenClient, ...]) -> None:
        """Raises OstiaryError."""
        with self._database().begin() as work:
            work.clients.merge([_kept(one) for one in batch])


def _kept(seen: SeenClient) -> ClientSeen:
    shown = seen.certificate
    return ClientSeen(
        fingerprint=seen.fingerprint,
        certificate=ClientCertificate(
            subject=shown.subject,
            issuer=shown.issuer,
            serial=shown.serial,
            not_after=shown.not_after,
            anchor=shown.anchor,
            facts=shown.facts,
        )
        if shown
        else None,
        first_seen=seen.first_seen,
        last_seen=seen.last_seen,
        count=seen.requests,
        verdict=seen.verdict,
        apis=seen.apis,
    )


def vocabulary_of(prepared: Prepared) -> Vocabulary:
    """The names that may become labels."""
    document = prepared.document
    effective = prepared.effective
    entries = entries_of(document.https, effective.type.value) if document.https else ()
    words = reason_files()["verify-errors.map"].decode().splitlines()
    return Vocabulary(
        apis=frozenset(document.api_endpoints),
        entries={entry.id: entry.name for entry in entries} | {HEADER_ENTRY: "header"},
        api_ids={api_id(name): name for name in document.api_endpoints},
        handshakes=frozenset(line.partition(" ")[2] for line in words if " " in line),
    )
