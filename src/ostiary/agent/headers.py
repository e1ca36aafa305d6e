"""Headers with certificates: decoded once, and remembered.

Workers ask about the same header, each until it was told; and again when a verdict has ended.
"""

import contextlib
import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, TypeAlias

from ostiary.agent.facts import Facts, facts_of, header_hash
from ostiary.forwarded.decode import decode
from ostiary.forwarded.formats import HeaderFormat
from ostiary.forwarded.outcome import FaultKind, Forwarded, HeaderFault
from ostiary.trust.reason import Reason
from ostiary.x509.certificate import parse
from ostiary.x509.errors import NotACertificate

CAPACITY: Final = 2048
"""Headers remembered: 8 MB with certificates of usual size, 40 MB at most."""

_LARGEST_KEPT: Final = 8_192
"""Bytes of a header; a larger one is decoded each time, to keep the memory bounded."""

_REASONS: Final = {
    FaultKind.MALFORMED: Reason.HEADER_MALFORMED,
    FaultKind.REPEATED: Reason.HEADER_REPEATED,
    FaultKind.TOO_LARGE: Reason.HEADER_TOO_LARGE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable:
    """A header with a certificate in it, not yet judged."""

    leaf: bytes
    """DER."""
    chain: tuple[bytes, ...]
    facts: Facts
    actions: bytes
    """``facts.actions``, encoded once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """A header with nothing in it that could be judged."""

    reason: Reason
    detail: str
    facts: Facts
    """Empty but for the header's hash."""
    actions: bytes


Read: TypeAlias = Readable | Unusable


class Headers:
    """Reads headers, and remembers the latest. One event loop uses it."""

    __slots__ = ("_capacity", "_kept")

    def __init__(self, capacity: int = CAPACITY) -> None:
        """Nothing is remembered yet."""
        self._capacity = capacity
        self._kept: OrderedDict[tuple[bytes, HeaderFormat], Read] = OrderedDict()

    def read(self, value: bytes, written: HeaderFormat) -> Read:
        """What the header holds; never raises."""
        key = (hashlib.sha256(value).digest(), written)
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found
        found = _read(value, written)
        if len(value) <= _LARGEST_KEPT:
            self._kept[key] = found
            while len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
        return found


def _read(value: bytes, written: HeaderFormat) -> Read:
    header = header_hash(value)
    facts = Facts(header=header)
    match decode(value, written):
        case HeaderFault(kind=kind, detail=detail):
            reason = _REASONS[kind]
            return Unusable(reason=reason, detail=detail, facts=facts, actions=facts.actions)
        case Forwarded(leaf=leaf, chain=chain):
            with contextlib.suppress(NotACertificate):  # the judge says what is wrong with it
                facts = facts_of(header, parse(leaf))
            return Readable(leaf=leaf, chain=chain, facts=facts, actions=facts.actions)
