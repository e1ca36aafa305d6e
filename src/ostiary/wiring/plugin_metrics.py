"""What ``/metrics`` tells about plug-ins."""

from collections.abc import Callable, Iterator

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from ostiary.sandbox.plugin_process import Counters


class PluginCollector(Collector):
    """Looks at the counts from another thread than the one that counts."""

    def __init__(self, counts: Callable[[], Counters]) -> None:
        """``counts``: those of the gateway."""
        self._counts = counts

    def describe(self) -> list[Metric]:
        """Nothing beforehand: names are the same at each look."""
        return []

    def collect(self) -> Iterator[Metric]:
        """As it is now; nothing without plug-ins."""
        counts = self._counts()
        if not counts.started:
            return
        calls = CounterMetricFamily(
            "ostiary_plugin_calls",
            "Questions that plug-ins were asked.",
            labels=["kind", "plugin", "outcome"],
        )
        for (kind, plugin, outcome), number in counts.results.copy().items():
            calls.add_metric([kind, plugin, outcome], float(number))
        yield calls
        seconds = CounterMetricFamily(
            "ostiary_plugin_seconds",
            "Time until plug-ins had answered, waiting included.",
            labels=["kind", "plugin"],
        )
        for labels, value in counts.seconds.copy().items():
            seconds.add_metric(labels, value)
        yield seconds
        started = CounterMetricFamily(
            "ostiary_plugin_processes_started",
            "Processes started for the plug-ins of a package.",
            labels=["package"],
        )
        for package, number in counts.started.copy().items():
            started.add_metric([package], float(number))
        yield started
