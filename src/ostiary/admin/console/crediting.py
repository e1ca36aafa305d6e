"""Credentials of consumers: made and shown once, switched, tied to scopes and certificates."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from starlette.responses import Response

from ostiary.admin.console.changing import Change, carry_out
from ostiary.admin.console.consuming import PAGE, RULES, faults_of, place, shown
from ostiary.admin.console.forms import Form
from ostiary.admin.console.gatewaying import at_fields
from ostiary.admin.console.guard import Door
from ostiary.admin.console.visit import Visit, address
from ostiary.consumers.model import ConsumerKind, CredentialType
from ostiary.management.actors import Order
from ostiary.management.consumers.credentials import CredentialPatch
from ostiary.management.consumers.making import Wanted
from ostiary.management.consumers.views import CredentialView
from ostiary.management.errors import Conflicting, Fault, NotThere, Unacceptable
from ostiary.management.shelf import read_uploaded


async def create(visit: Visit) -> Response:
    """Make one. The answer shows its secret, and nothing will again: so no redirect here."""
    kind = _kind(visit)
    called: str = visit.request.path_params["called"]
    order = Order(actor=visit.session.actor, if_match=visit.form.number("revision"))
    try:
        wanted = await asyncio.to_thread(_wanted, visit.form)
        made = await visit.desk.consumers.credentials.create(order, called, wanted)
    except (Unacceptable, Conflicting) as error:
        return await asyncio.to_thread(shown, visit, kind, called, faults_of(error, "/type"))
    return await asyncio.to_thread(shown, visit, kind, called, (), made)


def _wanted(form: Form) -> Wanted:
    kind = _type(form.text("type"))
    certificate = kind is CredentialType.CERTIFICATE
    # Fields of other types are hidden, and say nothing.
    return Wanted(
        type=kind,
        name=None if kind is CredentialType.BASIC_AUTH else form.text("id") or None,
        secret=None if certificate else form.text("secret") or None,
        scopes=tuple(one for sent in form.fields.get("scopes", ()) for one in sent.split()),
        rules=(_rule(form),) if certificate else (),
        valid_from=_date(form, "validFrom") if certificate else None,
        valid_until=_date(form, "validUntil") if certificate else None,
    )


def _type(word: str) -> CredentialType:
    try:
        return CredentialType(word)
    except ValueError:
        raise Unacceptable.one("no such type", "choose one of the list", "/type") from None


def _rule(form: Form) -> dict[str, str]:
    """The tests that were filled in; a certificate stands for its fingerprint."""
    tests = {name: form.text(f"rule.{name}") for name in RULES if form.text(f"rule.{name}")}
    pem = form.upload("file", "pasted")
    if pem:
        tests["fingerprint"] = read_uploaded(pem, None)[0].fingerprint
    return tests


def _date(form: Form, name: str) -> datetime | None:
    """A time in UTC, as a browser's field for it sends."""
    given = form.text(name)
    if not given:
        return None
    try:
        return datetime.fromisoformat(given).replace(tzinfo=UTC)
    except ValueError:
        raise Unacceptable.one(
            "this is no time", "write it as 2030-01-31T12:00", f"/{name}"
        ) from None


def show(visit: Visit) -> Response:
    """One of them."""
    return _page(visit, ())


def _page(visit: Visit, faults: tuple[Fault, ...]) -> Response:
    consumers = visit.desk.consumers
    view = consumers.credentials.one(visit.request.path_params["number"])
    is_user = view.consumer_kind is ConsumerKind.USER
    accounts = consumers.users if is_user else consumers.apps
    owner = accounts.one(str(view.consumer))
    page = visit.page(
        "credential.html",
        422 if faults else 200,
        view=view,
        owner=owner,
        whose=place(owner),
        free=[one for one in consumers.scopes.all() if one not in view.scopes],
        rules=RULES,
        faults=faults,
        sent=visit.form,
    )
    return at_fields(page) if faults else page


async def switch(visit: Visit) -> Response:
    """Deactivate, after a look; or activate."""
    active = visit.form.flag("active")
    done = "activated" if active else "deactivated"
    word = "Activate" if active else "Deactivate"
    return await _change(visit, CredentialPatch(active=active), word, done, look_first=not active)


async def scopes(visit: Visit) -> Response:
    """Allow one more, or one less."""
    add, less = visit.form.text("add"), visit.form.text("remove")
    patch = CredentialPatch(add_scopes=(add,) if add else (), remove_scopes=(less,) if less else ())
    return await _change(visit, patch, f"Take the scope {less} from" if less else "Allow", "saved")


async def rules(visit: Visit) -> Response:
    """Add a rule, or take one away; one must stay."""
    view = await asyncio.to_thread(_view, visit)
    kept: Sequence[dict[str, str]] = [dict(one) for one in view.rules]
    gone = visit.form.number("remove")
    try:
        if gone is None:
            kept = [*kept, await asyncio.to_thread(_rule, visit.form)]
        else:
            kept = [one for at, one in enumerate(kept) if at != gone]
    except Unacceptable as error:
        return await asyncio.to_thread(_page, visit, error.faults)
    word = "Change the rules of" if gone is None else "Take a rule from"
    patch = CredentialPatch(rules=tuple(kept))
    return await _change(visit, patch, word, "saved", look_first=gone is not None)


async def dates(visit: Visit) -> Response:
    """From when until when it counts."""
    try:
        given = {
            "valid_from": _date(visit.form, "validFrom"),
            "valid_until": _date(visit.form, "validUntil"),
        }
    except Unacceptable as error:
        return await asyncio.to_thread(_page, visit, error.faults)
    return await _change(visit, CredentialPatch(dates=given), "Change", "saved")


async def remove(visit: Visit) -> Response:
    """Remove it for good; deactivated, it would stay on record."""
    view = await asyncio.to_thread(_view, visit)
    kind = "users" if view.consumer_kind is ConsumerKind.USER else "apps"
    change = Change(
        title=f"Remove {_called(view)}",
        verb="Remove",
        perform=lambda order: visit.desk.consumers.credentials.remove(order, view.id),
        back=f"{PAGE}/{kind}/{view.consumer}",
        done="removed",
        danger=True,
    )
    return await carry_out(visit, change)


async def _change(
    visit: Visit, patch: CredentialPatch, word: str, done: str, *, look_first: bool = False
) -> Response:
    view = await asyncio.to_thread(_view, visit)
    change = Change(
        title=f"{word} {_called(view)}",
        verb=word if patch.active is not None else "Save",
        perform=lambda order: visit.desk.consumers.credentials.change(order, view.id, patch),
        back=f"{PAGE}/credentials/{view.id}",
        done=done,
        danger=patch.active is False,
        look_first=look_first,
        faulty=lambda error: _page(visit, error.faults),
    )
    return await carry_out(visit, change)


def _view(visit: Visit) -> CredentialView:
    return visit.desk.consumers.credentials.one(visit.request.path_params["number"])


def _called(view: CredentialView) -> str:
    return f"the {view.type.value} credential {view.name}"


def _kind(visit: Visit) -> ConsumerKind:
    kinds = {"users": ConsumerKind.USER, "apps": ConsumerKind.APP}
    word: str = visit.request.path_params["kind"]
    if word not in kinds:
        raise NotThere("page", word)
    return kinds[word]


def all_scopes(visit: Visit) -> Response:
    """The words that credentials can be allowed."""
    return _scopes_page(visit, ())


def _scopes_page(visit: Visit, faults: tuple[Fault, ...]) -> Response:
    search = visit.asked("q")
    found = [one for one in visit.desk.consumers.scopes.all() if search in one]
    page = visit.page(
        "scopes.html",
        422 if faults else 200,
        tab="scopes",
        scopes=found,
        search=search,
        faults=faults,
        sent=visit.form,
    )
    return at_fields(page) if faults else page


async def create_scopes(visit: Visit) -> Response:
    """Make some, so that credentials can have them."""
    order = Order(actor=visit.session.actor, if_match=visit.form.number("revision"))
    wanted = tuple(visit.form.text("scopes").split())
    try:
        await visit.desk.consumers.scopes.create(order, wanted)
    except (Unacceptable, Conflicting) as error:
        return await asyncio.to_thread(_scopes_page, visit, faults_of(error, "/scopes"))
    return visit.go(address(f"{PAGE}/scopes", done="added"))


async def remove_scope(visit: Visit) -> Response:
    """Remove one, from all credentials, too."""
    scope = visit.form.text("scope")
    change = Change(
        title=f"Remove the scope {scope}, also from every credential that has it",
        verb="Remove",
        perform=lambda order: visit.desk.consumers.scopes.remove(order, scope),
        back=f"{PAGE}/scopes",
        done="removed",
        danger=True,
    )
    return await carry_out(visit, change)


DOORS: tuple[Door, ...] = (
    ("GET", "/consumers/scopes", all_scopes),
    ("POST", "/consumers/scopes", create_scopes),
    ("POST", "/consumers/scopes/remove", remove_scope),
    ("GET", "/consumers/credentials/{number:int}", show),
    ("POST", "/consumers/credentials/{number:int}/status", switch),
    ("POST", "/consumers/credentials/{number:int}/scopes", scopes),
    ("POST", "/consumers/credentials/{number:int}/rules", rules),
    ("POST", "/consumers/credentials/{number:int}/dates", dates),
    ("POST", "/consumers/credentials/{number:int}/remove", remove),
    ("POST", "/consumers/{kind}/{called}/credentials", create),
)
