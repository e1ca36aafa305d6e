"""Revocation lists: made, numbered, kept, and written where a gateway reads them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from ostiary.ca.packing import pem_of_list
from ostiary.ca.signing import Reason
from ostiary.management.authority.house import House
from ostiary.management.authority.orders import ListOf
from ostiary.store.files import FileTrouble, Trouble, write_atomically
from ostiary.store.ledger.records import Kind, ListMade, Written
from ostiary.x509.errors import NotACrl
from ostiary.x509.revocation import RevocationList, parse_revocation_list

_PUBLIC = 0o644


def make_lists(house: House, days: int | None = None) -> tuple[ListOf, ...]:
    """A new list of every authority that hasn't ended, the root first.

    An authority whose key is elsewhere keeps the list it has, while that is good. ``days``: until
    the next is due; else as the profile says. Raises FileTrouble, KeyStaysShut, and what the
    ledger does.
    """
    now = house.hands.clock()
    going = [one for one in house.authorities() if one.entry.not_after >= now]
    return tuple(list_of(house, one, days) for one in going)


def publish(house: House, lists: Sequence[ListOf], more: Iterable[Path] = ()) -> tuple[Path, ...]:
    """Write all of these lists, PEM, into each file of the profile and each of ``more``; whole or
    not at all. Which files those are.

    A file that can't be written keeps no other from being written: whoever follows that one must
    learn who is revoked. Raises FileTrouble for the first of them, at the end.
    """
    content = b"".join(pem_of_list(one.der) for one in lists)
    ours = (house.place.folder / name for name in house.profile.crl.files)
    files = tuple(dict.fromkeys([*ours, *more]))
    troubles: list[FileTrouble] = []
    for path in files:
        try:
            write_atomically(path, content, mode=_PUBLIC)
        except FileTrouble as trouble:
            troubles.append(trouble)
    if troubles:
        raise troubles[0]
    return files


def list_of(house: House, authority: Written, days: int | None = None) -> ListOf:
    """A new list of one authority, and its delta where it is published.

    Raises what ``make_lists`` does.
    """
    if not house.place.has_key(authority.fingerprint):
        return _kept(house, authority)
    settings = house.profile.crl
    usual = settings.root_days if authority.entry.kind is Kind.ROOT else settings.days
    now = house.hands.clock()
    signer = house.signer(authority)
    before = house.ledger.last_list(authority.id)
    made = house.ledger.begin_list(authority.id, now, now + timedelta(days=days or usual))
    # RFC 5280 3.3: an entry stays until a list was made after the certificate's end.
    since = before.this_update if before else None
    revoked = tuple(
        (serial, one.at, Reason(one.reason))
        for serial, one in house.ledger.revoked(authority.id, since)
    )
    der = signer.list_of(revoked, number=made.number, now=made.this_update, until=made.next_update)
    house.place.keep_list(authority.fingerprint, der)
    if house.addresses(authority.fingerprint) is None:
        house.place.forget_delta(authority.fingerprint)
    else:
        _keep_delta(house, authority, _Whole(made, revoked, der))
    return told_of(authority, made, der)


@dataclass(frozen=True, slots=True)
class _Whole:
    """A whole list that was made just now."""

    made: ListMade
    revoked: Sequence[tuple[int, datetime, Reason]]
    der: bytes


def _keep_delta(house: House, authority: Written, whole: _Whole) -> None:
    """What came after a whole list that somebody may still have (RFC 5280 5.2.4).

    By comparing the lists themselves: a clock that was set back hides nothing.
    """
    base = _base_of(house, authority)
    if base is None or not _may_begin(base, whole.made):
        base, base_der = parse_revocation_list(whole.der), whole.der
    else:
        base_der = None
    new = [one for one in whole.revoked if base.find(base.issuer_key, one[0]) is None]
    delta = house.signer(authority).delta_of(
        new,
        base=base.number,
        number=whole.made.number,
        now=whole.made.this_update,
        until=whole.made.next_update,
    )
    house.place.keep_delta(authority.fingerprint, delta, base=base_der)


def _base_of(house: House, authority: Written) -> RevocationList | None:
    """None: there is none, or none that can be read. Deltas are no reason to make no list."""
    try:
        kept = house.place.kept_base(authority.fingerprint)
        return None if kept is None else parse_revocation_list(kept)
    except (FileTrouble, NotACrl):
        return None


def _may_begin(base: RevocationList, made: ListMade) -> bool:
    """A ledger that was taken back counts from a lower number again."""
    return base.holds_at(made.this_update) and base.number < made.number


def _kept(house: House, authority: Written) -> ListOf:
    """Its last list, which must still hold."""
    last = house.ledger.last_list(authority.id)
    if last is None or last.next_update <= house.hands.clock():
        raise FileTrouble(
            house.place.folder,
            Trouble.MISSING,
            f"the key of {authority.entry.name!r} is not here, and its last list has ended "
            "(bring the key back into 'keys' and make the lists again)",
        )
    return told_of(authority, last, house.place.kept_list(authority.fingerprint))


def told_of(authority: Written, made: ListMade, der: bytes) -> ListOf:
    """A list as it is told to people."""
    return ListOf(
        name=authority.entry.name, number=made.number, next_update=made.next_update, der=der
    )
