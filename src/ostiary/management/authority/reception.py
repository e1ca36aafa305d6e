"""Tokens and requests, for operators: who may enrol, and who waits for their word."""

from ostiary.ca.signing import Purpose
from ostiary.management.actors import Actor
from ostiary.management.authority.approving import (
    approve,
    deny,
    faults_of,
    foresee_approval,
    order_of,
    request_numbered,
)
from ostiary.management.authority.desk import Desk, Done, NotInLedger
from ostiary.management.authority.errors import NotIssued
from ostiary.management.authority.house import House
from ostiary.management.authority.inviting import Invitation, invite
from ostiary.management.authority.preparing import alternatives_in, asked, naming_in
from ostiary.management.authority.views import (
    CertifiedView,
    EnrolTokenView,
    ForeseenView,
    Looked,
    RequestView,
    certified_view,
    foreseen_view,
    request_view,
    token_view,
)
from ostiary.management.errors import Unacceptable
from ostiary.management.pages import below, checked_limit, row_of
from ostiary.management.views import Page
from ostiary.store.ledger.enrolment_records import KeptRequest, RequestState

LONGEST_NOTE = 500


class Reception:
    """Tokens and requests. Looking and acting are as in ``Authority``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def requests(
        self, *, only: RequestState | None = None, cursor: str | None = None, limit: int = 50
    ) -> Page[RequestView]:
        """The newest first."""
        before, wanted = row_of(cursor), checked_limit(limit)

        def look(house: House) -> Page[RequestView]:
            found = house.ledger.enrolments.requests(only, before=before, limit=wanted)
            return Page(
                items=tuple(_view(house, one) for one in found),
                next=below(found[-1].id) if len(found) == wanted else None,
            )

        return self._desk.look(look)

    def request(self, number: int) -> RequestView:
        """One of them, and what stands against it. Raises NotThere."""
        return self._desk.look(lambda house: _view(house, request_numbered(house, number)))

    async def approve(
        self, actor: Actor, number: int, *, days: int | None = None, another: bool = False
    ) -> CertifiedView:
        """Issue what is asked for. The rules hold for operators, too."""

        def work(house: House) -> Done[CertifiedView]:
            view = certified_view(approve(house, number, days=days, another=another))
            return view, str(number), {"name": view.name, "serial": view.serial}

        return await self._desk.act(actor, "ca.approve", work)

    async def foresee(
        self, actor: Actor, number: int, *, days: int | None = None, another: bool = False
    ) -> ForeseenView:
        """What ``approve`` would do."""

        def look(house: House) -> ForeseenView:
            found = foresee_approval(house, number, days=days, another=another)
            return foreseen_view(found, order_of(request_numbered(house, number)))

        return await self._desk.foresee(actor, look)

    async def deny(self, actor: Actor, number: int, note: str = "") -> RequestView:
        """Tell whoever asked that it won't be; ``note`` is told, too."""
        if len(note) > LONGEST_NOTE or not (note.isprintable() or not note):
            raise Unacceptable.one(
                "the note can't be kept",
                f"give up to {LONGEST_NOTE} printable characters on one line",
                "/note",
            )

        def work(house: House) -> Done[RequestView]:
            view = _view(house, deny(house, number, note))
            return view, str(number), {"name": view.name, "note": note}

        return await self._desk.act(actor, "ca.deny", work)

    def tokens(self) -> tuple[EnrolTokenView, ...]:
        """The newest first, also those that have ended; never a secret."""

        def look(house: House) -> tuple[EnrolTokenView, ...]:
            now = house.hands.clock()
            return tuple(token_view(one, now) for one in house.ledger.enrolments.tokens())

        return self._desk.look(look)

    async def invite(self, actor: Actor, invitation: Invitation) -> EnrolTokenView:
        """Make a token; its secret is in the answer, and nowhere else."""

        def work(house: House) -> Done[EnrolTokenView]:
            kept, secret = invite(house, invitation)
            view = token_view(kept, house.hands.clock(), secret)
            told = {"name": view.name, "purpose": view.purpose.value, "uses": view.uses}
            return view, str(kept.id), {**told, "expires": view.expires.isoformat()}

        return await self._desk.act(actor, "ca.token.make", work)

    async def end_token(self, actor: Actor, number: int) -> EnrolTokenView:
        """Nothing new can be asked for with it from now on. Raises NotThere."""

        def work(house: House) -> Done[EnrolTokenView]:
            now = house.hands.clock()
            house.ledger.enrolments.end_token(number, now)
            kept = house.ledger.enrolments.token(number)
            if kept is None:
                raise NotInLedger(f"there is no enrolment token {number} (see: ostiary ca tokens)")
            return token_view(kept, now), str(number), {"name": kept.token.name}

        return await self._desk.act(actor, "ca.token.end", work)


def _view(house: House, kept: KeptRequest) -> RequestView:
    serial = ""
    if kept.certificate is not None:
        written = house.ledger.of_number(kept.certificate)
        serial = f"{written.entry.serial:032x}" if written else ""
    return request_view(kept, _looked(house, kept), serial)


def _looked(house: House, kept: KeptRequest) -> Looked:
    """Read anew: what was fit to be kept can be read, unless this program reads otherwise now."""
    try:
        read, key = asked(None, kept.request.der)
        name, purpose = kept.request.name, Purpose(kept.request.purpose)
        naming = naming_in(read, name, purpose) if read else None
    except NotIssued as refused:
        return Looked(subject="", alternative_names=(), key="", faults=(refused,))
    waits = kept.state is RequestState.PENDING
    return Looked(
        subject=naming.subject_text() if naming else "",
        alternative_names=alternatives_in(read, name, purpose) if read else (),
        key=f"{key.kind.value}, SHA-256 {key.digest().hex()}",
        faults=faults_of(house, kept) if waits else (),
    )
