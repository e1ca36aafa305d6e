"""What ``/metrics`` tells about OCSP: the answers at hand, and the responders."""

from collections import Counter
from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from ostiary.wiring.consulting import Consulting
from ostiary.x509.ocsp_answer import Condition


class OcspCollector(Collector):
    """Looks at the answers from another thread than the one that changes them."""

    def __init__(self, consulting: Consulting) -> None:
        self._consulting = consulting

    def describe(self) -> list[Metric]:
        """Nothing beforehand: names are the same at each look."""
        return []

    def collect(self) -> Iterator[Metric]:
        """As it is now."""
        yield from self._answers()
        yield from self._responders()

    def _answers(self) -> Iterator[Metric]:
        found = tuple(self._consulting.statuses.ends())
        counts = Counter(condition for condition, _ in found)
        family = GaugeMetricFamily(
            "ostiary_ocsp_answers",
            "OCSP answers at hand, old ones too.",
            labels=["status"],
        )
        for condition in Condition:
            family.add_metric([condition.value], float(counts[condition]))
        yield family
        ends = [until for condition, until in found if condition is Condition.GOOD]
        nearest = GaugeMetricFamily(
            "ostiary_ocsp_answers_end_timestamp_seconds",
            "When the first of the good OCSP answers at hand ends, Unix time.",
        )
        if ends:
            nearest.add_metric([], min(ends).timestamp())
        yield nearest

    def _responders(self) -> Iterator[Metric]:
        questions = CounterMetricFamily(
            "ostiary_ocsp_questions",
            "Questions to OCSP responders.",
            labels=["responder", "outcome"],
        )
        for (url, outcome), count in dict(self._consulting.inquiring.outcomes).items():
            questions.add_metric([url, outcome], float(count))
        yield questions
        well = GaugeMetricFamily(
            "ostiary_ocsp_responder_up",
            "Whether an OCSP responder is asked; 0: left alone for a while after failures.",
            labels=["responder"],
        )
        for url, breaker in self._consulting.inquiring.responders.items():
            well.add_metric([url], float(breaker.again is None))
        yield well
