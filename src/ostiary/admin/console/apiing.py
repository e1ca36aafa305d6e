"""APIs: what each inherits from the gateway, and *Add API Client Certificate Auth*."""

import asyncio

from starlette.responses import Response

from ostiary.admin.console.changing import Change, address_with, carry_out
from ostiary.admin.console.fields import RULE_KEYS, api_changes
from ostiary.admin.console.gatewaying import at_fields, rules_shown
from ostiary.admin.console.guard import Door
from ostiary.admin.console.visit import Visit, address
from ostiary.management.errors import Fault, Unacceptable

_ROWS = 25


def listing(visit: Visit) -> Response:
    """Every API and the policy that acts there."""
    search = visit.asked("q")
    return visit.page("apis.html", apis=visit.desk.settings.apis(search=search), search=search)


def show(visit: Visit) -> Response:
    """One API; ``?override=1`` opens the form for its own settings."""
    return _page(visit, visit.asked("name"), ())


def _page(visit: Visit, name: str, faults: tuple[Fault, ...]) -> Response:
    view = visit.desk.settings.api(name)
    own = bool(visit.asked("override")) or bool(faults) or view.overrides
    page = visit.page(
        "api.html",
        422 if faults else 200,
        view=view,
        policy=view.policy,
        open=own,
        names=visit.desk.names.page(name, limit=_ROWS),
        rules=rules_shown(view),
        rule_keys=RULE_KEYS,
        api=name,
        faults=faults,
        sent=visit.form,
    )
    return at_fields(page) if faults else page


async def save(visit: Visit) -> Response:
    """Preview, or save, what an API does differently."""
    name = visit.form.text("api")
    view = await asyncio.to_thread(visit.desk.settings.api, name)
    changes = api_changes(visit.form, view)
    back = address("/console/api", name=name)
    if not changes:
        return visit.go(address_with(back, done="nothing"))
    change = Change(
        title=f"Client certificate authentication of {name}",
        verb="Save",
        perform=lambda order: visit.desk.settings.set_api(order, name, changes),
        back=back,
        done="saved",
        faulty=lambda error: _faulty(visit, name, error),
    )
    return await carry_out(visit, change)


def _faulty(visit: Visit, name: str, error: Unacceptable) -> Response:
    return _page(visit, name, error.faults)


async def clear(visit: Visit) -> Response:
    """Give up all that the API does differently."""
    name = visit.form.text("api")
    change = Change(
        title=f"Let {name} inherit everything from the gateway",
        verb="Inherit",
        perform=lambda order: visit.desk.settings.clear_api(order, name),
        back=address("/console/api", name=name),
        done="inherits",
        danger=True,
    )
    return await carry_out(visit, change)


DOORS: tuple[Door, ...] = (
    ("GET", "/apis", listing),
    ("GET", "/api", show),
    ("POST", "/api", save),
    ("POST", "/api/inherit", clear),
)
