"""What is published is made anew in time: lists, and the certificates that answer OCSP."""

import hashlib
from collections.abc import Iterator

from ostiary.ca.ocsp import NoResponder, Responder
from ostiary.ca.requests import key_to_certify
from ostiary.ca.signing import naming_of
from ostiary.kernel.errors import OstiaryError
from ostiary.management.authority.house import House
from ostiary.management.authority.orders import ListOf, Renewed
from ostiary.management.authority.public import is_due
from ostiary.management.authority.publishing import list_of, publish, told_of
from ostiary.store.files import FileTrouble, Trouble, read_bounded
from ostiary.store.ledger.records import Entry, Kind, Written
from ostiary.x509.certificate import parse
from ostiary.x509.keys import KeyKind

LARGEST_RESPONDER = 64 * 1024
"""Bytes of the file with key and certificate."""
_LONGEST_BEFORE = 59


def renew_due(house: House) -> Renewed:
    """Make anew whatever lacks, or has half of its time behind it.

    Each authority stands alone: what can't be made for one is told in ``faults``. Raises what the
    ledger does.
    """
    now = house.hands.clock()
    going = [one for one in house.authorities() if one.entry.not_after >= now]
    lists: list[ListOf] = []
    responders: list[Written] = []
    faults: list[OstiaryError] = []
    for one in going:
        try:
            if _list_is_due(house, one):
                lists.append(list_of(house, _with_key(house, one)))
            if _responder_is_due(house, one):
                responders.append(new_responder(house, _with_key(house, one)))
        except OstiaryError as error:
            faults.append(error)
    files = publish(house, tuple(_newest(house, going))) if lists else ()
    return Renewed(
        lists=tuple(lists), responders=tuple(responders), files=files, faults=tuple(faults)
    )


def new_responder(house: House, authority: Written) -> Written:
    """A new key with a certificate to answer OCSP with; in the ledger, then in its file.

    It lasts as long as the authority's lists do. Raises KeyStaysShut, FileTrouble, SerialTaken.
    """
    now, settings = house.hands.clock(), house.profile.crl
    days = settings.root_days if authority.entry.kind is Kind.ROOT else settings.days
    key = house.hands.dice.key(KeyKind.EC)
    name = f"{authority.entry.name[:_LONGEST_BEFORE]} OCSP"
    signed = house.signer(authority).sign_responder(
        naming_of(name, {}, ()),
        key_to_certify(key.public_der()),
        serial=house.hands.dice.serial(),
        now=now,
        days=days,
    )
    certificate = parse(signed.der)
    entry = Entry(
        serial=certificate.serial,
        issuer=authority.id,
        kind=Kind.RESPONDER,
        name=name,
        subject=certificate.subject,
        not_before=signed.not_before,
        not_after=signed.not_after,
        der=signed.der,
        key=hashlib.sha256(certificate.public_key_der).digest(),
        issued=now,
        issued_by=house.hands.actor,
    )
    house.ledger.write([entry])
    house.place.keep_responder(authority.fingerprint, key.pem() + certificate.pem)
    return Written(0, entry, certificate.sha256, None)


def _list_is_due(house: House, authority: Written) -> bool:
    files = house.place.public
    last = house.ledger.last_list(authority.id)
    if last is None or not files.whole(authority.fingerprint).exists():
        return True
    published = house.addresses(authority.fingerprint) is not None
    if published and not files.delta(authority.fingerprint).exists():
        return True
    return is_due(last.this_update, last.next_update, house.hands.clock())


def _responder_is_due(house: House, authority: Written) -> bool:
    try:
        pem = read_bounded(
            house.place.public.responder(authority.fingerprint), limit=LARGEST_RESPONDER
        )
        found = Responder(pem).certificate
    except (FileTrouble, NoResponder):
        return True
    written = house.ledger.of_fingerprint(found.sha256)
    if written is None or not written.good_at(house.hands.clock()):
        return True
    return is_due(found.not_before, found.not_after, house.hands.clock())


def _with_key(house: House, authority: Written) -> Written:
    if house.place.has_key(authority.fingerprint):
        return authority
    raise FileTrouble(
        house.place.public.key(authority.fingerprint),
        Trouble.MISSING,
        f"the key of {authority.entry.name!r} is not here, so its list and OCSP certificate can't "
        "be made anew (bring the key back into 'keys')",
    )


def _newest(house: House, going: list[Written]) -> Iterator[ListOf]:
    """The last list of each, though it may have ended: another authority's is no worse for that."""
    for one in going:
        last = house.ledger.last_list(one.id)
        if last is not None and house.place.public.whole(one.fingerprint).exists():
            yield told_of(one, last, house.place.kept_list(one.fingerprint))
