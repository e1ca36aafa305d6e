"""Certificates of the ledger found by what people know of them, and revoked for good."""

import re
from collections.abc import Sequence

from ostiary.ca.signing import Reason
from ostiary.management.authority.errors import NoSuchCertificate
from ostiary.management.authority.house import House, may_be_name
from ostiary.store.ledger.records import OUR_OWN, Kind, Revocation, Written

_HEX = re.compile(r"(?:0[xX])?([0-9A-Fa-f]{1,64})")


def sought(house: House, given: str) -> tuple[Written, ...]:
    """The certificate of a serial number or SHA-256 (hex, with or without colons), or all of a
    name. Raises NoSuchCertificate.

    The number first: a device that is named like another one's number must not stand for it.
    """
    one = _numbered(house, given)
    found = (one,) if one else house.ledger.named([given] if may_be_name(given) else ())
    if not found:
        raise _unknown(given)
    return found


def numbered(house: House, given: str) -> Written:
    """The one of a serial number or SHA-256, likewise; names mean nothing."""
    found = _numbered(house, given)
    if found is None:
        raise _unknown(given)
    return found


def _numbered(house: House, given: str) -> Written | None:
    digits = _HEX.fullmatch(given.strip().replace(":", ""))
    if digits is None:
        return None
    found = house.ledger.of_serial(int(digits[1], 16))
    if found is None and len(digits[1]) == 64:
        found = house.ledger.of_fingerprint(bytes.fromhex(digits[1]))
    return found


def _unknown(given: str) -> NoSuchCertificate:
    return NoSuchCertificate(
        f"the ledger has no certificate with the name, serial number or fingerprint {given!r} "
        "(see: ostiary ca list)"
    )


def of_content(house: House, fingerprint: bytes, told: str) -> Written:
    """The entry of this very certificate; ``told`` is what people call it.

    Raises NoSuchCertificate.
    """
    found = house.ledger.of_fingerprint(fingerprint)
    if found is None:
        raise NoSuchCertificate(f"{told} was not issued by this authority")
    return found


def good_namesakes(house: House, one: Written) -> tuple[Written, ...]:
    """The other certificates of its name that are good; none of the authority's own."""
    now = house.hands.clock()
    return tuple(
        other
        for other in house.ledger.named([one.entry.name])
        if other.id != one.id and other.good_at(now) and other.entry.kind not in OUR_OWN
    )


def revoke(house: House, several: Sequence[Written], reason: Reason) -> tuple[Written, ...]:
    """Those of them that were not revoked before; on disk when this returns.

    Revoked ones stay as they are. Raises NoSuchCertificate for a root, which no list can name;
    FileTrouble or KeyStaysShut for an issuing authority without the root's key.
    """
    if any(one.entry.kind is Kind.ROOT for one in several):
        raise NoSuchCertificate(
            "a root can't be revoked: nobody stands above it (trust it no more: ostiary trust "
            "remove)"
        )
    if any(one.entry.kind is Kind.ISSUING for one in several):
        # Only the root's list can tell of it.
        house.signer(house.root())
    new = tuple(one for one in several if one.revocation is None)
    now = house.hands.clock()
    revocation = Revocation(at=now, reason=reason.value, by=house.hands.actor)
    house.ledger.revoke([one.id for one in new], revocation)
    return new
