"""What ``/metrics`` tells about credentials of consumers."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector


class CredentialCollector(Collector):
    """Looks at the counts from another thread than the one that counts."""

    def __init__(self, counts: Callable[[], Mapping[tuple[str, str], int]]) -> None:
        """``counts``: decisions by type and outcome."""
        self._counts = counts

    def describe(self) -> list[Metric]:
        """Nothing beforehand: names are the same at each look."""
        return []

    def collect(self) -> Iterator[Metric]:
        """As it is now."""
        family = CounterMetricFamily(
            "ostiary_credential_decisions",
            "Decisions about credentials that were not remembered.",
            labels=["type", "outcome"],
        )
        for labels, count in Counter(self._counts()).items():
            family.add_metric(labels, float(count))
        yield family
