"""What newer revocation lists change: mostly a few serial numbers."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import chain

from ostiary.trust.policy import TrustPolicy
from ostiary.trust.standing import Standing
from ostiary.x509.certificate import Certificate
from ostiary.x509.entries import NO_ENTRIES
from ostiary.x509.revocation import RevocationList

MOST_COMPARED = 50_000
"""Entries of a list; a longer one is not compared."""

Lists = frozenset[RevocationList]


def newly_listed(
    before: Standing, after: Standing, known: Iterable[Certificate], now: datetime
) -> frozenset[int] | None:
    """The serial numbers of the certificates about which ``after`` may decide otherwise.

    None: it may be anybody. So it is unless all that differs is that whole lists were followed by
    newer ones of the same authority, key and scope, with the same signer, while both hold; and
    unless each certificate that they name anew is a client's. ``known``: authorities below the
    anchors. ``now`` is aware. Slow for long lists.
    """
    if before.entries.keys() != after.entries.keys():
        return None
    pairs = {
        (old.policy.id, new.policy.id): (old.policy, new.policy)
        for scope, old in before.entries.items()
        if (new := after.entries[scope]).policy.id != old.policy.id
    }
    if not all(_same_but_lists(*pair) for pair in pairs.values()):
        return None
    sets = {(frozenset(old.crls), frozenset(new.crls)) for old, new in pairs.values()}
    anchors = {one for _, new in pairs.values() for one in new.anchors}
    authorities = (*anchors, *known)
    found: set[int] = set()
    for last, lists in sets:
        serials = _named_anew(last, lists, authorities, now)
        if serials is None:
            return None
        found |= serials
    return None if any(one.serial in found for one in authorities) else frozenset(found)


def _same_but_lists(old: TrustPolicy, new: TrustPolicy) -> bool:
    bare = replace(old, crls=()), replace(new, crls=())
    return bare[0].id == bare[1].id and old.looks_up is new.looks_up


def _named_anew(
    old: Lists, new: Lists, authorities: Iterable[Certificate], now: datetime
) -> set[int] | None:
    if any(one.base is not None for one in chain(old, new)):
        # A newer whole list changes what deltas count for.
        return None
    before, after = _by_kind(old), _by_kind(new)
    if before is None or after is None or before.keys() != after.keys():
        return None
    found: set[int] = set()
    for kind, one in after.items():
        last = before[kind]
        if last == one:
            continue
        if not _follows(last, one, authorities, now):
            return None
        found |= _differing(last, one)
    return found


def _by_kind(lists: Lists) -> Mapping[object, RevocationList] | None:
    """None: there are several about the same, and the newest counts."""
    found: dict[object, RevocationList] = {
        (one.issuer_key, one.authority_key, one.scope): one for one in lists
    }
    return found if len(found) == len(lists) else None


def _follows(
    last: RevocationList, one: RevocationList, authorities: Iterable[Certificate], now: datetime
) -> bool:
    return (
        last.fault is None
        and one.fault is None
        and last.number < one.number
        and last.holds_at(now)
        and one.holds_at(now)
        and max(last.count, one.count) <= MOST_COMPARED
        and any(
            one.is_signed_by(authority) and last.is_signed_by(authority)
            for authority in authorities
            # The text first: it is at hand.
            if authority.subject == one.issuer
        )
    )


def _differing(last: RevocationList, one: RevocationList) -> set[int]:
    found: set[int] = set()
    for issuer in last.entries.keys() | one.entries.keys():
        before, after = (each.entries.get(issuer, NO_ENTRIES) for each in (last, one))
        named = set(before.named()) ^ set(after.named())
        found |= {int.from_bytes(serial, "big", signed=True) for serial, _ in named}
    return found
