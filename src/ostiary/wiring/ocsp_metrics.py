"""What ``/metrics`` tells about OCSP: the answers at hand, and the responders."""

from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from ostiary.services.ocsp_state import OcspState
from ostiary.wiring.consulting import Consulting


class OcspCollector(Collector):
    """Looks at the answers from another thread than the one that changes them."""

    def __init__(self, consulting: Consulting) -> None:
        self._consulting = consulting

    def describe(self) -> list[Metric]:
        """Nothing beforehand: names are the same at each look."""
        return []

    def collect(self) -> Iterator[Metric]:
        """As it is now."""
        state = self._consulting.state()
        yield from _answers(state)
        yield self._questions()
        well = GaugeMetricFamily(
            "ostiary_ocsp_responder_up",
            "Whether an OCSP responder is asked; 0: left alone for a while after failures.",
            labels=["responder"],
        )
        for one in state.responders:
            well.add_metric([one.url], float(one.left_alone_until is None))
        yield well

    def _questions(self) -> Metric:
        family = CounterMetricFamily(
            "ostiary_ocsp_questions",
            "Questions to OCSP responders.",
            labels=["responder", "outcome"],
        )
        for (url, outcome), count in dict(self._consulting.inquiring.outcomes).items():
            family.add_metric([url, outcome], float(count))
        return family


def _answers(state: OcspState) -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "ostiary_ocsp_answers", "OCSP answers at hand, old ones too.", labels=["status"]
    )
    counts = {"good": state.good, "revoked": state.revoked, "unknown": state.unknown}
    for status, count in counts.items():
        family.add_metric([status], float(count))
    yield family
    nearest = GaugeMetricFamily(
        "ostiary_ocsp_answers_end_timestamp_seconds",
        "When the first of the good OCSP answers at hand ends, Unix time.",
    )
    if state.ends is not None:
        nearest.add_metric([], state.ends.timestamp())
    yield nearest
