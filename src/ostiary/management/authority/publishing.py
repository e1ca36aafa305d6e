"""Revocation lists: made, numbered, kept, and written where a gateway reads them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from ostiary.ca.packing import pem_of_list
from ostiary.ca.signing import Reason
from ostiary.management.authority.house import House
from ostiary.management.authority.orders import ListOf
from ostiary.store.files import FileTrouble, Trouble, write_atomically
from ostiary.store.ledger.records import Kind, Written

_PUBLIC = 0o644


def make_lists(house: House, days: int | None = None) -> tuple[ListOf, ...]:
    """A new list of every authority that hasn't ended, the root first.

    An authority whose key is elsewhere keeps the list it has, while that is good. ``days``: until
    the next is due; else as the profile says. Raises FileTrouble, KeyStaysShut, and what the
    ledger does.
    """
    now = house.hands.clock()
    going = [one for one in house.authorities() if one.entry.not_after >= now]
    return tuple(_list_of(house, one, days) for one in going)


def publish(house: House, lists: Sequence[ListOf], more: Iterable[Path] = ()) -> tuple[Path, ...]:
    """Write all of these lists, PEM, into each file of the profile and each of ``more``; whole or
    not at all. Which files those are. Raises FileTrouble."""
    content = b"".join(pem_of_list(one.der) for one in lists)
    ours = (house.place.folder / name for name in house.profile.crl.files)
    files = tuple(dict.fromkeys([*ours, *more]))
    for path in files:
        write_atomically(path, content, mode=_PUBLIC)
    return files


def _list_of(house: House, authority: Written, days: int | None) -> ListOf:
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
    revoked = house.ledger.revoked(authority.id, since)
    der = signer.list_of(
        ((serial, one.at, Reason(one.reason)) for serial, one in revoked),
        number=made.number,
        now=made.this_update,
        until=made.next_update,
    )
    house.place.keep_list(authority.fingerprint, der)
    return _told(authority, made.number, made.next_update, der)


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
    return _told(
        authority, last.number, last.next_update, house.place.kept_list(authority.fingerprint)
    )


def _told(authority: Written, number: int, next_update: datetime, der: bytes) -> ListOf:
    return ListOf(name=authority.entry.name, number=number, next_update=next_update, der=der)
