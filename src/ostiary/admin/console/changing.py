"""Every change in two steps: first what it would do, then the change itself.

The form that begins it carries ``revision``, the one its page was made from: where somebody else
changed something meanwhile, that is told instead.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.responses import Response

from ostiary.admin.console.visit import Visit, address
from ostiary.management.actors import Order
from ostiary.management.errors import EngineRefuses, MustConfirm, Unacceptable
from ostiary.management.sights import ChangeView


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
    except EngineRefuses:
        raise
    except Unacceptable as error:
        if change.faulty is None:
            raise
        return await asyncio.to_thread(change.faulty, error)
    if view.applied:
        how = "reload" if view.reloaded else "swap"
        return visit.go(address_with(change.back, done=change.done, how=how))
    return await asyncio.to_thread(_foretell, visit, change, view)


def address_with(path: str, **query: object) -> str:
    """A path that may have a query already, with more of it."""
    more = address("", **query).removeprefix("?")
    return f"{path}{'&' if '?' in path else '?'}{more}" if more else path


def _foretell(visit: Visit, change: Change, view: ChangeView) -> Response:
    return visit.page(
        "change.html",
        change=change,
        action=visit.request.url.path,
        preview=view.preview,
        warnings=(*view.warnings, *(view.preview.warnings if view.preview else ())),
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
