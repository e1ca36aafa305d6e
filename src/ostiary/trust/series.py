"""Lists of one authority about one scope: the newest counts, and the delta that brings it on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ostiary.x509.certificate import Certificate
from ostiary.x509.entries import REMOVED, Revoked
from ostiary.x509.points import Scope
from ostiary.x509.revocation import RevocationList


@dataclass(frozen=True, slots=True)
class Believed:
    """A list whose signature was verified."""

    list: RevocationList
    signer: Certificate | None = None
    """Who signed in the authority's stead; that certificate has a validity of its own."""

    def begun(self, now: datetime) -> bool:
        """Whether it may be looked into at ``now``."""
        if self.signer and self.signer.not_before > now:
            return False
        return self.list.this_update <= now

    @property
    def ends(self) -> datetime:
        """When it ends, or who signed it does; a list without an end has a fault, and is never
        believed."""
        ends = self.list.next_update or self.list.this_update
        return min(ends, self.signer.not_after) if self.signer else ends


@dataclass(frozen=True, slots=True)
class Current:
    """What a series says at one moment."""

    whole: RevocationList | None
    """None: there is a delta only, which tells who is revoked, but not that anybody isn't."""
    delta: RevocationList | None
    together: bool
    """Whether the delta brings the whole list on. Else only what it revokes counts."""
    ends: datetime | None
    """Until when it may be believed that who isn't listed isn't revoked; None: never."""

    @property
    def since(self) -> datetime | None:
        """As of when it tells that who isn't listed isn't revoked; None: never."""
        newest = self.delta if self.together else self.whole
        return newest.this_update if newest else None

    def find(self, issuer_key: bytes, serial: int) -> Revoked | None:
        """What revokes the certificate. RFC 5280 6.3.3 (i) to (k): the delta first."""
        entry = self.delta.find(issuer_key, serial) if self.delta else None
        if entry is not None and (self.together or entry.reason != REMOVED):
            return None if entry.reason == REMOVED else entry
        entry = self.whole.find(issuer_key, serial) if self.whole else None
        return None if entry is None or entry.reason == REMOVED else entry


@dataclass(frozen=True, slots=True)
class Series:
    """All believed lists of one name and one scope, newest first."""

    issuer_key: bytes
    scope: Scope
    wholes: tuple[Believed, ...]
    deltas: tuple[Believed, ...]

    def at(self, now: datetime) -> Current | None:
        """What counts at ``now`` (aware); None where nothing has begun.

        A newer list supersedes an older one, whatever the older says about its own end.
        """
        whole = next((one for one in self.wholes if one.begun(now)), None)
        deltas = [one for one in self.deltas if one.begun(now)]
        if whole is None:
            newest = deltas[0].list if deltas else None
            return Current(None, newest, together=False, ends=None) if newest else None
        deltas = [one for one in deltas if one.list.number > whole.list.number]
        delta = next((one for one in deltas if _brings_on(one.list, whole.list)), None)
        if delta is None:
            newest = deltas[0].list if deltas else None
            return Current(whole.list, newest, together=False, ends=whole.ends)
        # RFC 5280 5.2.4: with the delta it is a list that ends when the delta does; by itself the
        # whole one tells until its own end, also where a later delta is missed.
        ends = max(whole.ends, delta.ends)
        return Current(whole.list, delta.list, together=True, ends=ends)

    def begins(self, now: datetime) -> Iterable[datetime]:
        """When lists to come begin."""
        every = (one.list.this_update for one in (*self.wholes, *self.deltas))
        return (begin for begin in every if begin > now)


def series_of(believed: Iterable[Believed]) -> tuple[Series, ...]:
    """Sort lists into series, those that cover everything first."""
    groups: dict[tuple[bytes, Scope], list[Believed]] = {}
    for one in believed:
        groups.setdefault((one.list.issuer_key, one.list.scope), []).append(one)
    found = [
        Series(
            issuer_key,
            scope,
            newest_first([one for one in group if one.list.base is None]),
            newest_first([one for one in group if one.list.base is not None]),
        )
        for (issuer_key, scope), group in groups.items()
    ]
    return tuple(sorted(found, key=lambda one: not one.scope.whole))


def newest_first(lists: Sequence[Believed]) -> tuple[Believed, ...]:
    """By number, then by beginning; where one has no number, the beginning alone must do.

    RFC 5280 5.2.3: numbers only grow, so a list that goes back is an old one. Of two that say the
    same of their age their digests decide: not the order in which somebody named them.
    """
    numbered = all(one.list.number >= 0 for one in lists)

    def age(one: Believed) -> tuple[float, float, bytes]:
        since, number, digest = (
            one.list.this_update.timestamp(),
            one.list.number,
            one.list.sha256,
        )
        return (number, since, digest) if numbered else (since, number, digest)

    return tuple(sorted(lists, key=age, reverse=True))


def _brings_on(delta: RevocationList, whole: RevocationList) -> bool:
    """RFC 5280 5.2.4, 6.3.3 (c): of the same key, begun at or before the whole, and newer."""
    same_key = delta.authority_key == whole.authority_key
    return same_key and delta.base is not None and delta.base <= whole.number < delta.number
