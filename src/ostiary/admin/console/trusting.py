"""Gateway trusted certificates: lookup, view, upgrade, delete."""

import asyncio

from starlette.responses import Response

from ostiary.admin.console.changing import Change, carry_out
from ostiary.admin.console.gatewaying import AUTH
from ostiary.admin.console.guard import Door
from ostiary.admin.console.visit import Visit
from ostiary.management.errors import Unacceptable

_ROWS = 25
_TABLE = f"{AUTH}#trusted"


def lookup(visit: Visit) -> Response:
    """*Add Certificate*: all active, unexpired certificates that aren't trusted yet."""
    search = visit.asked("q")
    return visit.page(
        "lookup.html",
        found=visit.desk.library.lookup(
            search=search, cursor=visit.asked("cursor") or None, limit=_ROWS
        ),
        search=search,
        gateway=visit.desk.settings.gateway(),
        cursor=visit.asked("cursor"),
    )


async def add(visit: Visit) -> Response:
    """Trust a certificate of the library."""
    component, version = visit.form.number("component"), visit.form.number("version")
    if component is None:
        raise Unacceptable.one("no certificate was chosen", "choose one from the list")
    change = Change(
        title=f"Trust {visit.form.text('name') or 'this certificate'}",
        verb="Trust it",
        perform=lambda order: visit.desk.trusted.add(order, component, version),
        back=AUTH,
        done="trusted",
    )
    return await carry_out(visit, change)


def view(visit: Visit) -> Response:
    """One trusted certificate, every field."""
    number = _number(visit)
    return visit.page(
        "certificate.html",
        row=visit.desk.trusted.one(number),
        certificates=visit.desk.trusted.certificates(number),
        component=None,
        version=None,
        title=None,
    )


def view_locked(visit: Visit) -> Response:
    """One that the configuration file gives."""
    found = visit.desk.trusted.locked_certificate(visit.request.path_params["fingerprint"])
    return visit.page(
        "certificate.html",
        row=None,
        certificates=(found,),
        component=None,
        version=None,
        title="Trusted by the configuration file",
    )


async def upgrade(visit: Visit) -> Response:
    """Trust the newest version of the component instead."""
    number = _number(visit)
    row = await asyncio.to_thread(visit.desk.trusted.one, number)
    change = Change(
        title=f"Upgrade {row.name} from version {row.version} to {row.newest}",
        verb="Upgrade",
        perform=lambda order: visit.desk.trusted.upgrade(order, number),
        back=AUTH,
        done="upgraded",
    )
    return await carry_out(visit, change)


async def remove(visit: Visit) -> Response:
    """Trust it no more; the last one is asked for twice."""
    number = _number(visit)
    row = await asyncio.to_thread(visit.desk.trusted.one, number)
    sure = visit.form.flag("confirm_last")
    change = Change(
        title=f"Delete {row.name} from the trusted certificates",
        verb="Delete",
        perform=lambda order: visit.desk.trusted.remove(order, number, confirm_last=sure),
        back=AUTH,
        done="removed",
        danger=True,
    )
    return await carry_out(visit, change)


def _number(visit: Visit) -> int:
    number: int = visit.request.path_params["trusted"]
    return number


DOORS: tuple[Door, ...] = (
    ("GET", "/gateway/trusted/add", lookup),
    ("POST", "/gateway/trusted/add", add),
    ("GET", "/gateway/trusted/{trusted:int}", view),
    ("GET", "/gateway/trusted/locked/{fingerprint}", view_locked),
    ("POST", "/gateway/trusted/{trusted:int}/upgrade", upgrade),
    ("POST", "/gateway/trusted/{trusted:int}/remove", remove),
)
