"""The certificate library: components, versions, uploads, downloads."""

import asyncio
import re

from starlette.responses import Response

from ostiary.admin.console.changing import Change, carry_out
from ostiary.admin.console.gatewaying import at_fields
from ostiary.admin.console.guard import Door
from ostiary.admin.console.visit import HEADERS, Visit
from ostiary.management.actors import Order
from ostiary.management.errors import Conflicting, Fault, Unacceptable
from ostiary.management.sights import ChangeView

_ROWS = 50
_LIBRARY = "/console/certificates"


def listing(visit: Visit) -> Response:
    """All components."""
    search = visit.asked("q")
    found = visit.desk.library.components(
        search=search, cursor=visit.asked("cursor") or None, limit=_ROWS
    )
    return visit.page("library.html", found=found, search=search, cursor=visit.asked("cursor"))


def new(visit: Visit) -> Response:
    """*Create New Certificate*."""
    return _new_page(visit, ())


def _new_page(visit: Visit, faults: tuple[Fault, ...]) -> Response:
    page = visit.page(
        "new_certificate.html", 422 if faults else 200, faults=faults, sent=visit.form
    )
    return at_fields(page) if faults else page


async def make(visit: Visit) -> Response:
    """Put an upload into the library; trusting it is the next step."""
    form = visit.form
    upload = form.upload("file", "pasted")
    faults = _missing(form.text("name"), upload)
    if faults:
        return await asyncio.to_thread(_new_page, visit, faults)
    order = Order(actor=visit.session.actor)
    try:
        made = await visit.desk.library.add(
            order,
            name=form.text("name"),
            description=form.text("description"),
            upload=upload,
            password=form.text("password") or None,
        )
    except Unacceptable as error:
        return await asyncio.to_thread(_new_page, visit, error.faults)
    except Conflicting as error:
        taken = (Fault(where="/name", message=str(error)),)
        return await asyncio.to_thread(_new_page, visit, taken)
    return visit.go(f"{_LIBRARY}/{made.object}?done=made")


def _missing(name: str, upload: bytes) -> tuple[Fault, ...]:
    faults = []
    if not name:
        faults.append(
            Fault(where="/name", message="a name is needed", way_out="such as partner-ca")
        )
    if not upload:
        faults.append(
            Fault(
                where="/upload",
                message="no certificate was given",
                way_out="choose a file or paste PEM",
            )
        )
    return tuple(faults)


def component(visit: Visit) -> Response:
    """One component with its versions."""
    return _component_page(visit, ())


def _component_page(visit: Visit, faults: tuple[Fault, ...]) -> Response:
    found = visit.desk.library.component(_component(visit))
    page = visit.page(
        "component.html",
        422 if faults else 200,
        view=found,
        faults=faults,
        sent=visit.form,
        gateway=visit.desk.settings.gateway(),
    )
    return at_fields(page) if faults else page


async def add_version(visit: Visit) -> Response:
    """Upload a new version; what is trusted stays at its version until it is upgraded."""
    number, upload = _component(visit), visit.form.upload("file", "pasted")
    if not upload:
        return await asyncio.to_thread(_component_page, visit, _missing("-", upload))
    change = Change(
        title="Upload a new version",
        verb="Upload",
        perform=lambda order: visit.desk.library.add_version(
            order, number, upload=upload, password=visit.form.text("password") or None
        ),
        back=f"{_LIBRARY}/{number}",
        done="added",
        look_first=False,
        faulty=lambda error: _component_page(visit, error.faults),
    )
    return await carry_out(visit, change)


async def describe(visit: Visit) -> Response:
    """Rename, or describe anew."""
    number, form = _component(visit), visit.form
    change = Change(
        title="Describe",
        verb="Save",
        perform=lambda order: visit.desk.library.describe(
            order, number, name=form.text("name"), description=form.text("description")
        ),
        back=f"{_LIBRARY}/{number}",
        done="saved",
        look_first=False,
        faulty=lambda error: _component_page(visit, error.faults),
    )
    return await carry_out(visit, change)


async def change_version(visit: Visit) -> Response:
    """Retire a version, offer it again, or delete it."""
    number, version = _component(visit), int(visit.request.path_params["version"])
    library, act = visit.desk.library, visit.request.path_params["act"]
    performs = {
        "retire": lambda order: library.retire(order, number, version),
        "offer": lambda order: library.retire(order, number, version, retired=False),
        "delete": lambda order: library.delete_version(order, number, version),
    }
    if act not in performs:
        raise Unacceptable.one(f"nothing is called {act[:40]!r}")
    change = Change(
        title=f"{act.capitalize()} version {version}",
        verb=act.capitalize(),
        perform=performs[act],
        back=f"{_LIBRARY}/{number}",
        done={"retire": "retired", "offer": "offered", "delete": "deleted"}[act],
        danger=act == "delete",
        look_first=act == "delete",
    )
    return await carry_out(visit, change)


async def delete(visit: Visit) -> Response:
    """Delete a component with all its versions."""
    number = _component(visit)

    async def perform(order: Order) -> ChangeView:
        return await visit.desk.library.delete(order, number)

    change = Change(
        title="Delete the certificate with all its versions",
        verb="Delete",
        perform=perform,
        back=_LIBRARY,
        done="deleted",
        danger=True,
    )
    return await carry_out(visit, change)


def version(visit: Visit) -> Response:
    """Every field of one version's certificates."""
    number, which = _component(visit), int(visit.request.path_params["version"])
    return visit.page(
        "certificate.html",
        row=None,
        certificates=visit.desk.library.certificates(number, which),
        component=visit.desk.library.component(number),
        version=which,
        title=None,
    )


def download(visit: Visit) -> Response:
    """One version as PEM."""
    number, which = _component(visit), int(visit.request.path_params["version"])
    pem = "".join(one.pem for one in visit.desk.library.certificates(number, which))
    name = visit.desk.library.component(number).name
    return as_file(pem, f"{name}-v{which}.pem", "application/x-pem-file")


def as_file(text: str, name: str, media_type: str) -> Response:
    """An attachment; of its name only harmless letters stay."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", name)[:100].strip("-.") or "file"
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{safe}"'}
    return Response(text, media_type=media_type, headers=headers)


def _component(visit: Visit) -> int:
    number: int = visit.request.path_params["component"]
    return number


DOORS: tuple[Door, ...] = (
    ("GET", "/certificates", listing),
    ("GET", "/certificates/new", new),
    ("POST", "/certificates/new", make),
    ("GET", "/certificates/{component:int}", component),
    ("POST", "/certificates/{component:int}/versions", add_version),
    ("POST", "/certificates/{component:int}/describe", describe),
    ("POST", "/certificates/{component:int}/delete", delete),
    ("GET", "/certificates/{component:int}/versions/{version:int}", version),
    ("GET", "/certificates/{component:int}/versions/{version:int}/pem", download),
    ("POST", "/certificates/{component:int}/versions/{version:int}/{act}", change_version),
)
