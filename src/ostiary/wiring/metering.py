"""``/metrics``: what telemetry counted, and how the stores are."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from ostiary.management.errors import Unavailable
from ostiary.management.management import Management
from ostiary.management.revocation_views import SourceKind, SourceView
from ostiary.management.sights import StoreState
from ostiary.telemetry.hub import Telemetry
from ostiary.telemetry.metrics import TelemetryCollector
from ostiary.wiring.notifying import Notifying
from ostiary.wiring.publishing.counting import Counting


def metrics_of(
    telemetry: Telemetry, management: Management, notifying: Notifying, *more: Collector
) -> Callable[[], bytes]:
    """Makes the text that Prometheus reads; call it in a thread."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(TelemetryCollector(telemetry, management.sightings.dated))
    registry.register(_Stores(management))
    registry.register(_Lists(management))
    registry.register(_Notified(management, notifying))
    for one in more:
        registry.register(one)
    return lambda: generate_latest(registry)


class _Stores(Collector):
    """How truststore and database are."""

    def __init__(self, management: Management) -> None:
        self._management = management

    def describe(self) -> list[Metric]:
        """Nothing beforehand: names are the same at each look."""
        return []

    def collect(self) -> Iterator[Metric]:
        """As they were found last."""
        found = self._management.recovery.state()
        yield _gauge(
            "ostiary_truststore_sound",
            "Whether the trusted certificates on the disk are what was written.",
            float(found.state is not StoreState.DAMAGED),
        )
        yield _gauge(
            "ostiary_database_sound",
            "Whether the database is what was written.",
            float(found.database is not StoreState.DAMAGED),
        )
        rebuilds = CounterMetricFamily(
            "ostiary_truststore_rebuilds", "How often the truststore was built anew."
        )
        rebuilds.add_metric([], self._management.recovery.rebuilt())
        yield rebuilds
        yield _gauge(
            "ostiary_trusted_certificates",
            "Trusted certificates of the store in force.",
            float(found.certificates),
        )


class _Lists(Collector):
    """Until when the revocation lists tell."""

    def __init__(self, management: Management) -> None:
        self._management = management

    def describe(self) -> list[Metric]:
        """Nothing beforehand: names are the same at each look."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Those in force."""
        family = GaugeMetricFamily(
            "ostiary_revocation_list_end_timestamp_seconds",
            "When a revocation list ends (nextUpdate), Unix time.",
            labels=("where", "issuer", "kind"),
        )
        for labels, end in self._management.sightings.list_ends().items():
            family.add_metric(labels, end.timestamp())
        yield family
        yield from _sources(self._management.revocations.view().sources)


def _sources(sources: Iterable[SourceView]) -> Iterator[Metric]:
    """URLs that certificates name are counted only: what they are is not ours to say."""
    counts = GaugeMetricFamily(
        "ostiary_revocation_sources",
        "Sources of revocation lists by their state.",
        labels=("kind", "state"),
    )
    confirmed = GaugeMetricFamily(
        "ostiary_revocation_source_confirmed_timestamp_seconds",
        "When a URL of revocation lists was last fetched or found unchanged, Unix time.",
        labels=("source",),
    )
    failing = GaugeMetricFamily(
        "ostiary_revocation_source_failing",
        "Whether the last question to a URL of revocation lists came to nothing.",
        labels=("source",),
    )
    found = tuple(sources)
    states = Counter((one.kind.value, one.freshness.value) for one in found)
    for labels, count in states.items():
        counts.add_metric(labels, count)
    for one in found:
        if one.kind is SourceKind.URL:
            at = one.confirmed.timestamp() if one.confirmed else 0.0
            confirmed.add_metric([one.source], at)
            failing.add_metric([one.source], float(bool(one.error)))
    yield counts
    yield confirmed
    yield failing


class _Notified(Collector):
    """What operators were told, and how webhooks take it."""

    def __init__(self, management: Management, notifying: Notifying) -> None:
        self._management = management
        self._notifying = notifying

    def describe(self) -> list[Metric]:
        """Nothing beforehand: names are the same at each look."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Counts since the start, and how it is now."""
        told = CounterMetricFamily(
            "ostiary_notifications", "What operators were told of.", labels=("type",)
        )
        for topic, count in self._notifying.told().items():
            told.add_metric((topic,), count)
        yield told
        attempts = CounterMetricFamily(
            "ostiary_webhook_attempts",
            "Attempts to deliver notifications, and notifications given up.",
            labels=("webhook", "outcome"),
        )
        for labels, count in self._notifying.attempts().items():
            attempts.add_metric(labels, count)
        yield attempts
        waiting, failures = (
            GaugeMetricFamily(name, text, labels=("webhook",))
            for name, text in (
                ("ostiary_webhook_waiting", "Notifications that a webhook has not got yet."),
                ("ostiary_webhook_failures", "Attempts in a row that failed."),
            )
        )
        try:
            found = self._management.notifications.webhooks()
        except Unavailable:
            # What else is measured must be told all the same.
            return
        for one in found:
            waiting.add_metric((one.name,), one.waiting)
            failures.add_metric((one.name,), one.failures)
        yield from (waiting, failures)


class PublishedCollector(Collector):
    """What the public listener has answered."""

    def __init__(self, counting: Counting) -> None:
        self._counting = counting

    def describe(self) -> list[Metric]:
        """Nothing beforehand: names are the same at each look."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Since the start of the gateway, as told half a second ago at most."""
        family = CounterMetricFamily(
            "ostiary_pki_answers",
            "Answers of the public listener.",
            labels=("kind", "outcome"),
        )
        for labels, count in self._counting.totals().items():
            family.add_metric(labels, count)
        yield family


def _gauge(name: str, text: str, value: float) -> Metric:
    family = GaugeMetricFamily(name, text)
    family.add_metric([], value)
    return family
