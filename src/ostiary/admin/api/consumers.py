"""Users, apps, credentials and scopes."""

from typing import Annotated, Any

from fastapi import Path, Query, Request
from starlette.responses import Response

from ostiary.admin.api.consumer_bodies import (
    AppChanges,
    CredentialChanges,
    NewApp,
    NewCredential,
    NewScopes,
    NewUser,
    UserChanges,
)
from ostiary.admin.api.doors import Door
from ostiary.admin.replies import (
    Adding,
    Changing,
    Cursor,
    Limit,
    PageShape,
    Search,
    Shape,
    changed,
    desk_of,
)
from ostiary.consumers.model import CredentialType
from ostiary.management.consumers.accounts import Accounts, Patch
from ostiary.management.consumers.consumers import Consumers
from ostiary.management.consumers.credentials import CredentialPatch
from ostiary.management.consumers.making import Wanted
from ostiary.management.consumers.views import ConsumerView, CredentialView
from ostiary.management.sights import ChangeView
from ostiary.management.views import Page
from ostiary.store.database.consumer_records import About

_PAGE = PageShape[ConsumerView](Page[ConsumerView])
_ONE = Shape[ConsumerView](ConsumerView)
_CREDENTIALS = PageShape[CredentialView](Page[CredentialView])
_CREDENTIAL = Shape[CredentialView](CredentialView)
_SCOPES = Shape[tuple[str, ...]](tuple[str, ...])
_CHANGE = Shape[ChangeView](ChangeView)
_BASE = "/api/v1/consumers"

Called = Annotated[str, Path(max_length=1_000, description="Id or name.")]
Number = Annotated[int, Path(ge=1, le=2**53)]
Whose = Annotated[str | None, Query(max_length=1_000, description="A user by name or id.")]
Consumer = Annotated[
    str | None, Query(max_length=1_000, description="A user by name or id, or an app.")
]
Exact = Annotated[str, Query(max_length=200, description="The whole name.")]
Kind = Annotated[CredentialType | None, Query(alias="type")]


def _consumers(request: Request) -> Consumers:
    return desk_of(request).consumers


def _revision(request: Request) -> int:
    return desk_of(request).settings.revision()


def list_users(
    request: Request, search: Search = "", cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """Users, the oldest first."""
    page = _consumers(request).users.page(search=search, cursor=cursor, limit=limit)
    return _PAGE.page(request, page, _revision(request))


async def create_user(request: Request, order: Adding, body: NewUser) -> Response:
    """Make a user."""
    about = About(
        firstname=body.firstname,
        lastname=body.lastname,
        email=body.email,
        redirect_uri=body.redirect_uri,
    )
    done = await _consumers(request).users.create(order, body.username, about=about)
    return changed(_CHANGE, done, made=f"{_BASE}/users", status=201)


def read_user(request: Request, user: Called) -> Response:
    """One user."""
    return _ONE.answer(_consumers(request).users.one(user), revision=_revision(request))


async def change_user(
    request: Request, user: Called, order: Changing, body: UserChanges
) -> Response:
    """Describe anew, activate, or deactivate with all apps: acts at once, on open connections."""
    return await _change(_consumers(request).users, user, order, body)


async def remove_user(request: Request, user: Called, order: Changing) -> Response:
    """Remove a user with apps and credentials."""
    return changed(_CHANGE, await _consumers(request).users.remove(order, user))


def list_apps(
    request: Request,
    user: Whose = None,
    search: Search = "",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Apps, the oldest first, of one user or of all."""
    page = _consumers(request).apps.page(user=user, search=search, cursor=cursor, limit=limit)
    return _PAGE.page(request, page, _revision(request))


async def create_app(request: Request, order: Adding, body: NewApp) -> Response:
    """Make an app of a user."""
    about = About(redirect_uri=body.redirect_uri)
    done = await _consumers(request).apps.create(order, body.name, user=body.user, about=about)
    return changed(_CHANGE, done, made=f"{_BASE}/apps", status=201)


def read_app(request: Request, app: Called) -> Response:
    """One app. Where several users have one of this name, the id is needed."""
    return _ONE.answer(_consumers(request).apps.one(app), revision=_revision(request))


async def change_app(request: Request, app: Called, order: Changing, body: AppChanges) -> Response:
    """Rename, describe anew, activate or deactivate: acts at once, on open connections."""
    return await _change(_consumers(request).apps, app, order, body)


async def remove_app(request: Request, app: Called, order: Changing) -> Response:
    """Remove an app with its credentials."""
    return changed(_CHANGE, await _consumers(request).apps.remove(order, app))


def list_credentials(
    request: Request,
    *,
    consumer: Consumer = None,
    kind: Kind = None,
    name: Exact = "",
    search: Search = "",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Credentials, the oldest first, of one consumer or of all; never a secret."""
    page = _consumers(request).credentials.page(
        consumer=consumer, kind=kind, name=name, search=search, cursor=cursor, limit=limit
    )
    return _CREDENTIALS.page(request, page, _revision(request))


async def create_credential(request: Request, order: Adding, body: NewCredential) -> Response:
    """Make a credential; its secret is in this answer and nowhere else."""
    wanted = Wanted(
        type=body.type,
        name=body.name,
        secret=body.secret,
        scopes=body.scopes,
        rules=body.rules,
        valid_from=body.valid_from,
        valid_until=body.valid_until,
    )
    made = await _consumers(request).credentials.create(order, body.consumer, wanted)
    headers = {} if order.dry_run else {"Location": f"{_BASE}/credentials/{made.id}"}
    return _CREDENTIAL.answer(made, status=200 if order.dry_run else 201, headers=headers)


def read_credential(request: Request, number: Number) -> Response:
    """One credential; never its secret."""
    found = _consumers(request).credentials.one(number)
    return _CREDENTIAL.answer(found, revision=_revision(request))


async def change_credential(
    request: Request, number: Number, order: Changing, body: CredentialChanges
) -> Response:
    """Activate or deactivate, allow other scopes, tie to other certificates: acts at once, on open
    connections."""
    given = body.model_dump(exclude_unset=True)
    dates: dict[str, Any] = {
        name: given.pop(name) for name in ("valid_from", "valid_until") if name in given
    }
    credentials = _consumers(request).credentials
    done = await credentials.change(order, number, CredentialPatch(**given, dates=dates or None))
    return changed(_CHANGE, done)


async def remove_credential(request: Request, number: Number, order: Changing) -> Response:
    """Remove a credential; deactivated, it would stay on record."""
    return changed(_CHANGE, await _consumers(request).credentials.remove(order, number))


def list_scopes(request: Request) -> Response:
    """All scopes, in alphabetical order."""
    return _SCOPES.answer(_consumers(request).scopes.all(), revision=_revision(request))


async def create_scopes(request: Request, order: Adding, body: NewScopes) -> Response:
    """Make scopes, so that credentials can have them."""
    done = await _consumers(request).scopes.create(order, body.scopes)
    return changed(_CHANGE, done, status=201)


async def remove_scope(
    request: Request, scope: Annotated[str, Path(max_length=1_000)], order: Changing
) -> Response:
    """Remove a scope, also from every credential that has it."""
    return changed(_CHANGE, await _consumers(request).scopes.remove(order, scope))


async def _change(
    accounts: Accounts, called: str, order: Changing, body: UserChanges | AppChanges
) -> Response:
    given: dict[str, Any] = body.model_dump(exclude_unset=True)
    return changed(_CHANGE, await accounts.change(order, called, Patch(**given)))


DOORS = (
    Door("GET", "/consumers/users", list_users, Page[ConsumerView]),
    Door("POST", "/consumers/users", create_user, ChangeView, status=201),
    Door("GET", "/consumers/users/{user}", read_user, ConsumerView),
    Door("PATCH", "/consumers/users/{user}", change_user, ChangeView),
    Door("DELETE", "/consumers/users/{user}", remove_user, ChangeView),
    Door("GET", "/consumers/apps", list_apps, Page[ConsumerView]),
    Door("POST", "/consumers/apps", create_app, ChangeView, status=201),
    Door("GET", "/consumers/apps/{app}", read_app, ConsumerView),
    Door("PATCH", "/consumers/apps/{app}", change_app, ChangeView),
    Door("DELETE", "/consumers/apps/{app}", remove_app, ChangeView),
    Door("GET", "/consumers/credentials", list_credentials, Page[CredentialView]),
    Door("POST", "/consumers/credentials", create_credential, CredentialView, status=201),
    Door("GET", "/consumers/credentials/{number}", read_credential, CredentialView),
    Door("PATCH", "/consumers/credentials/{number}", change_credential, ChangeView),
    Door("DELETE", "/consumers/credentials/{number}", remove_credential, ChangeView),
    Door("GET", "/consumers/scopes", list_scopes, tuple[str, ...]),
    Door("POST", "/consumers/scopes", create_scopes, ChangeView, status=201),
    Door("DELETE", "/consumers/scopes/{scope:path}", remove_scope, ChangeView),
)
