"""The numbers for Prometheus, made anew at each look: nothing is counted here.

Labels come from the configuration and from our own words, never from clients.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from ostiary.telemetry.counters import LATENCY_BOUNDS, Counted, Latency
from ostiary.telemetry.expiry import Dated
from ostiary.telemetry.hub import Health, Telemetry
from ostiary.telemetry.traffic import Traffic

MOST_DATED = 1_000
"""Certificates whose end is told; those that end first."""


class TelemetryCollector(Collector):
    """Registered with a ``CollectorRegistry`` of its own, served at ``/metrics``."""

    def __init__(self, telemetry: Telemetry, dated: Callable[[], Iterable[Dated]]) -> None:
        """``dated``: trusted and server certificates now; clients' would be labels from clients."""
        self._telemetry = telemetry
        self._dated = dated

    def describe(self) -> list[Metric]:
        """Nothing beforehand: names are the same at each look."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Everything, as it is now."""
        telemetry = self._telemetry
        yield from _decisions(telemetry.counted())
        yield from _traffic(telemetry.traffic())
        yield from _health(telemetry.health())
        yield _ends(self._dated())


def _decisions(counted: Counted) -> Iterator[Metric]:
    yield _counter(
        "ostiary_refusals",
        "Requests and handshakes refused, as far as HAProxy's log lines could be read.",
        ("reason", "api", "entry"),
        counted.refusals.items(),
    )
    yield _counter(
        "ostiary_would_refuse",
        "Requests that a report-only policy would have refused.",
        ("reason", "api", "entry"),
        counted.would_refuse.items(),
    )
    yield _counter(
        "ostiary_decisions",
        "Decisions of the agent about certificates, by verdict: admitted, or the reason.",
        ("verdict",),
        (((word,), count) for word, count in counted.decisions.items()),
    )
    yield _histogram(
        "ostiary_decision_duration_seconds",
        "What the agent took for a decision.",
        counted.latency,
    )


def _traffic(traffic: Traffic) -> Iterator[Metric]:
    totals, now = traffic.totals, traffic.now
    for name, text, value in (
        ("ostiary_requests", "HTTP requests of clients.", totals.requests),
        ("ostiary_connections", "TCP connections of clients.", totals.connections),
        ("ostiary_tls_connections", "TLS connections, of clients and to services.",
         totals.handshakes),
        ("ostiary_received_bytes", "Bytes received from clients.", totals.bytes_in),
        ("ostiary_sent_bytes", "Bytes sent to clients.", totals.bytes_out),
        ("ostiary_log_lines_dropped", "Log lines that HAProxy could not write or send.",
         totals.logs_dropped),
    ):  # fmt: skip
        yield CounterMetricFamily(name, text, value=value)
    yield _counter(
        "ostiary_responses",
        "HTTP responses to clients by class of status.",
        ("class",),
        (((one,), count) for one, count in totals.responses.items()),
    )
    for name, text, level in (
        ("ostiary_workers", "HAProxy workers that live, draining ones too.", now.workers),
        ("ostiary_open_connections", "Connections HAProxy has now.", now.connections),
        ("ostiary_engine_idle_ratio", "Idle share of the busiest HAProxy worker.",
         now.idle_percent / 100),
    ):  # fmt: skip
        yield GaugeMetricFamily(name, text, value=level)
    up = GaugeMetricFamily(
        "ostiary_service_up",
        "Whether HAProxy takes an address of a service for healthy.",
        labels=("backend", "server"),
    )
    for server in now.servers:
        up.add_metric((server.backend, server.name), int(server.up))
    yield up


def _health(health: Health) -> Iterator[Metric]:
    inbox, clients = health.inbox, health.clients
    for name, text, value in (
        ("ostiary_events", "Refusals read from HAProxy's log lines.", inbox.events),
        ("ostiary_events_pauses", "Times that more came than is read.", inbox.pauses),
        ("ostiary_clients_noted", "Decisions noted for the memory of clients.", clients.noted),
        ("ostiary_clients_missed", "Certificates that found that memory full.", clients.missed),
        ("ostiary_clients_flush_failures", "Times that the store refused to remember clients.",
         clients.failures),
    ):  # fmt: skip
        yield CounterMetricFamily(name, text, value=value)
    yield _counter(
        "ostiary_events_unreadable",
        "Datagrams to the event socket that are no events.",
        ("why",),
        (((why.value,), count) for why, count in inbox.unreadable.items()),
    )
    yield GaugeMetricFamily(
        "ostiary_verdicts_remembered",
        "Verdicts in HAProxy's tables, as last read.",
        value=health.table_entries,
    )


def _ends(certificates: Iterable[Dated]) -> Metric:
    family = GaugeMetricFamily(
        "ostiary_certificate_expiry_timestamp_seconds",
        "When a trusted or a server certificate ends, Unix time.",
        labels=("held", "where", "fingerprint"),
    )
    nearest = sorted(certificates, key=lambda one: (one.not_after, one.where, one.fingerprint))
    ends = {
        (one.held.value, one.where, one.fingerprint.hex()): one.not_after.timestamp()
        for one in nearest[:MOST_DATED]
    }
    for labels, end in ends.items():
        family.add_metric(labels, end)
    return family


def _counter(
    name: str, text: str, labels: tuple[str, ...], counts: Iterable[tuple[tuple[str, ...], int]]
) -> Metric:
    family = CounterMetricFamily(name, text, labels=labels)
    for values, count in counts:
        family.add_metric(values, count)
    return family


def _histogram(name: str, text: str, latency: Latency) -> Metric:
    bounds = (*(f"{bound:g}" for bound in LATENCY_BOUNDS), "+Inf")
    buckets = list(zip(bounds, accumulate(latency.buckets), strict=True))
    return HistogramMetricFamily(name, text, buckets=buckets, sum_value=latency.total)
