"""Consumers: users and their apps, found, made, described anew, switched off and on, removed."""

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from ostiary.admin.console.changing import Change, carry_out
from ostiary.admin.console.fields import RULE_KEYS
from ostiary.admin.console.gatewaying import at_fields
from ostiary.admin.console.guard import Door
from ostiary.admin.console.visit import Visit, address
from ostiary.consumers.model import ConsumerKind, CredentialType
from ostiary.management.actors import Order
from ostiary.management.consumers.accounts import Accounts, Patch
from ostiary.management.consumers.views import ConsumerView, CredentialView
from ostiary.management.errors import Conflicting, Fault, NotThere, Unacceptable
from ostiary.store.database.consumer_records import About

ROWS = 50
PAGE = "/console/consumers"
TYPES = tuple(CredentialType)
_OF_RULES = ("fingerprint", "distinguishedName", "dns", "uri", "email", "ip", "issuer", "serial")
RULES = {name: RULE_KEYS[name] for name in _OF_RULES}
"""Tests of a certificate credential."""


def listing(kind: ConsumerKind) -> Callable[[Visit], Response]:
    """The page of all of one kind."""
    return lambda visit: _listed(visit, kind, ())


def _listed(visit: Visit, kind: ConsumerKind, faults: tuple[Fault, ...]) -> Response:
    search, user = visit.asked("q"), visit.asked("user")
    of_apps = kind is ConsumerKind.APP
    found = _accounts(visit, kind).page(
        search=search,
        cursor=visit.asked("cursor") or None,
        limit=ROWS,
        **({"user": user} if of_apps and user else {}),
    )
    page = visit.page(
        "consumers.html",
        422 if faults else 200,
        tab=f"{kind.value}s",
        found=found,
        search=search,
        user=user if of_apps else "",
        faults=faults,
        sent=visit.form,
    )
    return at_fields(page) if faults else page


async def create_user(visit: Visit) -> Response:
    """Make a user, and go to its page."""
    form = visit.form
    about = About(
        firstname=form.text("firstname"), lastname=form.text("lastname"), email=form.text("email")
    )
    users = visit.desk.consumers.users
    try:
        done = await users.create(_order(visit), form.text("username"), about=about)
    except (Unacceptable, Conflicting) as error:
        faults = faults_of(error, "/username")
        return await asyncio.to_thread(_listed, visit, ConsumerKind.USER, faults)
    return visit.go(address(f"{PAGE}/users/{done.object}", done="consumer"))


async def create_app(visit: Visit) -> Response:
    """Make an app of the user whose page it is, and go to its page."""
    user: str = visit.request.path_params["called"]
    apps = visit.desk.consumers.apps
    try:
        done = await apps.create(_order(visit), visit.form.text("name"), user=user)
    except (Unacceptable, Conflicting) as error:
        return await asyncio.to_thread(
            shown, visit, ConsumerKind.USER, user, faults_of(error, "/name")
        )
    return visit.go(address(f"{PAGE}/apps/{done.object}", done="consumer"))


def show(visit: Visit) -> Response:
    """One of them."""
    return shown(visit, _kind(visit), visit.request.path_params["called"])


def shown(
    visit: Visit,
    kind: ConsumerKind,
    called: str,
    faults: tuple[Fault, ...] = (),
    made: CredentialView | None = None,
) -> Response:
    """A consumer with apps and credentials; ``made``: the one whose secret is told this once."""
    consumers = visit.desk.consumers
    view = _accounts(visit, kind).one(called)
    apps = consumers.apps.page(user=str(view.id), limit=ROWS) if view.user is None else None
    page = visit.page(
        "consumer.html",
        422 if faults else 200,
        view=view,
        where=place(view),
        apps=apps,
        credentials=consumers.credentials.page(
            consumer=str(view.id), cursor=visit.asked("cursor") or None, limit=ROWS
        ),
        scopes=consumers.scopes.all(),
        types=TYPES,
        rules=RULES,
        made=made,
        faults=faults,
        sent=visit.form,
    )
    return at_fields(page) if faults else page


async def describe(visit: Visit) -> Response:
    """Write down what people read."""
    kind, view = await asyncio.to_thread(_view, visit)
    form = visit.form
    given: dict[str, Any] = {}
    names = ("name", "redirect_uri") if view.user else _OF_USERS
    for name in names:
        if form.text(name) != getattr(view, name):
            given[name] = form.text(name)
    if not given:
        return visit.go(address(place(view), done="nothing"))
    return await _change(visit, kind, view, Patch(**given), done="saved")


_OF_USERS = ("firstname", "lastname", "email", "redirect_uri")


async def switch(visit: Visit) -> Response:
    """Deactivate, after a look; or activate."""
    kind, view = await asyncio.to_thread(_view, visit)
    active = visit.form.flag("active")
    done = "activated" if active else "deactivated"
    return await _change(visit, kind, view, Patch(active=active), done=done)


async def _change(
    visit: Visit, kind: ConsumerKind, view: ConsumerView, patch: Patch, *, done: str
) -> Response:
    off = patch.active is False
    word = "Deactivate" if off else "Activate" if patch.active else "Change"
    change = Change(
        title=f"{word} {kind.value} {view.name}",
        verb=word,
        perform=lambda order: _accounts(visit, kind).change(order, str(view.id), patch),
        back=place(view),
        done=done,
        danger=off,
        look_first=off,
        faulty=lambda error: shown(visit, kind, str(view.id), error.faults),
    )
    return await carry_out(visit, change)


async def remove(visit: Visit) -> Response:
    """Remove it with all that belongs to it."""
    kind, view = await asyncio.to_thread(_view, visit)
    also = "apps and credentials" if kind is ConsumerKind.USER else "credentials"
    change = Change(
        title=f"Remove {kind.value} {view.name} with its {also}",
        verb="Remove",
        perform=lambda order: _accounts(visit, kind).remove(order, str(view.id)),
        back=place_of_all(kind),
        done="removed",
        danger=True,
    )
    return await carry_out(visit, change)


def faults_of(error: Unacceptable | Conflicting, where: str) -> tuple[Fault, ...]:
    """The faults of a form; what only clashes with others is told at the field ``where``."""
    if isinstance(error, Unacceptable):
        return error.faults
    return (Fault(where=where, message=str(error)),)


def place(view: ConsumerView) -> str:
    """The consumer's page."""
    return f"{place_of_all(view.kind, of_one=True)}/{view.id}"


def place_of_all(kind: ConsumerKind, *, of_one: bool = False) -> str:
    """The page of all of a kind; ``of_one``: what stands before the id of one."""
    return PAGE if kind is ConsumerKind.USER and not of_one else f"{PAGE}/{kind.value}s"


def _accounts(visit: Visit, kind: ConsumerKind) -> Accounts:
    consumers = visit.desk.consumers
    return consumers.users if kind is ConsumerKind.USER else consumers.apps


def _view(visit: Visit) -> tuple[ConsumerKind, ConsumerView]:
    kind = _kind(visit)
    return kind, _accounts(visit, kind).one(visit.request.path_params["called"])


def _kind(visit: Visit) -> ConsumerKind:
    word: str = visit.request.path_params["kind"]
    kinds = {f"{one.value}s": one for one in ConsumerKind}
    if word not in kinds:
        raise NotThere("page", word)
    return kinds[word]


def _order(visit: Visit) -> Order:
    return Order(actor=visit.session.actor, if_match=visit.form.number("revision"))


DOORS: tuple[Door, ...] = (
    ("GET", "/consumers", listing(ConsumerKind.USER)),
    ("POST", "/consumers", create_user),
    ("GET", "/consumers/apps", listing(ConsumerKind.APP)),
    ("POST", "/consumers/users/{called}/apps", create_app),
    ("GET", "/consumers/{kind}/{called}", show),
    ("POST", "/consumers/{kind}/{called}", describe),
    ("POST", "/consumers/{kind}/{called}/status", switch),
    ("POST", "/consumers/{kind}/{called}/remove", remove),
)
