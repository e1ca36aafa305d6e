"""Devices that enrol: requests that wait for a word, and the tokens they are made with."""

import asyncio
from datetime import timedelta

from starlette.responses import Response

from ostiary.admin.console.authoring import PAGE, Deed, carry_out
from ostiary.admin.console.gatewaying import at_fields
from ostiary.admin.console.guard import Door
from ostiary.admin.console.visit import Visit
from ostiary.ca.signing import Purpose
from ostiary.management.authority.inviting import Invitation
from ostiary.management.authority.reception import LONGEST_NOTE
from ostiary.management.authority.views import EnrolTokenView
from ostiary.management.errors import Fault, Unacceptable
from ostiary.store.ledger.enrolment_records import RequestState

_ROWS = 50
_HOURS = (1, 24, 168, 720)
REQUESTS = f"{PAGE}/requests"
TOKENS = f"{PAGE}/tokens"


def requests(visit: Visit) -> Response:
    """Those that wait, or all."""
    everything = visit.asked("only") == "all"
    found = visit.desk.reception.requests(
        only=None if everything else RequestState.PENDING,
        cursor=visit.asked("cursor") or None,
        limit=_ROWS,
    )
    return visit.page(
        "authority_requests.html",
        tab="requests",
        overview=visit.desk.authority.overview(),
        found=found,
        everything=everything,
    )


def request(visit: Visit) -> Response:
    """One of them, to be decided on."""
    one = visit.desk.reception.request(_number(visit))
    return visit.page("authority_request.html", one=one, longest=LONGEST_NOTE)


async def approve(visit: Visit) -> Response:
    """Issue what is asked for."""
    number = _number(visit)
    one = await asyncio.to_thread(visit.desk.reception.request, number)
    another = visit.form.flag("another")
    deed = Deed(
        title=f"Approve {one.name}",
        verb="Issue it",
        back=REQUESTS,
        done="approved",
        work=lambda: visit.desk.reception.approve(visit.session.actor, number, another=another),
        warnings=(one.problem,) if one.problem and not another else (),
    )
    return await carry_out(visit, deed)


async def deny(visit: Visit) -> Response:
    """Refuse it for good."""
    number = _number(visit)
    one = await asyncio.to_thread(visit.desk.reception.request, number)
    note = visit.form.text("note")
    deed = Deed(
        title=f"Deny {one.name}",
        verb="Deny it",
        back=REQUESTS,
        done="denied",
        work=lambda: visit.desk.reception.deny(visit.session.actor, number, note),
        danger=True,
    )
    return await carry_out(visit, deed)


def tokens(visit: Visit) -> Response:
    """All of them, never a secret."""
    return _tokens_page(visit, (), None)


def _tokens_page(visit: Visit, faults: tuple[Fault, ...], made: EnrolTokenView | None) -> Response:
    page = visit.page(
        "authority_tokens.html",
        422 if faults else 200,
        tab="tokens",
        overview=visit.desk.authority.overview(),
        tokens=visit.desk.reception.tokens(),
        faults=faults,
        made=made,
        hours=_HOURS,
        sent=visit.form,
    )
    return at_fields(page) if faults else page


async def make(visit: Visit) -> Response:
    """Make a token. The answer shows it, and nothing will again: so no redirect here."""
    form = visit.form
    invitation = Invitation(
        name=form.text("name"),
        purpose=Purpose.SERVER if form.text("purpose") == "server" else Purpose.CLIENT,
        uses=form.number("uses") or 1,
        valid=timedelta(hours=min(form.number("hours") or 24, 100_000)),
        approval=form.flag("approval"),
    )
    try:
        made = await visit.desk.reception.invite(visit.session.actor, invitation)
    except Unacceptable as error:
        return await asyncio.to_thread(_tokens_page, visit, error.faults, None)
    return await asyncio.to_thread(_tokens_page, visit, (), made)


async def end(visit: Visit) -> Response:
    """Let nothing new be asked for with it."""
    number = _number(visit)
    deed = Deed(
        title=f"End the token for {visit.form.text('name')}",
        verb="End it",
        back=TOKENS,
        done="revoked",
        work=lambda: visit.desk.reception.end_token(visit.session.actor, number),
        danger=True,
    )
    return await carry_out(visit, deed)


def _number(visit: Visit) -> int:
    found: int = visit.request.path_params["number"]
    return min(found, 2**53)


DOORS: tuple[Door, ...] = (
    ("GET", "/authority/requests", requests),
    ("GET", "/authority/requests/{number:int}", request),
    ("POST", "/authority/requests/{number:int}/approve", approve),
    ("POST", "/authority/requests/{number:int}/deny", deny),
    ("GET", "/authority/tokens", tokens),
    ("POST", "/authority/tokens", make),
    ("POST", "/authority/tokens/{number:int}/end", end),
)
