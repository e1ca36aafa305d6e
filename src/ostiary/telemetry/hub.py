"""What is seen, in one place: fed by the gateway, read by whoever shows it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from ostiary.compiler.names import CALLED, VERDICTS
from ostiary.compiler.scopes import HEADER_ENTRY
from ostiary.kernel.errors import OstiaryError
from ostiary.telemetry.clients import Clients
from ostiary.telemetry.counters import REASONS_OF_EVENTS, Counted, Counters, Vocabulary
from ostiary.telemetry.events import Kind, RefusalSeen
from ostiary.telemetry.history import History
from ostiary.telemetry.inbox import Feed, Inbox, InboxCounted
from ostiary.telemetry.seen import ClientsCounted, SeenStore, Sighting
from ostiary.telemetry.tables import TableReader
from ostiary.telemetry.traffic import COMMANDS, SERIES, Traffic, TrafficMeter
from ostiary.trust.decision import Admitted
from ostiary.trust.reason import ADMITTED_CODE

EVENTS_SOCKET = "events.sock"
"""In the run folder; the compiled ``log`` line names it."""

POLL_SECONDS = 5.0
_HANDSHAKES = "handshakes-refused"
SERIES_OF_HISTORY = (
    *SERIES, "refused", "would-refuse", _HANDSHAKES,
    *(f"reason-{reason}" for reason in REASONS_OF_EVENTS),
)  # fmt: skip
"""What charts may show. ``refused`` and ``would-refuse`` count events, ``reason-…`` both."""

Ask = Callable[..., Awaitable[Mapping[int, str]]]
"""``MasterSocket.on_every_worker``: commands in, answers by worker's pid out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """What telemetry needs of others; wiring plugs them in."""

    run_folder: Path
    master_socket: Path
    ask: Ask
    workers: Callable[[], Awaitable[Iterable[int]]]
    """Pids of all living workers, draining ones too."""
    store: SeenStore
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How telemetry itself is doing."""

    inbox: InboxCounted
    clients: ClientsCounted
    table_entries: int
    """In the last reading of HAProxy's table."""
    table_seconds: float
    """What that reading took; the next comes after a hundred times as long, at least 10 s."""


class Telemetry:
    """For one event loop. Everything it gives is frozen."""

    def __init__(self, ports: Ports) -> None:
        """Nothing seen yet; call ``open`` before HAProxy starts."""
        self._ports = ports
        self._log = structlog.get_logger("ostiary.telemetry")
        self._counters = Counters()
        self._meter = TrafficMeter()
        self._requests, self._calls = (
            TableReader(ports.master_socket, ports.workers, take, table=table)
            for table, take in ((VERDICTS, self._requests_counted), (CALLED, self._called))
        )
        self._inbox = Inbox(ports.run_folder / EVENTS_SOCKET, self.happened)
        self._table_entries, self._table_seconds = 0, 0.0
        self.history = History(SERIES_OF_HISTORY)
        self.feed = Feed()
        self.clients = Clients(ports.store)

    @property
    def vocabulary(self) -> Vocabulary:
        """The names that may become labels."""
        return self._counters.vocabulary

    def speak(self, vocabulary: Vocabulary) -> None:
        """Take the names of the configuration now in force."""
        self._counters.vocabulary = vocabulary

    def open(self) -> None:
        """Listen for events. Raises OSError."""
        self._inbox.open()

    def close(self) -> None:
        """Stop listening."""
        self._inbox.close()

    async def run(self) -> None:
        """Poll, read and flush until cancelled; trouble is logged once and tried again."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.clients.run())
            group.create_task(self._again_and_again("traffic", self.poll))
            group.create_task(self._again_and_again("table", self.read_table))

    def decided(self, sighting: Sighting, seconds: float) -> None:
        """Note a decision of the agent that took ``seconds``; a matter of microseconds."""
        decision = sighting.decision
        code = ADMITTED_CODE if isinstance(decision, Admitted) else decision.reason.code
        self._counters.decision(code, seconds)
        self.clients.seen(sighting)

    def happened(self, event: RefusalSeen) -> None:
        """Count a refusal, and show it to whoever watches."""
        reason = self._counters.refusal(event)
        self.feed.add(event)
        counts = {"refused" if event.refused else "would-refuse": 1, f"reason-{reason}": 1}
        if event.kind is Kind.HANDSHAKE_FAILED:
            counts[_HANDSHAKES] = 1
        # The line's own time may be anything after a reload with another clock: ours is one.
        self.history.add(counts, self._ports.now())

    def counted(self) -> Counted:
        """Refusals and decisions since the start."""
        return self._counters.snapshot()

    def traffic(self) -> Traffic:
        """What HAProxy counted, as of the last poll."""
        return self._meter.snapshot()

    def health(self) -> Health:
        """How telemetry itself is doing."""
        return Health(
            inbox=self._inbox.snapshot(),
            clients=self.clients.snapshot(),
            table_entries=self._table_entries,
            table_seconds=self._table_seconds,
        )

    async def poll(self) -> float:
        """Ask HAProxy once; the seconds until the next time. Raises what ``ask`` raises."""
        added = self._meter.take(await self._ports.ask(*COMMANDS))
        self.history.add(added, self._ports.now())
        return POLL_SECONDS

    async def read_table(self) -> float:
        """Look at the tables once; the seconds until the next time."""
        reading, calls = await self._requests.read(), await self._calls.read()
        self._table_entries, self._table_seconds = reading.entries, reading.seconds
        return max(reading.pause, calls.pause)

    def _requests_counted(self, scope: str, key: bytes, requests: int) -> bool:
        entry, _, api = scope.partition(".")
        return self.clients.counted(
            key,
            requests,
            self._ports.now(),
            api=self.vocabulary.api_ids.get(api, "") if api else "",
            by_header=entry == HEADER_ENTRY,
        )

    def _called(self, scope: str, key: bytes, _noted: int) -> bool:
        # How often it was noted is no number of requests: the other table counts those.
        return self._requests_counted(scope, key, 0)

    async def _again_and_again(
        self, what: str, look: Callable[[], Coroutine[Any, Any, float]]
    ) -> None:
        troubled = False
        while True:
            pause = POLL_SECONDS
            started = time.monotonic()
            try:
                pause = await look()
                troubled = False
            except (OstiaryError, OSError) as error:
                # While the engine restarts every look fails: one line is enough.
                if not troubled:
                    self._log.warning(f"{what}-not-read", error=str(error))
                troubled = True
                pause = max(pause, time.monotonic() - started)
            except Exception:  # noqa: BLE001 - our own bug must not end what serves
                self._log.exception(f"{what}-not-read")
                pause = max(60.0, time.monotonic() - started)
            await asyncio.sleep(pause)
