"""Devices that ask for their certificates themselves: by a token, or by a certificate they have.

A token is used for one content, which is a key with its names: whoever repeats what he asked (an
answer was lost, an operator had to be waited for) gets the same answer, and nothing else.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ostiary.ca.authority import IssueRefusedError
from ostiary.ca.requests import Request, read_request
from ostiary.ca.signing import Naming, Purpose
from ostiary.management.authority.binding import refuse_registrar, refuse_unbound
from ostiary.management.authority.errors import BadToken, NotIssued, Why
from ostiary.management.authority.house import House
from ostiary.management.authority.inviting import is_for
from ostiary.management.authority.issuing import follow, handed_out, issue
from ostiary.management.authority.orders import Certified, Order
from ostiary.management.authority.preparing import naming_in
from ostiary.store.ledger.enrolment_records import (
    Claim,
    KeptRequest,
    KeptToken,
    NewRequest,
    RequestState,
    TokenSpent,
)
from ostiary.store.ledger.records import Kind, Written
from ostiary.trust.names.pattern import Pattern
from ostiary.x509.certificate import parse

_ENDS = frozenset({Kind.CLIENT, Kind.SERVER})
"""What may be renewed by whoever has it: nothing that is the authority's own."""


@dataclass(frozen=True, slots=True)
class Invited:
    """Who shows a token."""

    token: KeptToken
    approval: bool
    """Whether an operator is asked."""


@dataclass(frozen=True, slots=True)
class Registrar:
    """Who shows a certificate of this authority, and may ask for those of others."""

    certificate: Written
    approval: bool
    """Whether an operator is asked each time."""


Bearer: TypeAlias = Invited | Registrar


@dataclass(frozen=True, slots=True)
class Waiting:
    """An operator has to decide; ask again later."""

    request: int
    new: bool = False
    """Whether nobody had asked for it before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    order: Order
    read: Request
    naming: Naming
    content: bytes
    by: str


def enrol(
    house: House,
    bearer: Bearer,
    request: bytes,
    purpose: Purpose | None = None,
    *,
    registrars: Sequence[Pattern] = (),
) -> Certified | Waiting:
    """A first certificate for whoever asks (RFC 7030 4.2.1), or operators are asked about it.

    ``request``: PKCS#10. ``purpose``: what is asked for; else what the token is for, or a client.
    ``registrars``: names that nobody gets so. Raises NotIssued, BadToken, TooManyWaiting, and what
    ``issue`` does.
    """
    asked = _asked(bearer, request, purpose)
    refuse_registrar(registrars, asked.naming)
    match bearer:
        case Invited(token, approval):
            return _by_token(house, token, asked, approval=approval)
        case Registrar(_, approval):
            return _by_certificate(house, asked, approval=approval)


def reenrol(house: House, old: Written, request: bytes) -> Certified:
    """The next certificate of whoever shows ``old``: the same names, the same or another key.

    RFC 7030 4.2.2: the subject and the alternative names MUST be identical. Raises NotIssued, and
    what ``issue`` does.
    """
    if old.entry.kind not in _ENDS or not old.good_at(house.hands.clock()):
        raise NotIssued(
            Why.NOT_GOOD,
            f"the certificate of {old.entry.name!r} is revoked, has ended, or is not for renewal",
            "enrol anew with a token",
        )
    read, purpose = _read(request), Purpose(old.entry.kind.value)
    if naming_in(read, old.entry.name, purpose) != Naming.of_certificate(parse(old.entry.der)):
        raise NotIssued(
            Why.OTHER_NAMES,
            f"the request has other names than the certificate of {old.entry.name!r} that asks",
            "ask for the same subject and alternative names, or enrol anew",
        )
    now, key = house.hands.clock(), read.key.digest()
    line = _line_of(old, house.ledger.named([old.entry.name]))
    good = [one for one in line if one.good_at(now)]
    for one in good:
        # The answer was lost: a device that asks over and over must not fill the ledger.
        if one.entry.renews == old.id and one.entry.key == key:
            return handed_out(house, one)
    most = house.profile.enrolment.most_good
    if len(good) >= most:
        # None of them is revoked instead: it may be the one that the device uses.
        raise NotIssued(
            Why.TOO_MANY,
            f"{len(good)} certificates of {old.entry.name!r} are good that came of one by renewals",
            f"wait until one ends, or have the operator revoke what isn't used; enrolment.mostGood "
            f"of profile.yml is {most}",
        )
    return follow(house, old, read.key)


def _line_of(old: Written, named: Sequence[Written]) -> list[Written]:
    """The first certificate that this one came of by renewals, and all that came of that."""
    known = {one.id: one for one in named}
    first = old
    while first.entry.renews in known:
        first = known[first.entry.renews]
    line = {first.id: first}
    for number in sorted(known):
        if known[number].entry.renews in line:
            line[number] = known[number]
    return list(line.values())


def _asked(bearer: Bearer, request: bytes, purpose: Purpose | None) -> _Asked:
    read = _read(request)
    match bearer:
        case Invited(token, _):
            usual, by = Purpose(token.token.purpose), f"token:{token.id}"
            exact = "*" not in token.token.name
            name = read.attributes.get("CN") or (token.token.name if exact else "")
            if not is_for(token.token, name):
                raise NotIssued(
                    Why.NOT_ALLOWED, f"the token is for {token.token.name!r}, and not for {name!r}"
                )
        case Registrar(certificate, _):
            usual, exact = purpose or Purpose.CLIENT, False
            by = f"certificate:{certificate.entry.name}"
            name = read.attributes.get("CN", "")
    if purpose is not None and purpose is not usual:
        raise NotIssued(Why.NOT_ALLOWED, f"the token is for a {usual.value}'s certificate")
    naming = naming_in(read, name, usual)
    # Who was given a token for this very name may have it, whoever has it now.
    order = Order(name=name, purpose=usual, request=request, another=exact)
    content = _content(read, naming, usual)
    return _Asked(order=order, read=read, naming=naming, content=content, by=by)


def _by_token(
    house: House, token: KeptToken, asked: _Asked, *, approval: bool
) -> Certified | Waiting:
    claimed = house.ledger.enrolments.claimed(token.id, asked.content)
    if claimed is not None:
        if claimed.certificate is not None:
            return _again(house, claimed.certificate)
        return _came_of(house, house.ledger.enrolments.request(claimed.request or 0))
    now = house.hands.clock()
    if not token.good_at(now):
        raise BadToken
    claim = Claim(token=token.id, content=asked.content, at=now)
    try:
        if approval:
            return _park(house, asked, claim)
        refuse_unbound(house.profile, asked.read, asked.order.name)
        return _issued(house, asked.order, claim)
    except TokenSpent as error:
        # Somebody else was quicker.
        raise BadToken from error


def _by_certificate(house: House, asked: _Asked, *, approval: bool) -> Certified | Waiting:
    if not approval:
        return _issued(house, asked.order, None)
    there = house.ledger.enrolments.request_of(asked.content, asked.by)
    if there is not None and not _is_over(house, there):
        return _came_of(house, there)
    return _park(house, asked, None)


def _issued(house: House, order: Order, claim: Claim | None) -> Certified:
    (done,) = issue(house, [order], claim)
    if isinstance(done, NotIssued):
        raise done
    return done


def _park(house: House, asked: _Asked, claim: Claim | None) -> Waiting:
    kept = house.ledger.enrolments.park(
        NewRequest(
            content=asked.content,
            name=asked.order.name,
            purpose=asked.order.purpose.value,
            der=asked.order.request or b"",
            asked_by=asked.by,
            received=house.hands.clock(),
        ),
        claim,
    )
    return Waiting(kept.id, new=True)


def _came_of(house: House, request: KeptRequest | None) -> Certified | Waiting:
    if request is None:
        raise BadToken
    match request.state:
        case RequestState.PENDING:
            return Waiting(request.id)
        case RequestState.DENIED:
            raise NotIssued(Why.DENIED, request.note or "an operator denied this request")
        case RequestState.APPROVED:
            return _again(house, request.certificate or 0)


def _again(house: House, number: int) -> Certified:
    """The certificate that was issued for this; a revoked one isn't followed by another."""
    written = house.ledger.of_number(number)
    if written is None or not written.good_at(house.hands.clock()):
        raise NotIssued(Why.NOT_GOOD, "what was issued for this request is revoked or has ended")
    return handed_out(house, written)


def _is_over(house: House, request: KeptRequest) -> bool:
    """Approved, and what came of it can be used no more: a registrar may ask for it again."""
    if request.state is not RequestState.APPROVED or request.certificate is None:
        return False
    written = house.ledger.of_number(request.certificate)
    return written is None or not written.good_at(house.hands.clock())


def _read(request: bytes) -> Request:
    try:
        return read_request(request)
    except IssueRefusedError as error:
        raise NotIssued(Why.BAD_REQUEST, str(error)) from error


def _content(read: Request, naming: Naming, purpose: Purpose) -> bytes:
    told = (
        purpose.value,
        read.key.digest().hex(),
        naming.subject_text(),
        *sorted(read.alternatives),
    )
    # No name has control characters.
    return hashlib.sha256("\n".join(told).encode()).digest()
