"""Tokens of the admin API: made here and shown once, ended here."""

import asyncio
from datetime import timedelta

from starlette.responses import Response

from ostiary.admin.console.changing import Change, carry_out
from ostiary.admin.console.gatewaying import at_fields
from ostiary.admin.console.guard import Door
from ostiary.admin.console.visit import Visit
from ostiary.management.actors import Order
from ostiary.management.errors import Conflicting, Fault, Forbidden, Unacceptable
from ostiary.management.sights import TokenView
from ostiary.store.database.records import Role

_DAYS = (7, 30, 90, 365)


def listing(visit: Visit) -> Response:
    """All tokens, never their secrets."""
    return _page(visit, (), None)


def _page(visit: Visit, faults: tuple[Fault, ...], made: TokenView | None) -> Response:
    if not visit.may_rule:
        raise Forbidden(Role.ADMIN)  # as in the API: who may do what is an administrator's business
    page = visit.page(
        "tokens.html",
        422 if faults else 200,
        tokens=visit.desk.tokens.all(),
        faults=faults,
        made=made,
        roles=tuple(Role),
        days=_DAYS,
        sent=visit.form,
    )
    return at_fields(page) if faults else page


async def make(visit: Visit) -> Response:
    """Make a token. The answer shows it, and nothing will again: so no redirect here."""
    form = visit.form
    days = form.number("days")
    order = Order(actor=visit.session.actor)
    try:
        if not form.text("name"):
            raise Unacceptable.one("a name is needed", "such as the job that uses it", "/name")
        made = await visit.desk.tokens.make(
            order,
            name=form.text("name"),
            role=_role(form.text("role")),
            expires=visit.console.clock() + timedelta(days=min(days, 36_500)) if days else None,
        )
    except Unacceptable as error:
        return await asyncio.to_thread(_page, visit, error.faults, None)
    except Conflicting as error:
        taken = (Fault(where="/name", message=str(error)),)
        return await asyncio.to_thread(_page, visit, taken, None)
    return await asyncio.to_thread(_page, visit, (), made)


def _role(word: str) -> Role:
    try:
        return Role(word)
    except ValueError:
        raise Unacceptable.one("no such role", "choose one of the list", "/role") from None


async def revoke(visit: Visit) -> Response:
    """End a token at once."""
    number: int = visit.request.path_params["token"]
    change = Change(
        title=f"End the token {visit.form.text('name')}",
        verb="End it",
        perform=lambda order: visit.desk.tokens.revoke(order, number),
        back="/console/tokens",
        done="revoked",
        danger=True,
    )
    return await carry_out(visit, change)


DOORS: tuple[Door, ...] = (
    ("GET", "/tokens", listing),
    ("POST", "/tokens", make),
    ("POST", "/tokens/{token:int}/revoke", revoke),
)
