"""Failed credentials: how many are looked at before somebody has to wait."""

import threading
from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from ostiary.management.errors import TooManyAttempts

FREE_FAILURES = 5
"""From one address, before it has to wait."""
LONGEST_WAIT = timedelta(minutes=15)
OVERALL_FAILURES = 100
"""In a minute, from all addresses that never showed a good credential."""

_MINUTE = timedelta(minutes=1)
_FORGOTTEN_AFTER = timedelta(hours=1)
_MOST_ADDRESSES = 10_000


@dataclass(slots=True)
class _Record:
    failures: int
    last: datetime


class Attempts:
    """Counts failures by address, and overall. For any number of threads."""

    def __init__(self, *, overall: bool = True) -> None:
        """``overall``: whether many failures of some make all others wait, too."""
        self._records: OrderedDict[str, _Record] = OrderedDict()
        self._good: OrderedDict[str, None] = OrderedDict()
        self._overall: deque[datetime] = deque(maxlen=OVERALL_FAILURES if overall else 0)
        self._lock = threading.Lock()

    def refuse(self, address: str, now: datetime) -> None:
        """Raises TooManyAttempts where this address has to wait; its secret isn't looked at."""
        with self._lock:
            until = max(self._own(address, now), self._of_all(address, now))
        if until > now:
            raise TooManyAttempts(-(-(until - now) // timedelta(seconds=1)))

    def failed(self, address: str, now: datetime) -> None:
        """Another failure."""
        with self._lock:
            record = self._records.pop(address, None)
            if record is None or now - record.last > _FORGOTTEN_AFTER:
                record = _Record(0, now)
            record.failures, record.last = record.failures + 1, now
            self._records[address] = record
            self._overall.append(now)
            while len(self._records) > _MOST_ADDRESSES:
                self._records.popitem(last=False)

    def succeeded(self, address: str) -> None:
        """A good credential: the address begins anew, and isn't held up by what others do."""
        with self._lock:
            self._records.pop(address, None)
            self._good.pop(address, None)
            self._good[address] = None
            while len(self._good) > _MOST_ADDRESSES:
                self._good.popitem(last=False)

    def _own(self, address: str, now: datetime) -> datetime:
        record = self._records.get(address)
        if record is None or record.failures < FREE_FAILURES:
            return now
        seconds = 1 << min(record.failures - FREE_FAILURES, 20)
        return record.last + min(timedelta(seconds=seconds), LONGEST_WAIT)

    def _of_all(self, address: str, now: datetime) -> datetime:
        if address in self._good or len(self._overall) < OVERALL_FAILURES:
            return now
        return self._overall[0] + _MINUTE
