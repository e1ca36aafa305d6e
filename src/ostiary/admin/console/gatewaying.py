"""*Gateway information*: general, and *Client Certificate Auth* as the fourth seed has it."""

import asyncio
from dataclasses import replace

from starlette.responses import Response

from ostiary.admin.console.changing import Change, carry_out, foretell
from ostiary.admin.console.fields import (
    RULE_KEYS,
    gateway_changes,
    own_rules,
    plain_rules,
    rule_of,
)
from ostiary.admin.console.forms import Form
from ostiary.admin.console.guard import Door
from ostiary.admin.console.visit import Visit, address
from ostiary.forwarded.formats import PRESETS, HeaderFormat
from ostiary.management.errors import Unacceptable
from ostiary.management.management import Management
from ostiary.management.sights import StoreState
from ostiary.management.views import ApiView, GatewayView

AUTH = "/console/gateway/client-certificate-auth"
_ROWS = 25
_GOES_BACK = (
    "The database is damaged. It goes back to its last good copy, and what was changed since is "
    "lost; the damaged file is put aside."
)


def general(visit: Visit) -> Response:
    """The state of trust store and database, and how they are recovered."""
    return visit.page(
        "gateway.html", view=visit.desk.settings.gateway(), store=visit.desk.recovery.state()
    )


def auth(visit: Visit) -> Response:
    """The tab *Client Certificate Auth*."""
    return auth_page(visit)


def auth_page(
    visit: Visit, error: Unacceptable | None = None, form: Form | None = None
) -> Response:
    """The tab; after a mistake with the faults at their fields, and what was written kept."""
    view = visit.desk.settings.gateway()
    search = visit.asked("q")
    return visit.page(
        "auth.html",
        422 if error else 200,
        view=view,
        policy=view.policy,
        faults=error.faults if error else (),
        sent=form,
        trusted=visit.desk.trusted.page(
            search=search, cursor=visit.asked("cursor") or None, limit=_ROWS
        ),
        search=search,
        names=visit.desk.names.page(None, limit=_ROWS),
        presets=PRESETS,
        formats=tuple(HeaderFormat),
        rule_keys=RULE_KEYS,
        rules=rules_shown(view),
        api=None,
    )


def rules_shown(view: GatewayView | ApiView) -> dict[str, list[dict[str, str]]]:
    """Rules in force, as the file would write them."""
    return {
        "allow": plain_rules(view.policy.allow.value),
        "deny": plain_rules(view.policy.deny.value),
        "own_allow": own_rules(view, "allow"),
        "own_deny": own_rules(view, "deny"),
    }


async def save(visit: Visit) -> Response:
    """Preview, or save, what was chosen in the tab."""
    view = await asyncio.to_thread(visit.desk.settings.gateway)
    changes = gateway_changes(visit.form, view)
    if not changes:
        return visit.go(f"{AUTH}?done=nothing")
    change = Change(
        title="Change client certificate authentication",
        verb="Save",
        perform=lambda order: visit.desk.settings.set_gateway(order, changes),
        back=AUTH,
        done="saved",
        faulty=lambda error: at_fields(auth_page(visit, error, visit.form)),
    )
    return await carry_out(visit, change)


def at_fields(page: Response) -> Response:
    """Put a form with its faults where the form was, not into the panel."""
    page.headers["HX-Retarget"] = "#main"
    page.headers["HX-Reselect"] = "#main"
    page.headers["HX-Reswap"] = "outerHTML"
    return page


async def recover(visit: Visit) -> Response:
    """Build the trust store anew. A damaged database foretells nothing, and the revision of the
    page is none that could be compared: recovery goes back to an older one."""
    recovery = visit.desk.recovery
    change = Change(
        title="Recover the trust store",
        verb="Recover",
        perform=lambda order: recovery.recover(replace(order, if_match=None)),
        back="/console/gateway",
        done="recovered",
    )
    damaged = (await asyncio.to_thread(recovery.state)).database is StoreState.DAMAGED
    if damaged and visit.may_rule and visit.form.text("step") != "save":
        return await asyncio.to_thread(foretell, visit, change, None, (_GOES_BACK,))
    return await carry_out(visit, change)


async def change_rules(visit: Visit) -> Response:
    """Add a rule, or remove one, at the gateway or at an API."""
    form, api = visit.form, visit.form.text("api") or None
    kind = "deny" if form.text("list") == "deny" else "allow"
    view = await asyncio.to_thread(_scope, visit.desk, api)
    rules = own_rules(view, kind)
    dropped = form.number("remove")
    if dropped is not None:
        rules = [rule for at, rule in enumerate(rules) if at != dropped]
    elif rule_of(form):
        rules = [*rules, rule_of(form)]
    else:
        raise Unacceptable.one("the rule has no test", "fill in at least one of its fields")
    wanted: list[dict[str, str]] | None = rules or None
    settings = visit.desk.settings
    change = Change(
        title=f"{'Remove' if dropped is not None else 'Add'} a rule that {_ACTS[kind]}",
        verb="Save",
        perform=lambda order: (
            settings.set_api(order, api, {kind: wanted})
            if api
            else settings.set_gateway(order, {kind: wanted})
        ),
        back=address("/console/api", name=api) if api else AUTH,
        done="saved",
    )
    return await carry_out(visit, change)


_ACTS = {"allow": "lets in", "deny": "keeps out"}


def _scope(desk: Management, api: str | None) -> GatewayView | ApiView:
    return desk.settings.api(api) if api else desk.settings.gateway()


DOORS: tuple[Door, ...] = (
    ("GET", "/gateway", general),
    ("GET", "/gateway/client-certificate-auth", auth),
    ("POST", "/gateway/client-certificate-auth", save),
    ("POST", "/gateway/recover", recover),
    ("POST", "/rules", change_rules),
)
