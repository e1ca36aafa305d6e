"""What HAProxy itself counts: `show info` and `show stat` of every worker, added up over reloads.

A worker counts from zero; what is added is the difference to what the same worker said before.
What a worker counts between the last question and its end is not seen.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

COMMANDS = ("show info", "show stat")
"""What to ask each worker; the answers come one after the other, each ended by an empty line."""

LISTENERS = ("http", "https")
"""The compiled frontends that serve clients; `https_sni` only passes on to `https`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Since the gateway started; numbers only grow."""

    requests: int = 0
    connections: int = 0
    handshakes: int = 0
    """TLS handshakes that came to an end, resumed ones included."""
    bytes_in: int = 0
    bytes_out: int = 0
    responses: Mapping[str, int] = field(default_factory=dict)
    """By class: ``1xx`` … ``5xx``, ``other``."""
    logs_dropped: int = 0
    """Log lines that HAProxy could not get rid of, to any target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One address of a service, as the newest worker sees it."""

    backend: str
    name: str
    up: bool
    state: str
    """HAProxy's word: ``UP``, ``DOWN``, ``MAINT``, ``no check``, …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """How things are at the moment, over all workers."""

    workers: int = 0
    connections: int = 0
    requests_per_second: int = 0
    handshakes_per_second: int = 0
    idle_percent: int = 100
    """Of the busiest worker's threads."""
    remembered_verdicts: int = 0
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

    def take(self, replies: Mapping[int, str]) -> Mapping[str, int]:
        """Read the answers to ``COMMANDS`` by worker's pid. What was added, by the names of
        ``SERIES``; replies that can't be read add nothing."""
        raise NotImplementedError

    def snapshot(self) -> Traffic:
        """The sums so far."""
        raise NotImplementedError
