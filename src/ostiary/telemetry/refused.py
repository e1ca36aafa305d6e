"""Certificates refused lately, whole, so that a preview can judge them by other policies."""

import threading
from collections import OrderedDict

from ostiary.telemetry.seen import Remembered

MOST = 4_096
MOST_BYTES = 16 * 1024 * 1024


class Refusals:
    """A bounded memory, the longest unseen out first; from any thread."""

    def __init__(self, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        """At most ``most`` certificates with ``most_bytes`` of DER together."""
        self._most = most
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[bytes, Remembered] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, fingerprint: bytes, shown: Remembered) -> None:
        """Remember, in place of what was shown under the same fingerprint before."""
        with self._lock:
            self._drop(fingerprint)
            self._kept[fingerprint] = shown
            self._bytes += shown.size
            while len(self._kept) > self._most or self._bytes > self._most_bytes:
                self._bytes -= self._kept.popitem(last=False)[1].size

    def drop(self, fingerprint: bytes) -> None:
        """Forget one: it is admitted now."""
        with self._lock:
            self._drop(fingerprint)

    def find(self, fingerprint: bytes) -> Remembered | None:
        """What was shown, if it is still here."""
        with self._lock:
            return self._kept.get(fingerprint)

    def _drop(self, fingerprint: bytes) -> None:
        old = self._kept.pop(fingerprint, None)
        if old is not None:
            self._bytes -= old.size
