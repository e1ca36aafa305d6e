"""What HAProxy itself counts: ``show info`` and ``show stat`` of every worker, over reloads.

A worker counts from zero; what is added is the difference to what the same worker said before.
What a worker counts between the last question and its end is not seen.
"""

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

COMMANDS = ("show info", "show stat")
"""What to ask each worker; the answers come one after the other, each ended by an empty line."""

LISTENERS = ("http", "https")
"""The compiled frontends that serve clients; ``https_sni`` only passes on to ``https``."""

CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx", "other")
SERIES = (
    "requests", "connections", "handshakes", "bytes-in", "bytes-out", "logs-dropped",
    *(f"responses-{one}" for one in CLASSES),
)  # fmt: skip
"""Names of what ``TrafficMeter.take`` adds up."""

_MOST_SERVERS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Since the gateway started; numbers only grow."""

    requests: int = 0
    connections: int = 0
    """TCP connections of clients."""
    handshakes: int = 0
    """TLS connections of clients and to services, resumed ones included."""
    bytes_in: int = 0
    bytes_out: int = 0
    responses: Mapping[str, int] = field(default_factory=dict)
    """By ``CLASSES``."""
    logs_dropped: int = 0
    """Log lines that HAProxy could not get rid of; nearly always refusals for us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One address of a service, as the youngest worker sees it."""

    backend: str
    name: str
    up: bool
    state: str
    """HAProxy's words: ``UP``, ``DOWN``, ``MAINT``, ``no check``, …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """How things are at the moment, over all workers."""

    workers: int = 0
    connections: int = 0
    requests_per_second: int = 0
    handshakes_per_second: int = 0
    idle_percent: int = 100
    """Of the busiest worker."""
    servers: tuple[Server, ...] = ()


@dataclass(frozen=True, slots=True)
class Traffic:
    """Totals, and how things are now."""

    totals: Totals
    now: Now


class TrafficMeter:
    """Adds up what the workers say."""

    def __init__(self) -> None:
        """Nothing seen yet."""
        self._before: dict[int, dict[str, int]] = {}
        self._totals = dict.fromkeys(SERIES, 0)
        self._now = Now()

    def take(self, replies: Mapping[int, str]) -> Mapping[str, int]:
        """Read the answers to ``COMMANDS`` by worker's pid; what was added, by ``SERIES``.

        A reply that can't be read adds nothing.
        """
        said = {pid: _read(reply) for pid, reply in replies.items()}
        added = dict.fromkeys(SERIES, 0)
        for pid, worker in said.items():
            before = self._before.get(pid, {})
            # A number that has shrunk is another worker's, with the pid of one that is gone.
            same = all(worker.counts.get(name, 0) >= count for name, count in before.items())
            for name, count in worker.counts.items():
                added[name] += count - (before.get(name, 0) if same else 0)
        self._before = {pid: worker.counts for pid, worker in said.items()}
        for name, count in added.items():
            self._totals[name] += count
        self._now = _now(said.values())
        return added

    def snapshot(self) -> Traffic:
        """The sums so far."""
        sums = self._totals
        totals = Totals(
            requests=sums["requests"],
            connections=sums["connections"],
            handshakes=sums["handshakes"],
            bytes_in=sums["bytes-in"],
            bytes_out=sums["bytes-out"],
            logs_dropped=sums["logs-dropped"],
            responses=MappingProxyType({one: sums[f"responses-{one}"] for one in CLASSES}),
        )
        return Traffic(totals, self._now)


@dataclass(slots=True)
class _Worker:
    info: Callable[[str], int]
    counts: dict[str, int]
    servers: tuple[Server, ...]


def _read(reply: str) -> _Worker:
    """What one worker said (management guide 9.1 and 9.3)."""
    head, _, table = reply.partition("# pxname,")
    fields = dict(line.partition(":")[::2] for line in head.splitlines())

    def info(name: str) -> int:
        return _int(fields.get(name))

    rows = list(csv.DictReader(f"pxname,{table}".splitlines())) if table else []
    counts = dict.fromkeys(SERIES, 0)
    counts["handshakes"] = info("CumSslConns")
    counts["logs-dropped"] = info("DroppedLogs")
    for row in rows:
        if row.get("svname") == "FRONTEND" and row.get("pxname") in LISTENERS:
            _add_listener(counts, row)
    servers = tuple(_servers(rows))
    return _Worker(info, counts, servers)


def _add_listener(counts: dict[str, int], row: Mapping[str, str | None]) -> None:
    counts["requests"] += _int(row.get("req_tot"))
    counts["connections"] += _int(row.get("conn_tot"))
    counts["bytes-in"] += _int(row.get("bin"))
    counts["bytes-out"] += _int(row.get("bout"))
    for one in CLASSES:
        counts[f"responses-{one}"] += _int(row.get(f"hrsp_{one}"))


def _servers(rows: Iterable[Mapping[str, str | None]]) -> list[Server]:
    found = [row for row in rows if row.get("svname") not in ("FRONTEND", "BACKEND", None)]
    return [
        Server(
            backend=row.get("pxname") or "",
            name=row.get("svname") or "",
            up=(row.get("status") or "").startswith(("UP", "no check")),
            state=row.get("status") or "",
        )
        for row in found[:_MOST_SERVERS]
        # Backends whose names the compiler gives to its own: loops to itself, and the agent.
        if not (row.get("pxname") or "").startswith("to_")
    ]


def _now(workers: Iterable[_Worker]) -> Now:
    living = list(workers)
    if not living:
        return Now(workers=0)
    youngest = min(living, key=lambda worker: worker.info("Uptime_sec"))
    return Now(
        workers=len(living),
        connections=sum(worker.info("CurrConns") for worker in living),
        requests_per_second=sum(worker.info("SessRate") for worker in living),
        handshakes_per_second=sum(worker.info("SslFrontendKeyRate") for worker in living),
        idle_percent=min(worker.info("Idle_pct") for worker in living),
        servers=youngest.servers,
    )


def _int(text: str | None) -> int:
    """A count; 0 where HAProxy has none, and for what no count is."""
    word = (text or "").strip()
    return int(word) if word.isascii() and word.isdigit() and len(word) < 20 else 0
