"""What ``/metrics`` tells about scripts."""

from collections import Counter
from collections.abc import Callable, Iterator

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from ostiary.sandbox.workers import Counters


class ScriptCollector(Collector):
    """Looks at the counts from another thread than the one that counts."""

    def __init__(self, counts: Callable[[], Counters | None]) -> None:
        """``counts``: None where no script was ever needed."""
        self._counts = counts

    def describe(self) -> list[Metric]:
        """Nothing beforehand: names are the same at each look."""
        return []

    def collect(self) -> Iterator[Metric]:
        """As it is now; nothing without scripts."""
        counts = self._counts()
        if counts is None:
            return
        results = CounterMetricFamily(
            "ostiary_script_evaluations", "Scripts run for requests.", labels=["outcome"]
        )
        for outcome, number in Counter(counts.results).items():
            results.add_metric([outcome], float(number))
        yield results
        yield CounterMetricFamily(
            "ostiary_script_seconds",
            "Time until scripts had answered, waiting included.",
            value=counts.seconds,
        )
        yield CounterMetricFamily(
            "ostiary_script_processes_started",
            "Processes started to run scripts.",
            value=float(counts.started),
        )
