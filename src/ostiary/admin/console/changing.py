"""Every change in two steps: first what it would do, then the change itself.

The form that begins it carries ``revision``, the one its page was made from: where somebody else
changed something meanwhile, that is told instead.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from starlette.responses import Response

from ostiary.admin.console.visit import Visit, address
from ostiary.management.actors import Order
from ostiary.management.errors import EngineRefuses, Fault, MustConfirm, Unacceptable
from ostiary.management.sights import ChangeView, PreviewView

_SETTING = re.compile(
    r"(?:[^: ]*\.)?clientCertificateAuth(?:\.([A-Za-z]{1,40}))?(?:\[(\d{1,6})\])?[^: ]{0,80}: "
)
_WORD = re.compile(r"[A-Za-z]+")
_FIELDS = frozenset({"headerName", "headerFormat", "trustedProxies", "proxyProtocol", "type"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change that a form asks for."""

    title: str
    """What happens, as a heading: ``Upgrade partner-ca``."""
    verb: str
    """On the button that does it."""
    perform: Callable[[Order], Awaitable[ChangeView]]
    back: str
    """Path to go to afterwards, or when it is given up."""
    done: str
    """A key of ``visit.DONE``."""
    danger: bool = False
    look_first: bool = True
    """False for what changes nothing at clients, such as an upload to the library."""
    faulty: Callable[[Unacceptable], Response] | None = None
    """Shows the form again, with the faults at its fields; called in a thread."""


async def carry_out(visit: Visit, change: Change) -> Response:
    """Preview the change, or make it where the form says ``step=save``."""
    saving = visit.form.text("step") == "save" or not change.look_first
    order = Order(
        actor=visit.session.actor, if_match=visit.form.number("revision"), dry_run=not saving
    )
    try:
        view = await change.perform(order)
    except MustConfirm as error:
        return await asyncio.to_thread(_confirm, visit, change, error)
    except Unacceptable as error:
        placed = at_their_fields(error)
        if change.faulty is None or placed is None:
            raise
        return await asyncio.to_thread(change.faulty, placed)
    if view.applied:
        how = "reload" if view.reloaded else "swap"
        return visit.go(address_with(change.back, done=change.done, how=how))
    warnings = (*view.warnings, *(view.preview.warnings if view.preview else ()))
    return await asyncio.to_thread(foretell, visit, change, view.preview, warnings)


def at_their_fields(error: Unacceptable) -> Unacceptable | None:
    """The faults by their fields; None where the gateway refuses for reasons beside the form.

    What the gateway's check says begins with the path of the setting, such as
    ``clientCertificateAuth.type``.
    """
    if not isinstance(error, EngineRefuses):
        return error
    faults = [_at_its_field(fault) for fault in error.faults]
    return Unacceptable(faults) if any(fault.where for fault in faults) else None


def _at_its_field(fault: Fault) -> Fault:
    found = _SETTING.match(fault.message)
    if found is None:
        return fault
    path = [part for part in found.groups() if part is not None]
    # What is missing has no path of its own: the way out names it, "add trustedProxies".
    path = path or [word for word in _WORD.findall(fault.way_out) if word in _FIELDS][:1]
    where = "".join(f"/{part}" for part in path)
    return replace(fault, where=where, message=fault.message[found.end() :])


def address_with(path: str, **query: object) -> str:
    """A path that may have a query already, with more of it."""
    more = address("", **query).removeprefix("?")
    return f"{path}{'&' if '?' in path else '?'}{more}" if more else path


def foretell(
    visit: Visit, change: Change, preview: PreviewView | None, warnings: Sequence[str]
) -> Response:
    """What the change would do, and the button that does it. Waits for the database."""
    return visit.page(
        "change.html",
        change=change,
        action=visit.request.url.path,
        preview=preview,
        warnings=warnings,
        carried=visit.form.carried(),
    )


def _confirm(visit: Visit, change: Change, error: MustConfirm) -> Response:
    return visit.page(
        "confirm.html",
        409,
        change=change,
        action=visit.request.url.path,
        sentence=str(error),
        step=visit.form.text("step") or "preview",
        carried=visit.form.carried(),
    )
