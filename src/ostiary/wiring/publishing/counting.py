"""What the public listener has answered: told by its process, and by those that follow it."""

import contextlib
import json
from collections import Counter
from collections.abc import Mapping

Counts = Mapping[tuple[str, str], int]
"""By kind and outcome, as ``PublicApp.counts`` has them."""


def line_of(counts: Counts) -> bytes:
    """For ``Counting.hear``."""
    return json.dumps([(*key, count) for key, count in counts.items()]).encode() + b"\n"


class Counting:
    """Counts that go on when one process is followed by another."""

    def __init__(self) -> None:
        """Nobody has asked yet."""
        nothing: Counter[tuple[str, str]] = Counter()
        # Of the processes before, and of this one: together, as another thread looks at both.
        self._both = nothing, nothing

    def hear(self, line: bytes) -> None:
        """A line of the process that serves now: all that it has answered since its start."""
        # A fault here must not end what keeps the listener going: it would only miss counts.
        with contextlib.suppress(ValueError, TypeError):
            told = json.loads(line)
            now = Counter({(kind, outcome): count for kind, outcome, count in told})
            self._both = self._both[0], now

    def ended(self) -> None:
        """The process that follows begins with nothing."""
        self._both = Counter(self.totals()), Counter()

    def totals(self) -> Counts:
        """From any thread."""
        before, now = self._both
        return before + now
