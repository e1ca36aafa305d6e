"""What operators do with the authority, through the gateway: the same that its commands do."""

from dataclasses import dataclass

from ostiary.ca.packing import pem_of_certificate
from ostiary.ca.signing import Purpose, Reason
from ostiary.management.actors import Actor
from ostiary.management.authority.desk import Desk, Done
from ostiary.management.authority.errors import NotIssued
from ostiary.management.authority.house import House
from ostiary.management.authority.issuing import foresee, issue, renew
from ostiary.management.authority.orders import Order, Renewal
from ostiary.management.authority.preparing import name_in
from ostiary.management.authority.publishing import make_lists, publish
from ostiary.management.authority.revoking import good_namesakes, numbered, revoke
from ostiary.management.authority.views import (
    AuthorityListView,
    AuthorityRow,
    AuthorityView,
    CertifiedView,
    ForeseenView,
    IssuedView,
    RevokedView,
    WholeIssuedView,
    certified_view,
    foreseen_view,
    issued_view,
)
from ostiary.management.pages import below, checked_limit, row_of
from ostiary.management.showing import by_subject, certificate_view
from ostiary.management.views import Page
from ostiary.store.files import FileTrouble
from ostiary.store.ledger.records import ListMade, State, Written
from ostiary.x509.certificate import parse


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A certificate that an operator has issued from a request."""

    request: bytes
    """PKCS#10, PEM or DER."""
    name: str = ""
    """The common name; empty: the request's."""
    purpose: Purpose = Purpose.CLIENT
    alternatives: tuple[str, ...] = ()
    """Instead of the request's."""
    days: int | None = None
    another: bool = False


class Authority:
    """Certificates of the authority in the state folder, for operators.

    What looks is a plain method that may wait; what acts is a coroutine. All raise what
    ``Desk.look`` and ``Desk.act`` do.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def overview(self) -> AuthorityView:
        """The authority as a whole."""
        est = self._desk.enrolment()
        return self._desk.look(lambda house: _overview(house, est))

    def page(
        self,
        *,
        search: str = "",
        only: State = State.ALL,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[IssuedView]:
        """What was issued, the newest first; ``search`` is part of a name or subject."""
        before, wanted = row_of(cursor), checked_limit(limit)

        def look(house: House) -> Page[IssuedView]:
            now = house.hands.clock()
            found = house.ledger.page(
                search=search, state=only, now=now, before=before, limit=wanted
            )
            return Page(
                items=tuple(issued_view(one, now) for one in found),
                next=below(found[-1].id) if len(found) == wanted else None,
            )

        return self._desk.look(look)

    def one(self, given: str) -> WholeIssuedView:
        """By serial number or SHA-256. Raises NotThere."""
        return self._desk.look(lambda house: _whole(house, numbered(house, given)))

    async def issue(self, actor: Actor, wanted: Wanted) -> CertifiedView:
        """A certificate for what a request asks for."""

        def work(house: House) -> Done[CertifiedView]:
            (done,) = issue(house, [_order(wanted)])
            if isinstance(done, NotIssued):
                raise done
            view = certified_view(done)
            return view, view.serial, {"name": view.name, "purpose": wanted.purpose.value}

        return await self._desk.act(actor, "ca.issue", work)

    async def foresee(self, actor: Actor, wanted: Wanted) -> ForeseenView:
        """What ``issue`` would do."""

        def look(house: House) -> ForeseenView:
            order = _order(wanted)
            return foreseen_view(foresee(house, order), order)

        return await self._desk.foresee(actor, look)

    async def renew(
        self, actor: Actor, given: str, *, request: bytes | None, days: int | None, revoke_old: bool
    ) -> CertifiedView:
        """A certificate with the names of this one; without a request for the same key."""
        written: list[str] = []

        def work(house: House) -> Done[CertifiedView]:
            old = numbered(house, given)
            renewal = Renewal(
                name=old.entry.name, days=days, request=request, revoke_old=revoke_old
            )
            view = certified_view(renew(house, renewal))
            if revoke_old:
                written.extend(map(str, publish(house, make_lists(house))))
            return view, view.serial, {"name": view.name, "revokeOld": revoke_old}

        view = await self._desk.act(actor, "ca.renew", work)
        await self._desk.have_read(written)
        return view

    async def revoke(
        self, actor: Actor, given: str, reason: Reason, *, all_of_name: bool = False
    ) -> RevokedView:
        """Revoke it for good, and write the lists anew. A second time changes nothing.

        ``all_of_name``: and all others of its name that are good.
        """

        def work(house: House) -> Done[RevokedView]:
            before = numbered(house, given)
            others = good_namesakes(house, before) if all_of_name else ()
            revoke(house, [before, *others], reason)
            files, warnings = _published(house)
            now, *also = (_view_of(house, one) for one in (before, *others))
            view = RevokedView(issued=now, lists=files, warnings=warnings, also=tuple(also))
            told = {"name": now.name, "reason": now.revocation_reason}
            return view, now.serial, {**told, "also": [one.serial for one in also]}

        view = await self._desk.act(actor, "ca.revoke", work)
        await self._desk.have_read(view.lists)
        return view

    async def make_lists(self, actor: Actor) -> AuthorityView:
        """New revocation lists, in their files."""
        est = self._desk.enrolment()

        def work(house: House) -> Done[AuthorityView]:
            made = make_lists(house)
            publish(house, made)
            return _overview(house, est), "", {one.name: one.number for one in made}

        view = await self._desk.act(actor, "ca.lists", work)
        await self._desk.have_read(view.list_files)
        return view


def _order(wanted: Wanted) -> Order:
    """Raises NotIssued."""
    return Order(
        name=wanted.name or name_in(wanted.request),
        purpose=wanted.purpose,
        alternatives=wanted.alternatives,
        days=wanted.days,
        request=wanted.request,
        another=wanted.another,
    )


def _overview(house: House, enrolment: str) -> AuthorityView:
    now, issuing = house.hands.clock(), house.issuing()
    rows = []
    for one in house.authorities():
        last = house.ledger.last_list(one.id)
        rows.append(
            AuthorityRow(
                issued=issued_view(one, now),
                issues=one.id == issuing.id,
                list=_list_view(last) if last else None,
            )
        )
    return AuthorityView(
        name=house.root().entry.name,
        authorities=tuple(rows),
        pending=house.ledger.enrolments.pending(),
        list_files=tuple(str(house.place.folder / one) for one in house.profile.crl.files),
        enrolment=enrolment,
    )


def _list_view(made: ListMade) -> AuthorityListView:
    return AuthorityListView(
        number=made.number, this_update=made.this_update, next_update=made.next_update
    )


def _whole(house: House, written: Written) -> WholeIssuedView:
    now = house.hands.clock()
    above = () if written.entry.issuer is None else house.chain_of(written.entry.issuer)
    authorities = by_subject(parse(one) for one in above)
    return WholeIssuedView(
        issued=issued_view(written, now),
        certificate=certificate_view(parse(written.entry.der), now, authorities),
        chain="".join(pem_of_certificate(one).decode() for one in above),
    )


def _view_of(house: House, before: Written) -> IssuedView:
    """As it stands in the ledger now."""
    return issued_view(house.ledger.of_number(before.id) or before, house.hands.clock())


def _published(house: House) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is revoked is so, even where its list can't be written: but that must be known."""
    try:
        files = publish(house, make_lists(house))
    except FileTrouble as error:
        return (), (f"it is revoked, but not every list tells of it yet: {error}",)
    none = "no gateway has a revocation list of this authority (ostiary ca crl --out FILE)"
    return tuple(map(str, files)), () if files else (none,)
