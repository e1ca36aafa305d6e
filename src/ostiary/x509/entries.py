"""The entries of a revocation list, kept small: a million of them take about 30 MB.

Records stand side by side in one bytes object for each length of serial number, sorted, so that
one is found by bisection without making an object for each.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

REMOVED = "removeFromCRL"
"""The reason that takes a certificate off the list again (RFC 5280 5.3.1), in delta lists."""

# Sorted behind all others, so that of two entries with one serial number the one that revokes
# is found.
_REASONS = (
    "unspecified",
    "keyCompromise",
    "cACompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "certificateHold",
    "privilegeWithdrawn",
    "aACompromise",
    REMOVED,
)
_NUMBERS = {reason: number for number, reason in enumerate(_REASONS)}
_SECONDS = 5
"""Octets of the date: signed seconds since 1970, enough for every year X.509 can write."""
_TAIL = 1 + _SECONDS
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Revoked:
    """One certificate's entry in a list."""

    date: datetime
    """Aware, UTC."""
    reason: str
    """As RFC 5280 5.3.1 writes it (``keyCompromise``); ``unspecified`` where nothing is said."""


@dataclass(frozen=True, slots=True)
class Entries:
    """What one list says of the certificates of one authority."""

    records: Mapping[int, bytes]
    """By octets of the serial number: the records, sorted. Each is the serial number (signed, big
    end first), the number of the reason, and the date."""

    @property
    def count(self) -> int:
        """How many entries."""
        return sum(len(records) // (octets + _TAIL) for octets, records in self.records.items())

    def find(self, serial: int) -> Revoked | None:
        """The entry of this serial number."""
        key = _octets(serial)
        records = self.records.get(len(key))
        if records is None:
            return None
        octets, size = len(key), len(key) + _TAIL
        numbers = range(len(records) // size)
        place = bisect_left(numbers, key, key=lambda n: records[n * size : n * size + octets])
        at = place * size
        if records[at : at + octets] != key:
            return None
        seconds = int.from_bytes(records[at + octets + 1 : at + size], "big", signed=True)
        return Revoked(_EPOCH + seconds * _SECOND, _REASONS[records[at + octets]])

    def named(self) -> Iterator[tuple[bytes, int]]:
        """Each serial number, as DER has it, with the number of its reason."""
        for octets, records in self.records.items():
            for at in range(0, len(records), octets + _TAIL):
                yield records[at : at + octets], records[at + octets]

    def revoking(self) -> Iterator[bytes]:
        """The serial numbers that are revoked, as DER has them."""
        removed = _NUMBERS[REMOVED]
        return (serial for serial, reason in self.named() if reason != removed)


NO_ENTRIES = Entries({})


class EntriesBuilder:
    """Collects entries; of a list with a million, so nothing is kept that isn't needed."""

    def __init__(self) -> None:
        self._found: dict[int, list[bytes]] = {}

    def add(self, serial: int, date: datetime, reason: str) -> None:
        """Take one entry; ``date`` is aware."""
        self.add_record(_octets(serial), tail_of(date, reason))

    def add_record(self, serial: bytes, tail: bytes) -> None:
        """The same, with the serial number as DER has it, and ``tail_of`` the rest."""
        records = self._found.get(len(serial))
        if records is None:
            records = self._found[len(serial)] = []
        records.append(serial + tail)

    def entries(self) -> Entries:
        """Everything taken so far, sorted; the builder is empty afterwards."""
        found = {}
        for octets in list(self._found):
            records = self._found.pop(octets)
            records.sort()
            found[octets] = b"".join(records)
        return Entries(found)


def tail_of(date: datetime, reason: str) -> bytes:
    """What stands behind the serial number in a record; ``date`` is aware."""
    seconds = (date - _EPOCH) // _SECOND
    return bytes((_NUMBERS[reason],)) + seconds.to_bytes(_SECONDS, "big", signed=True)


def entries_of(revoked: Iterable[tuple[int, Revoked]]) -> Entries:
    """Entries by serial number."""
    builder = EntriesBuilder()
    for serial, one in revoked:
        builder.add(serial, one.date, one.reason)
    return builder.entries()


def _octets(serial: int) -> bytes:
    """As DER has it; RFC 5280 4.1.2.2 asks readers to bear with zero and negative ones."""
    return serial.to_bytes((serial + (serial < 0)).bit_length() // 8 + 1, "big", signed=True)
