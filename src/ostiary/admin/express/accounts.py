"""``/users`` and ``/apps``."""

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ostiary.admin.express.doors import ACTIVATED, UNCHANGED, called, order, route
from ostiary.admin.express.shapes import (
    AppUpdate,
    NewApp,
    NewUser,
    Status,
    UserUpdate,
    read,
    user_or_app,
)
from ostiary.admin.replies import desk_of
from ostiary.management.consumers.accounts import Accounts, Patch
from ostiary.management.consumers.views import ConsumerView
from ostiary.management.errors import Conflicting, NotThere, Unacceptable
from ostiary.management.pages import below, offset_of
from ostiary.management.views import Page
from ostiary.store.database.consumer_records import About


def start_and_count(request: Request) -> tuple[str | None, int]:
    """Where a list goes on, as a cursor, and how many of it. Raises Unacceptable."""
    given = request.query_params
    start, count = given.get("start", "0"), given.get("count", "100")
    if not (start.isdecimal() and count.isdecimal() and len(start) < 16 and len(count) < 16):
        raise Unacceptable.one("start and count are numbers", "leave them out", "/query")
    return (below(int(start)) if int(start) else None), min(max(int(count), 1), 1_000)


def next_key(page: Page[Any]) -> int:
    """Where the next page starts; 0 at the end."""
    return offset_of(page.next) if page.next else 0


def _accounts(request: Request) -> Accounts:
    consumers = desk_of(request).consumers
    return consumers.apps if request.url.path.startswith("/apps") else consumers.users


async def _one(request: Request) -> ConsumerView:
    return await asyncio.to_thread(_accounts(request).one, called(request))


async def _list(request: Request) -> Response:
    cursor, count = start_and_count(request)
    page = await asyncio.to_thread(_accounts(request).page, cursor=cursor, limit=count)
    name = "apps" if request.url.path.startswith("/apps") else "users"
    found = [user_or_app(one) for one in page.items]
    return JSONResponse({name: found, "nextKey": next_key(page)})


async def _read(request: Request) -> Response:
    return JSONResponse(user_or_app(await _one(request)))


async def _make_user(request: Request) -> Response:
    sent = await read(request, NewUser)
    about = About(
        firstname=sent.firstname,
        lastname=sent.lastname,
        email=sent.email,
        redirect_uri=sent.redirect_uri,
    )
    users = desk_of(request).consumers.users
    done = await users.create(order(request), sent.username, about=about)
    return JSONResponse(user_or_app(await asyncio.to_thread(users.one, done.object)))


async def _make_app(request: Request) -> Response:
    sent = await read(request, NewApp)
    apps = desk_of(request).consumers.apps
    about = About(redirect_uri=sent.redirect_uri)
    try:
        done = await apps.create(order(request), sent.name, user=sent.user_id, about=about)
    except NotThere as error:
        raise Conflicting("The specified user does not exist") from error
    return JSONResponse(user_or_app(await asyncio.to_thread(apps.one, done.object)))


async def _update(request: Request) -> Response:
    is_app = request.url.path.startswith("/apps")
    sent = await read(request, AppUpdate if is_app else UserUpdate)
    before = await _one(request)
    given: Mapping[str, str | None] = sent.model_dump(exclude={"username"})
    patch = Patch(**given)  # type: ignore[arg-type] # the models have the fields of a patch
    if patch != Patch():
        await _accounts(request).change(order(request), str(before.id), patch)
    one = await asyncio.to_thread(_accounts(request).one, str(before.id))
    return JSONResponse(user_or_app(one))


async def _switch(request: Request) -> Response:
    wanted = (await read(request, Status)).status
    one = await _one(request)
    if one.active is wanted:
        return JSONResponse({"status": UNCHANGED[wanted]})
    await _accounts(request).change(order(request), str(one.id), Patch(active=wanted))
    return JSONResponse({"status": ACTIVATED[wanted]})


async def _remove(request: Request) -> Response:
    await _accounts(request).remove(order(request), called(request))
    return Response(status_code=204)


def account_routes() -> list[Route]:
    """Of users and of apps, which differ in what is sent when one is made."""
    found = [route("POST", "/users", _make_user), route("POST", "/apps", _make_app)]
    for path in ("/users", "/apps"):
        found += [
            route("GET", path, _list),
            route("GET", f"{path}/{{id}}", _read),
            route("PUT", f"{path}/{{id}}", _update),
            route("DELETE", f"{path}/{{id}}", _remove),
            route("PUT", f"{path}/{{id}}/status", _switch),
        ]
    return found
