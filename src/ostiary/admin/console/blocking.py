"""Blocked certificates: the button at a client, and the page of all of them."""

import asyncio
from datetime import timedelta

from starlette.responses import Response

from ostiary.admin.console.changing import Change, carry_out
from ostiary.admin.console.gatewaying import at_fields
from ostiary.admin.console.guard import Door
from ostiary.admin.console.visit import Visit, address
from ostiary.management.blocking import Whom
from ostiary.management.errors import Fault, Unacceptable

_ROWS = 50
_DAYS = (1, 7, 30, 90, 365)
PAGE = "/console/blocked"


def listing(visit: Visit) -> Response:
    """All of them, the latest first."""
    return _page(visit)


def _page(visit: Visit, faults: tuple[Fault, ...] = ()) -> Response:
    search, cursor = visit.asked("q"), visit.asked("cursor")
    page = visit.page(
        "blocked.html",
        422 if faults else 200,
        found=visit.desk.blocking.page(search=search, cursor=cursor or None, limit=_ROWS),
        search=search,
        cursor=cursor,
        faults=faults,
        days=_DAYS,
        sent=visit.form,
    )
    return at_fields(page) if faults else page


async def block(visit: Visit) -> Response:
    """Block a client that was seen, or whatever the form names."""
    form = visit.form
    whom = Whom(
        fingerprints=(form.text("fingerprint"),) if form.text("fingerprint") else (),
        upload=form.upload("file", "pasted") or None,
        issuer=form.text("issuer"),
        serial=form.text("serial"),
    )
    days = form.number("days")
    # Counted from the moment of the change, not from that of the look before it.
    until = visit.console.clock() + timedelta(days=min(days, 36_500)) if days else None
    change = Change(
        title=f"Block {form.text('name') or 'a certificate'}",
        verb="Block",
        perform=lambda order: visit.desk.blocking.block(
            order, whom, note=form.text("note"), until=until
        ),
        back=_back(visit),
        done="blocked",
        danger=True,
        faulty=lambda error: _page(visit, error.faults),
    )
    if whom == Whom():
        fault = Unacceptable.one("it isn't said which certificate", "fill in one of the three")
        return await asyncio.to_thread(_page, visit, fault.faults)
    return await carry_out(visit, change)


async def unblock(visit: Visit) -> Response:
    """Judge it as all others again."""
    number: int = visit.request.path_params["number"]
    one = await asyncio.to_thread(visit.desk.blocking.one, number)
    change = Change(
        title=f"Unblock {one.subject or one.fingerprint or one.issuer}",
        verb="Unblock",
        perform=lambda order: visit.desk.blocking.unblock(order, number),
        back=_back(visit),
        done="unblocked",
    )
    return await carry_out(visit, change)


def _back(visit: Visit) -> str:
    """To the client the button was pressed at; never to an address that a form makes up."""
    client = visit.form.text("client")
    return address(f"/console/clients/{client}") if client.isalnum() else PAGE


DOORS: tuple[Door, ...] = (
    ("GET", "/blocked", listing),
    ("POST", "/blocked", block),
    ("POST", "/blocked/{number:int}/unblock", unblock),
)
