"""What revocation lists name that they did not name before."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ostiary.x509.entries import REMOVED, Revoked
from ostiary.x509.revocation import RevocationList

MOST_COMPARED = 100_000
"""Entries of one authority's lists that are looked at one by one: a quarter of a second."""

MOST_NAMED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Certificates of one issuer that were revoked."""

    issuer: str
    """RFC 4514."""
    count: int
    named: tuple[tuple[int, Revoked], ...]
    """Serial numbers and entries of some of them; of lists too long to compare, none."""


def news_of(before: Iterable[RevocationList], after: Iterable[RevocationList]) -> Iterator[News]:
    """Compare the lists of each issuer whose lists were known before.

    Of an issuer whose first list this is nothing is told: its whole past would be news.
    """
    old, new = _by_issuer(before), _by_issuer(after)
    for key, lists in new.items():
        known = old.get(key)
        if known is None or {one.sha256 for one in known} == {one.sha256 for one in lists}:
            continue
        if max(_count(known, key), _count(lists, key)) > MOST_COMPARED:
            found = News(
                issuer=lists[0].issuer, count=_count(lists, key) - _count(known, key), named=()
            )
        else:
            found = _compared(key, known, lists)
        if found.count > 0:
            yield found


def _by_issuer(lists: Iterable[RevocationList]) -> dict[bytes, list[RevocationList]]:
    found: dict[bytes, list[RevocationList]] = {}
    for one in lists:
        if one.fault is None:
            for key in one.entries:
                found.setdefault(key, []).append(one)
    return found


def _count(lists: Iterable[RevocationList], key: bytes) -> int:
    return max((one.entries[key].count for one in lists), default=0)


def _compared(key: bytes, before: list[RevocationList], after: list[RevocationList]) -> News:
    fresh = _serials(after, key) - _serials(before, key)
    named = []
    for serial in sorted(fresh)[:MOST_NAMED]:
        number = int.from_bytes(serial, "big", signed=True)
        entry = next(
            found
            for one in after
            if (found := one.find(key, number)) is not None and found.reason != REMOVED
        )
        named.append((number, entry))
    issuer = next((one.issuer for one in after if one.issuer_key == key), after[0].issuer)
    return News(issuer=issuer, count=len(fresh), named=tuple(named))


def _serials(lists: Iterable[RevocationList], key: bytes) -> set[bytes]:
    return {serial for one in lists for serial in one.entries[key].revoking()}
