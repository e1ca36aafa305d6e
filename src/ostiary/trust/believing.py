"""Which lists count for an authority: those in its name, verified once for each key."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from ostiary.trust.series import Believed, Series, series_of
from ostiary.x509.certificate import Certificate, parse
from ostiary.x509.errors import NotACertificate
from ostiary.x509.revocation import RevocationList, is_issued_by, subject_key

Key = TypeVar("Key")
Value = TypeVar("Value")

_MOST_REMEMBERED = 1024
"""Authorities whose lists are kept at hand; beyond that they are found and verified again."""


class Library:
    """Lists by the name of their issuer, and what was verified of them so far."""

    def __init__(self, lists: Sequence[RevocationList]) -> None:
        self._by_issuer: dict[bytes, list[RevocationList]] = {}
        for one in dict.fromkeys(lists):
            self._by_issuer.setdefault(one.issuer_key, []).append(one)
        self.indirect = any(one.scope.indirect for one in lists)
        """Whether any list may tell of certificates of others than its issuer."""
        self._own: dict[bytes, tuple[bytes, tuple[Series, ...]]] = {}
        self._others: dict[tuple[bytes, ...], tuple[Series, ...]] = {}

    def named(self, issuer_key: bytes) -> Sequence[RevocationList]:
        """All lists in this name, believed or not."""
        return self._by_issuer.get(issuer_key, ())

    def own(self, issuer: Certificate) -> tuple[bytes, tuple[Series, ...]]:
        """The authority's name, and the lists in it that it or a deputy of its has signed."""
        found = self._own.get(issuer.sha256)
        if found is None:
            key = subject_key(issuer)
            found = key, series_of(self._believed(key, (issuer,)))
            _remember(self._own, issuer.sha256, found)
        return found

    def of_another(self, list_issuer: bytes, path: Sequence[Certificate]) -> tuple[Series, ...]:
        """The lists in another name, signed by somebody in ``path`` or by a deputy of theirs.

        RFC 5280 6.3.3 (f): who signs a list must lead to the same trust anchor.
        """
        key = (list_issuer, *(one.sha256 for one in path))
        found = self._others.get(key)
        if found is None:
            found = series_of(self._believed(list_issuer, path))
            _remember(self._others, key, found)
        return found

    def _believed(self, list_issuer: bytes, path: Sequence[Certificate]) -> Iterator[Believed]:
        for one in self.named(list_issuer):
            found = believed(one, path) if one.fault is None else None
            if found is not None:
                yield found


def believed(one: RevocationList, path: Sequence[Certificate]) -> Believed | None:
    """The list, if somebody in ``path`` has signed it, or has certified who did.

    That certificate stands beside the list in its file; whether it is valid depends on the time.
    """
    if any(one.is_signed_by(authority) for authority in path):
        return Believed(one)
    for der in one.signers:
        try:
            deputy = parse(der)
        except NotACertificate:
            continue
        if one.is_signed_by(deputy) and any(is_issued_by(deputy, above) for above in path):
            return Believed(one, deputy)
    return None


def _remember(memory: dict[Key, Value], key: Key, value: Value) -> None:
    if len(memory) >= _MOST_REMEMBERED:
        memory.clear()
    memory[key] = value
