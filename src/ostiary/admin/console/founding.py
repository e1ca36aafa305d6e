"""The authority is made, and its issuing part replaced; certificates and lists are renewed."""

import asyncio

from starlette.responses import Response

from ostiary.admin.console.authoring import PAGE, Deed, carry_out, none_page
from ostiary.admin.console.gatewaying import at_fields
from ostiary.admin.console.guard import Door
from ostiary.admin.console.visit import Visit, address
from ostiary.management.authority.foundation import Beginning
from ostiary.management.authority.foundation_views import RotatedView
from ostiary.management.authority.founding import ISSUING_DAYS
from ostiary.management.errors import Fault, Unacceptable
from ostiary.x509.keys import KeyKind

_KEYS = {"rsa": KeyKind.RSA, "ed25519": KeyKind.ED25519}
_LISTS = ("clients.crl",)
_MOST_DAYS = 36_500


async def init(visit: Visit) -> Response:
    """Make an authority, and tell what is left to do."""
    form = visit.form
    wanted = Beginning(
        name=form.text("name"),
        kind=_key(visit),
        list_files=_LISTS if form.flag("lists") else (),
        publish=form.text("publish"),
        trust=form.flag("trust"),
    )
    try:
        made = await visit.desk.foundation.begin(visit.session.actor, wanted)
    except Unacceptable as error:
        faults = error.faults
        return at_fields(await asyncio.to_thread(none_page, visit, "", faults))
    return await asyncio.to_thread(visit.page, "authority_made.html", made=made)


def rotation(visit: Visit) -> Response:
    """What it means to replace the issuing authority, and the form for it."""
    return _rotation_page(visit, (), None)


def _rotation_page(visit: Visit, faults: tuple[Fault, ...], made: RotatedView | None) -> Response:
    overview = visit.desk.authority.overview()
    page = visit.page(
        "authority_rotate.html",
        422 if faults else 200,
        faults=faults,
        sent=visit.form,
        made=made,
        issuing=next((one.issued for one in overview.authorities if one.issues), None),
        usual_days=ISSUING_DAYS,
    )
    return at_fields(page) if faults else page


async def rotate(visit: Visit) -> Response:
    """Have a new issuing authority take over."""
    try:
        made = await visit.desk.foundation.rotate(
            visit.session.actor,
            name=visit.form.text("name"),
            kind=_key(visit),
            days=_days(visit) or ISSUING_DAYS,
        )
    except Unacceptable as error:
        return await asyncio.to_thread(_rotation_page, visit, error.faults, None)
    return await asyncio.to_thread(_rotation_page, visit, (), made)


async def make_lists(visit: Visit) -> Response:
    """New revocation lists, now."""
    await visit.desk.authority.make_lists(visit.session.actor)
    return visit.go(address(PAGE, done="ca-lists"))


async def renew(visit: Visit) -> Response:
    """A certificate with the names of this one; without a request for the same key."""
    serial: str = visit.request.path_params["serial"]
    one = (await asyncio.to_thread(visit.desk.authority.one, serial)).issued
    revoke_old, request = visit.form.flag("revoke_old"), visit.form.text("request")
    desk, actor, days = visit.desk.authority, visit.session.actor, _days(visit)
    deed = Deed(
        title=f"Renew {one.name}",
        verb="Renew",
        back=f"{PAGE}/certificates/{one.serial}",
        done="ca-renewed",
        work=lambda: desk.renew(
            actor, serial, request=request.encode() or None, days=days, revoke_old=revoke_old
        ),
        lands=lambda made: f"{PAGE}/certificates/{made.serial}",
        warnings=(_GOES,) if revoke_old else (),
        danger=revoke_old,
    )
    return await carry_out(visit, deed)


_GOES = (
    "All certificates of this name that are good now are revoked: whoever shows one is refused "
    "until the new one is in place."
)


def _key(visit: Visit) -> KeyKind:
    return _KEYS.get(visit.form.text("key"), KeyKind.EC)


def _days(visit: Visit) -> int | None:
    days = visit.form.number("days")
    return min(days, _MOST_DAYS) if days else None


DOORS: tuple[Door, ...] = (
    ("POST", "/authority/init", init),
    ("GET", "/authority/rotate", rotation),
    ("POST", "/authority/rotate", rotate),
    ("POST", "/authority/lists", make_lists),
    ("POST", "/authority/certificates/{serial}/renew", renew),
)
