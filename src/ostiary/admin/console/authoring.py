"""The certificate authority: what it issued, one certificate, revoking, issuing from a request."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.responses import Response

from ostiary.admin.console.changing import Change, foretell
from ostiary.admin.console.gatewaying import at_fields
from ostiary.admin.console.guard import Door
from ostiary.admin.console.visit import Visit, address
from ostiary.ca.signing import Purpose, Reason
from ostiary.management.actors import Order
from ostiary.management.authority.authority import Wanted
from ostiary.management.errors import Fault, NotThere, Unacceptable
from ostiary.management.sights import ChangeView
from ostiary.store.ledger.records import State

PAGE = "/console/authority"
_ROWS = 50
_STATES = tuple(State)
_MOST_DAYS = 36_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Something that is asked about once more, and then done."""

    title: str
    verb: str
    back: str
    done: str
    """A key of ``visit.DONE``."""
    work: Callable[[], Awaitable[object]]
    warnings: tuple[str, ...] = ()
    danger: bool = False


async def carry_out(visit: Visit, deed: Deed) -> Response:
    """Ask, or do it where the form says ``step=save``: the authority's work has no preview."""
    if visit.form.text("step") == "save":
        await deed.work()
        return visit.go(address(deed.back, done=deed.done))
    change = Change(
        title=deed.title,
        verb=deed.verb,
        perform=_never,
        back=deed.back,
        done=deed.done,
        danger=deed.danger,
    )
    return await asyncio.to_thread(foretell, visit, change, None, deed.warnings)


async def _never(_order: Order) -> ChangeView:
    raise RuntimeError("a deed is done by itself")


def listing(visit: Visit) -> Response:
    """The authorities, and what they issued."""
    try:
        overview = visit.desk.authority.overview()
    except NotThere as error:
        return visit.page("authority_none.html", sentence=str(error))
    search, cursor = visit.asked("q"), visit.asked("cursor")
    only = next((one for one in _STATES if one.value == visit.asked("only")), State.ALL)
    return visit.page(
        "authority.html",
        tab="certificates",
        overview=overview,
        found=visit.desk.authority.page(
            search=search, only=only, cursor=cursor or None, limit=_ROWS
        ),
        search=search,
        only=only,
        states=_STATES,
    )


def certificate(visit: Visit) -> Response:
    """One certificate, with everything in it."""
    serial: str = visit.request.path_params["serial"]
    return visit.page(
        "authority_certificate.html",
        view=visit.desk.authority.one(serial),
        reasons=tuple(Reason),
    )


async def revoke(visit: Visit) -> Response:
    """Revoke it for good."""
    serial: str = visit.request.path_params["serial"]
    one = (await asyncio.to_thread(visit.desk.authority.one, serial)).issued
    word = visit.form.text("reason")
    every = visit.form.flag("every")
    reason = next((found for found in Reason if found.value == word), Reason.UNSPECIFIED)
    deed = Deed(
        title=f"Revoke all of {one.name}" if every else f"Revoke {one.name}",
        verb="Revoke for good",
        back=f"{PAGE}/certificates/{one.serial}",
        done="ca-revoked",
        work=lambda: visit.desk.authority.revoke(
            visit.session.actor, serial, reason, all_of_name=every
        ),
        warnings=("Revoking is for good. To shut a client out for a while, block it.",),
        danger=True,
    )
    return await carry_out(visit, deed)


def new(visit: Visit) -> Response:
    """The form for a request."""
    return _new_page(visit, ())


def _new_page(visit: Visit, faults: tuple[Fault, ...], made: object = None) -> Response:
    page = visit.page(
        "authority_issue.html",
        422 if faults else 200,
        faults=faults,
        sent=visit.form,
        made=made,
        purposes=tuple(Purpose),
    )
    return at_fields(page) if faults else page


async def issue(visit: Visit) -> Response:
    """Issue what a pasted or chosen request asks for, and show it."""
    form = visit.form
    days = form.number("days")
    wanted = Wanted(
        request=form.upload("file", "pasted"),
        name=form.text("name"),
        purpose=Purpose.SERVER if form.text("purpose") == "server" else Purpose.CLIENT,
        alternatives=form.lines("names"),
        days=min(days, _MOST_DAYS) if days else None,
        another=form.flag("another"),
    )
    try:
        if not wanted.request:
            raise Unacceptable.one("no request was given", "choose a file or paste PEM", "/upload")
        made = await visit.desk.authority.issue(visit.session.actor, wanted)
    except Unacceptable as error:
        return await asyncio.to_thread(_new_page, visit, error.faults)
    return await asyncio.to_thread(_new_page, visit, (), made)


DOORS: tuple[Door, ...] = (
    ("GET", "/authority", listing),
    ("GET", "/authority/issue", new),
    ("POST", "/authority/issue", issue),
    ("GET", "/authority/certificates/{serial}", certificate),
    ("POST", "/authority/certificates/{serial}/revoke", revoke),
)
