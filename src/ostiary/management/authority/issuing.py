"""Certificates for devices and servers: drafted, signed, written down, and only then given out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ostiary.ca.authority import LONGEST_COMMON_NAME, IssueRefusedError
from ostiary.ca.requests import CertifiedKey, key_to_certify
from ostiary.ca.signing import Naming, Purpose, Reason
from ostiary.management.authority.errors import Exhausted, NoSuchCertificate, NotIssued, Why
from ostiary.management.authority.house import House, may_be_name
from ostiary.management.authority.orders import Certified, Order, Renewal
from ostiary.management.authority.preparing import Draft, asked, drafted, standing
from ostiary.management.authority.revoking import revoke
from ostiary.store.ledger.enrolment_records import Claim
from ostiary.store.ledger.records import OUR_OWN, Entry, Kind, SerialTaken, Written
from ostiary.x509.certificate import parse

_TRIES = 5
"""Draws of serial numbers; of 2^128, two alike are not to be expected even once."""


def issue(
    house: House, orders: Sequence[Order], claim: Claim | None = None
) -> tuple[Certified | NotIssued, ...]:
    """A certificate for each order, or why not. All that are given out are in the ledger, on disk.

    ``claim``: the use of a token for the only order; TokenSpent is raised instead of a second one.
    Raises NoAuthority, KeyStaysShut, Exhausted, and what the ledger does; nothing is issued then.
    """
    there = there_of(house, [one.name for one in orders])
    found = _without_compromised(house, _all_drafted(house, orders, there))
    signed = iter(_written(house, [one for one in found if isinstance(one, Draft)], claim))
    return tuple(next(signed) if isinstance(one, Draft) else one for one in found)


def foresee(house: House, order: Order) -> Draft | Certified:
    """What would be signed for it, or what is there already; nothing is. Raises NotIssued."""
    drafts = _all_drafted(house, [order], there_of(house, [order.name]))
    (found,) = _without_compromised(house, drafts)
    if isinstance(found, NotIssued):
        raise found
    return found


def there_of(house: House, names: Iterable[str]) -> Mapping[str, Sequence[Written]]:
    """By name, what may be in the way of another certificate: those that are good, and whatever
    the authority itself is or was called."""
    now = house.hands.clock()
    there: dict[str, list[Written]] = defaultdict(list)
    for one in house.ledger.named(filter(may_be_name, names)):
        if one.good_at(now) or one.entry.kind in OUR_OWN:
            there[one.entry.name].append(one)
    return there


def renew(house: House, renewal: Renewal) -> Certified:
    """A certificate that follows the newest one of a name; that one stays good to its end, unless
    it is to be revoked.

    Raises NoSuchCertificate, NotIssued, and what ``issue`` does.
    """
    names = [renewal.name] if may_be_name(renewal.name) else []
    ends = [one for one in house.ledger.named(names) if one.entry.kind not in OUR_OWN]
    old = next((one for one in reversed(ends) if one.revocation is None), None)
    if old is None:
        revoked = " but revoked ones" if ends else ""
        raise NoSuchCertificate(
            f"the ledger has no certificates of {renewal.name!r}{revoked} (issue one)"
        )
    if renewal.key is None and renewal.request is None:
        key = key_to_certify(parse(old.entry.der).public_key_der)
    else:
        key = asked(renewal.key, renewal.request)[1]
    certified = follow(house, old, key, renewal.days)
    if renewal.revoke_old:
        now = house.hands.clock()
        good = [one for one in ends if one.good_at(now)]
        revoke(house, good, Reason.SUPERSEDED)
    return certified


def follow(house: House, old: Written, key: CertifiedKey, days: int | None = None) -> Certified:
    """A certificate with the names and the purpose of this one, for a key.

    Raises NotIssued, and what ``issue`` does.
    """
    purpose = Purpose(old.entry.kind.value)
    draft = Draft(
        name=old.entry.name,
        naming=Naming.of_certificate(parse(old.entry.der)),
        purpose=purpose,
        key=key,
        days=house.profile.days_for(purpose, days),
        renews=old.id,
    )
    house.rules.check(draft.naming)
    (checked,) = _without_compromised(house, [draft])
    if isinstance(checked, NotIssued):
        raise checked
    (certified,) = _written(house, [draft])
    return certified


def handed_out(house: House, written: Written) -> Certified:
    """A certificate that was issued before, once more."""
    return _certified(house, written)


def _all_drafted(
    house: House, orders: Sequence[Order], there: Mapping[str, Sequence[Written]]
) -> list[Draft | Certified | NotIssued]:
    found: list[Draft | Certified | NotIssued] = []
    begun: set[str] = set()
    for order in orders:
        try:
            if not may_be_name(order.name):
                raise NotIssued(
                    Why.BAD_NAME,
                    f"{order.name[:80]!r} can't be a certificate's name",
                    f"1 to {LONGEST_COMMON_NAME} characters, none of them a control character",
                )
            if order.name in begun and not order.another:
                raise NotIssued(Why.NAME_TAKEN, f"{order.name!r} is asked for twice")
            draft = drafted(order, house.profile, house.rules)
            same = standing(order, draft, there.get(order.name, ()))
        except NotIssued as refused:
            found.append(refused)
            continue
        begun.add(order.name)
        found.append(draft if same is None else _certified(house, same))
    return found


def _without_compromised(
    house: House, found: Sequence[Draft | Certified | NotIssued]
) -> list[Draft | Certified | NotIssued]:
    """A key that somebody else has is not certified again, for whomever."""
    keys = [one.key.digest() for one in found if isinstance(one, Draft)]
    bad = house.ledger.compromised(keys, Reason.KEY_COMPROMISE.value)
    return [
        _compromised(one) if isinstance(one, Draft) and one.key.digest() in bad else one
        for one in found
    ]


def _compromised(draft: Draft) -> NotIssued:
    return NotIssued(
        Why.KEY_COMPROMISED,
        f"the key for {draft.name!r} is compromised: a certificate of it was revoked for that",
        "make a new key",
    )


def _certified(house: House, written: Written) -> Certified:
    issuer = written.entry.issuer
    chain = () if issuer is None else house.chain_of(issuer)
    return _handed_out(written.entry, chain, there_already=True)


def _handed_out(entry: Entry, chain: tuple[bytes, ...], *, there_already: bool) -> Certified:
    return Certified(
        name=entry.name,
        der=entry.der,
        serial=entry.serial,
        not_after=entry.not_after,
        chain=chain,
        there_already=there_already,
    )


def _written(
    house: House, drafts: Sequence[Draft], claim: Claim | None = None
) -> tuple[Certified, ...]:
    """Signed, and in the ledger when this returns."""
    if not drafts:
        return ()
    above = house.issuing()
    chain = house.chain_of(above.id)
    for _ in range(_TRIES):
        entries = [_signed(house, above, one) for one in drafts]
        try:
            house.ledger.write(entries, claim)
        except SerialTaken:
            continue
        return tuple(_handed_out(one, chain, there_already=False) for one in entries)
    raise Exhausted(f"the dice gave a serial number that is taken, {_TRIES} times in a row")


def _signed(house: House, above: Written, draft: Draft) -> Entry:
    hands = house.hands
    serial, now = hands.dice.serial(), hands.clock()
    try:
        signed = house.signer(above).sign(
            draft.naming, draft.key, draft.purpose, serial=serial, now=now, days=draft.days
        )
    except ValueError as error:
        raise IssueRefusedError(f"{draft.name!r} can't be certified: {error}") from error
    return Entry(
        serial=serial,
        issuer=above.id,
        kind=Kind(draft.purpose.value),
        name=draft.name,
        subject=draft.naming.subject_text(),
        not_before=signed.not_before,
        not_after=signed.not_after,
        der=signed.der,
        key=draft.key.digest(),
        issued=now,
        issued_by=hands.actor,
        renews=draft.renews,
    )
