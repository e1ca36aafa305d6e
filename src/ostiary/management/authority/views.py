"""What is shown of the authority: frozen views, made for doors to render and nothing else."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from ostiary.ca.packing import pem_of_certificate
from ostiary.ca.signing import Naming, Purpose, Reason
from ostiary.management.authority.errors import NotIssued
from ostiary.management.authority.orders import Certified, Order
from ostiary.management.authority.preparing import Draft
from ostiary.management.views import CertificateView, View
from ostiary.store.ledger.enrolment_records import KeptRequest, KeptToken, RequestState
from ostiary.store.ledger.records import Kind, Written
from ostiary.x509.certificate import parse


class IssuedState(Enum):
    """Whether a certificate can be used."""

    GOOD = "good"
    REVOKED = "revoked"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedView(View):
    """A certificate of the ledger."""

    name: str
    kind: Kind
    subject: str
    serial: str
    """Hexadecimal, 32 digits."""
    fingerprint: str
    not_before: datetime
    not_after: datetime
    issued: datetime
    issued_by: str
    state: IssuedState
    revoked: datetime | None
    revocation_reason: str
    """As in RFC 5280; empty where it isn't revoked."""
    revoked_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeIssuedView(View):
    """One certificate of the ledger, with everything in it."""

    issued: IssuedView
    certificate: CertificateView
    chain: str
    """The authorities above it, PEM, nearest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertifiedView(View):
    """What was issued, or there already."""

    name: str
    serial: str
    not_after: datetime
    there_already: bool
    certificate: str
    """PEM: it, and the authorities between it and the root; what its owner presents."""
    chain: str
    """PEM: the authorities up to the root, to verify with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeseenView(View):
    """What would be issued; nothing was."""

    name: str
    subject: str
    alternative_names: tuple[str, ...]
    """``dns:…``, ``uri:…``, ``email:…``, ``ip:…``."""
    purpose: Purpose
    days: int
    there_already: bool = False
    """A good certificate says just that of the same key: it would be the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityListView(View):
    """The newest revocation list of an authority."""

    number: int
    this_update: datetime
    next_update: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityRow(View):
    """The root, or an issuing authority."""

    issued: IssuedView
    issues: bool
    """Whether it is the one that issues now."""
    list: AuthorityListView | None
    """None before the first, or where nobody can say any more what it revoked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityView(View):
    """The authority as a whole."""

    name: str
    authorities: tuple[AuthorityRow, ...]
    """The oldest first."""
    pending: int
    """Requests that wait."""
    list_files: tuple[str, ...]
    """Where revocation lists are written."""
    enrolment: str
    """The port devices enrol at; empty where they can't."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokedView(View):
    """What came of a revocation."""

    issued: IssuedView
    lists: tuple[str, ...]
    """Files the new revocation lists were written to."""
    warnings: tuple[str, ...] = ()
    also: tuple[IssuedView, ...] = ()
    """Others of its name that were revoked with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestView(View):
    """A certificate that somebody asks for."""

    id: int
    name: str
    purpose: Purpose
    state: RequestState
    subject: str
    alternative_names: tuple[str, ...]
    key: str
    """Its kind, and the SHA-256 of the public key."""
    asked_by: str
    received: datetime
    decided: datetime | None
    decided_by: str
    note: str
    serial: str
    """Of what was issued; empty before."""
    problem: str
    """What stands against it just now; empty for nothing. Only of requests that wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolTokenView(View):
    """A token devices enrol with; its secret is shown once, when it is made."""

    id: int
    name: str
    """The common name it is for; ``*`` stands for any characters."""
    purpose: Purpose
    uses: int
    used: int
    approval: bool
    created: datetime
    created_by: str
    expires: datetime
    active: bool
    secret: str | None = field(default=None, repr=False)


def issued_view(written: Written, now: datetime) -> IssuedView:
    """An entry of the ledger."""
    entry, gone = written.entry, written.revocation
    state = IssuedState.GOOD if written.good_at(now) else IssuedState.EXPIRED
    return IssuedView(
        name=entry.name,
        kind=entry.kind,
        subject=entry.subject,
        serial=f"{entry.serial:032x}",
        fingerprint=written.fingerprint.hex(),
        not_before=entry.not_before,
        not_after=entry.not_after,
        issued=entry.issued,
        issued_by=entry.issued_by,
        state=IssuedState.REVOKED if gone else state,
        revoked=gone.at if gone else None,
        revocation_reason=Reason(gone.reason).value if gone else "",
        revoked_by=gone.by if gone else "",
    )


def certified_view(certified: Certified) -> CertifiedView:
    """What was issued."""
    pems = [pem_of_certificate(one).decode() for one in (certified.der, *certified.chain)]
    return CertifiedView(
        name=certified.name,
        serial=f"{certified.serial:032x}",
        not_after=certified.not_after,
        there_already=certified.there_already,
        certificate="".join(pems[:-1]),
        chain="".join(pems[1:]),
    )


def foreseen_view(found: Draft | Certified, order: Order) -> ForeseenView:
    """Of what ``issuing.foresee`` gave for this order."""
    if isinstance(found, Draft):
        naming, days = found.naming, found.days
    else:
        there = parse(found.der)
        naming, days = Naming.of_certificate(there), (there.not_after - there.not_before).days
    names = naming.alternative_names()
    kinds = (("dns", names.dns), ("uri", names.uri), ("email", names.email), ("ip", names.ip))
    return ForeseenView(
        name=found.name,
        subject=naming.subject_text(),
        alternative_names=tuple(f"{kind}:{one}" for kind, several in kinds for one in several),
        purpose=order.purpose,
        days=days,
        there_already=not isinstance(found, Draft),
    )


def token_view(kept: KeptToken, now: datetime, secret: str | None = None) -> EnrolTokenView:
    """A token."""
    token = kept.token
    return EnrolTokenView(
        id=kept.id,
        name=token.name,
        purpose=Purpose(token.purpose),
        uses=token.uses,
        used=kept.used,
        approval=token.approval,
        created=token.created,
        created_by=token.created_by,
        expires=token.expires,
        active=kept.good_at(now),
        secret=secret,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A request that was taken apart."""

    subject: str
    alternative_names: tuple[str, ...]
    key: str
    faults: tuple[NotIssued, ...]


def request_view(kept: KeptRequest, looked: Looked, serial: str) -> RequestView:
    """A request."""
    asked = kept.request
    return RequestView(
        id=kept.id,
        name=asked.name,
        purpose=Purpose(asked.purpose),
        state=kept.state,
        subject=looked.subject,
        alternative_names=looked.alternative_names,
        key=looked.key,
        asked_by=asked.asked_by,
        received=asked.received,
        decided=kept.decided,
        decided_by=kept.decided_by,
        note=kept.note,
        serial=serial,
        problem="; ".join(map(str, looked.faults)),
    )
