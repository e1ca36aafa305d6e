"""Which rows of the engine's table say whose a certificate is, and what could change that."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from ostiary.consumers.certificates import CertificateCredential, CertificateRule
from ostiary.consumers.changes import Changed
from ostiary.consumers.model import CredentialType
from ostiary.trust.names.facts import Facts
from ostiary.trust.names.refusal import PatternRefused
from ostiary.trust.names.rules import fingerprint_of, serial_of
from ostiary.wiring.told import RowOf

CAPACITY: Final = 50_000
"""Certificates remembered, 2 KB each."""
_MOST_OF_ONE: Final = 256
"""Rows of one certificate: beyond these, in other workers and APIs, all are forgotten together."""


@dataclass(slots=True)
class _Known:
    handles: frozenset[str]
    """By what it is found: see ``_handles``."""
    rows: dict[RowOf, int] = field(default_factory=dict)
    """With the time until which each may hold, Unix seconds."""


class ToldCertificates:
    """The rows told to the engine that may still hold, by certificate. One event loop uses it.

    What had to be forgotten is remembered as a time: before that, nobody can say what is missing.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        """Nothing was told yet."""
        self._capacity = capacity
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._by_handle: dict[str, set[str]] = {}
        self._complete_from = 0

    def note(
        self,
        facts: Facts,
        fitting: Iterable[CertificateCredential],
        row: RowOf,
        *,
        now: int,
        until: int,
    ) -> None:
        """A worker may remember in this row and until then (Unix seconds) whose the certificate
        is, to which these credentials fit."""
        name, handles = facts.fingerprint, frozenset(_handles(facts, fitting))
        rows = self._drop(name)
        if len(rows) >= _MOST_OF_ONE:
            rows = {one: end for one, end in rows.items() if end > now}
        rows[row] = max(until, rows.get(row, 0))
        if len(rows) > _MOST_OF_ONE:
            self._complete_from = max(self._complete_from, *rows.values())
            return
        self._known[name] = _Known(handles, rows)
        for handle in handles:
            self._by_handle.setdefault(handle, set()).add(name)
        while len(self._known) > self._capacity:
            gone = self._drop(next(iter(self._known)))
            self._complete_from = max(self._complete_from, *gone.values())

    def rows_of(
        self, changed: Changed, now: int, current: Iterable[CertificateCredential]
    ) -> frozenset[RowOf] | None:
        """The rows that may not be true any more; None: there may be others.

        ``current``: what became of the credentials that changed. Certificates that these fit now
        are looked for by fingerprint and serial number; for any other rule all are meant.
        """
        if now < self._complete_from:
            return None
        handles = {f"consumer {one}" for one in changed.consumers}
        for kind, name in changed.credentials:
            if kind is CredentialType.CERTIFICATE:
                handles.add(f"credential {name}")
        for rule in (rule for one in current for rule in one.rules):
            handle = _handle_of(rule)
            if handle is None:
                return frozenset(row for known in self._known.values() for row in known.rows)
            handles.add(handle)
        names = {name for handle in handles for name in self._by_handle.get(handle, ())}
        return frozenset(row for name in names for row in self._known[name].rows)

    def _drop(self, name: str) -> dict[RowOf, int]:
        known = self._known.pop(name, None)
        if known is None:
            return {}
        for handle in known.handles:
            others = self._by_handle[handle]
            others.discard(name)
            if not others:
                del self._by_handle[handle]
        return known.rows


def _handles(facts: Facts, fitting: Iterable[CertificateCredential]) -> Iterator[str]:
    yield f"serial {facts.serial:x}"
    for fingerprint in facts.fingerprints:
        yield f"fingerprint {fingerprint}"
    for one in fitting:
        yield f"credential {one.known.credential.id}"
        yield f"consumer {one.known.consumer.id}"


def _handle_of(rule: CertificateRule) -> str | None:
    """What a certificate must have to which the rule fits; None: more than can be looked up."""
    try:
        if rule.fingerprint is not None:
            return f"fingerprint {fingerprint_of(rule.fingerprint)}"
        return f"serial {serial_of(rule.serial):x}" if rule.serial is not None else None
    except PatternRefused:
        return None
