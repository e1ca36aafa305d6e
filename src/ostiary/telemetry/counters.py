"""Counts since the gateway started: refusals, and decisions with the time they took.

Everything that becomes a key is known beforehand, so no client can make these grow.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ostiary.consumers.reason import CredentialReason
from ostiary.telemetry.events import Kind, RefusalSeen
from ostiary.trust.reason import ADMITTED_CODE, Reason, reason_of_code

OTHER = "(other)"
"""Stands for whatever is in no list."""

ADMITTED = "admitted"

LATENCY_BOUNDS = (
    0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2.0,
)  # fmt: skip
"""Seconds, upper bounds; HAProxy waits two seconds for a decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The names that may become labels: those of the configuration in force."""

    apis: frozenset[str] = frozenset()
    entries: Mapping[str, str] = field(default_factory=dict)
    """Id (16 hex digits) to name."""
    api_ids: Mapping[str, str] = field(default_factory=dict)
    """Id (16 hex digits) to name, of APIs."""
    handshakes: frozenset[str] = frozenset()
    """Sentences for which a handshake may fail."""

    def api(self, name: str) -> str:
        """The name if the configuration has it; ``OTHER``, or nothing if there was none."""
        return name if name in self.apis or not name else OTHER

    def entry(self, identity: str) -> str:
        """The entry's name, likewise."""
        return self.entries.get(identity, OTHER) if identity else ""

    def reason(self, event: RefusalSeen) -> str:
        """Why somebody was, or would have been, refused."""
        word = event.would_refuse or event.reason
        if word in _REASONS or (event.kind is not Kind.REQUEST and word in self.handshakes):
            return word
        if event.kind is not Kind.REQUEST:
            return str(event.kind.value)
        return f"http-{event.status}" if event.status in _STATUSES else OTHER


_REASONS: frozenset[str] = frozenset(
    (*(reason.value for reason in Reason), *(reason.value for reason in CredentialReason))
)
_STATUSES = frozenset((400, 401, 403, 404, 408, 413, 421, 429, 431, 500, 502, 503, 504))

REASONS_OF_EVENTS = (
    *sorted(_REASONS), *(f"http-{status}" for status in sorted(_STATUSES)),
    Kind.HANDSHAKE_FAILED.value, Kind.REQUEST_MALFORMED.value, OTHER,
)  # fmt: skip
"""What ``Vocabulary.reason`` may say, beside the sentences of handshakes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """A histogram of seconds; ``buckets[i]`` counts what took at most ``LATENCY_BOUNDS[i]`` and
    more than the bound before; the last one has no bound."""

    buckets: tuple[int, ...]
    total: float
    """Sum, seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """All counts at one moment; they only grow."""

    refusals: Mapping[tuple[str, str, str], int]
    """By (reason, API, entry); see ``Vocabulary``."""
    would_refuse: Mapping[tuple[str, str, str], int]
    """What report-only policies would have refused, likewise."""
    decisions: Mapping[str, int]
    """Of the agent: by ``admitted`` or the Reason's value."""
    latency: Latency
    """Of the agent's decisions."""


class Counters:
    """Counts for one event loop."""

    def __init__(self, vocabulary: Vocabulary | None = None) -> None:
        """Start at zero."""
        self.vocabulary = vocabulary or Vocabulary()
        self._refusals: Counter[tuple[str, str, str]] = Counter()
        self._would: Counter[tuple[str, str, str]] = Counter()
        self._decisions: Counter[int] = Counter()
        self._buckets = [0] * (len(LATENCY_BOUNDS) + 1)
        self._total = 0.0

    def refusal(self, event: RefusalSeen) -> str:
        """Count an event; gives the reason it was counted under."""
        words = self.vocabulary
        reason = words.reason(event)
        key = (reason, words.api(event.api), words.entry(event.entry))
        (self._refusals if event.refused else self._would)[key] += 1
        return reason

    def decision(self, code: int, seconds: float) -> None:
        """Count a decision of the agent: ADMITTED_CODE or the code of a Reason."""
        self._decisions[code] += 1
        self._buckets[bisect_left(LATENCY_BOUNDS, seconds)] += 1
        self._total += seconds

    def snapshot(self) -> Counted:
        """The counts as they are now; not changed afterwards."""
        decisions: Counter[str] = Counter()
        for code, count in self._decisions.items():
            decisions[verdict_word(code)] += count
        return Counted(
            refusals=MappingProxyType(dict(self._refusals)),
            would_refuse=MappingProxyType(dict(self._would)),
            decisions=MappingProxyType(dict(decisions)),
            latency=Latency(buckets=tuple(self._buckets), total=self._total),
        )


def verdict_word(code: int) -> str:
    """``admitted``, the Reason's value, or ``OTHER``."""
    if code == ADMITTED_CODE:
        return ADMITTED
    reason = reason_of_code(code)
    return reason.value if reason else OTHER
