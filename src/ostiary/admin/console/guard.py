"""Between the network and the pages: login, forged forms, and refusals told as pages."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeAlias

from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from ostiary.admin.console.forms import read_form
from ostiary.admin.console.visit import HEADERS, Console, Visit, address
from ostiary.kernel.errors import OstiaryError
from ostiary.management.errors import (
    Conflicting,
    Forbidden,
    Locked,
    NotApplied,
    NotThere,
    Stale,
    Unacceptable,
    Unavailable,
)
from ostiary.management.sights import AuditView

Shown: TypeAlias = Callable[[Visit], Response]
Worked: TypeAlias = Callable[[Visit], Awaitable[Response]]
Door: TypeAlias = tuple[str, str, Shown | Worked]
"""Method, path below /console, and the page: a plain function is called in a thread."""

_STATUS: tuple[tuple[type[OstiaryError], int, str], ...] = (
    (NotThere, 404, "There is no such thing"),
    (Forbidden, 403, "Your role isn't enough"),
    (Stale, 412, "Someone else changed it"),
    (Locked, 409, "Set by the configuration file"),
    (Conflicting, 409, "This can't be done as things stand"),
    (NotApplied, 503, "The change could not be put in force"),
    (Unavailable, 503, "The database can't be used just now"),
    (Unacceptable, 422, "This can't be saved"),
)


def routes(console: Console, doors: tuple[Door, ...]) -> list[BaseRoute]:
    """One route for each door, all behind the login."""
    return [
        Route(f"/console{path}", _guarded(console, page), methods=[method])
        for method, path, page in doors
    ]


def _guarded(console: Console, page: Shown | Worked) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        session = await asyncio.to_thread(console.sessions.of, request)
        if session is None:
            return to_login(request)
        visit = Visit(console=console, request=request, session=session)
        if request.method == "POST":
            visit = replace(visit, form=await read_form(request))
            if not console.sessions.genuine(request, visit.form.text("csrf")):
                return await asyncio.to_thread(_forged, visit)
        try:
            return await _answer(page, visit)
        except OstiaryError as error:
            return await asyncio.to_thread(refusal, visit, error)

    return endpoint


async def _answer(page: Shown | Worked, visit: Visit) -> Response:
    made: Response | Awaitable[Response]
    if inspect.iscoroutinefunction(page):
        made = page(visit)
    else:
        made = await asyncio.to_thread(lambda: page(visit))
    return made if isinstance(made, Response) else await made


def to_login(request: Request) -> Response:
    """Send somebody unknown to the login, and back to where they wanted afterwards."""
    where = address("/console/login", to=_wanted(request))
    if request.headers.get("HX-Request"):
        return Response(status_code=200, headers={**HEADERS, "HX-Redirect": where})
    return RedirectResponse(where, 303, headers=HEADERS)


def _wanted(request: Request) -> str:
    """The page somebody is on: a part that htmx asks for is none."""
    if request.headers.get("HX-Request"):
        seen = URL(request.headers.get("HX-Current-URL", "/console"))
    else:
        seen = request.url if request.method == "GET" else URL("/console")
    return f"{seen.path}?{seen.query}" if seen.query else seen.path


def refusal(visit: Visit, error: OstiaryError) -> Response:
    """Say on a page, or in the panel, why something was refused. Waits for the database."""
    status, title = next(
        ((status, title) for kind, status, title in _STATUS if isinstance(error, kind)),
        (500, "This did not work"),
    )
    return visit.page(
        "problem.html",
        status,
        title=title,
        faults=error.faults if isinstance(error, Unacceptable) else (),
        sentence=str(error),
        stale=isinstance(error, Stale),
        last=_last_change(visit) if isinstance(error, Stale) else None,
        back=visit.form.text("back") or "/console",
        posted=visit.request.method == "POST",
    )


def _last_change(visit: Visit) -> AuditView | None:
    return next(iter(visit.desk.audit.page(limit=1).items), None)


def _forged(visit: Visit) -> Response:
    return visit.page(
        "problem.html",
        403,
        title="This form is no longer good",
        faults=(),
        sentence="It was made in another session, or by another site; load the page again",
        stale=False,
        last=None,
        back="/console",
        posted=True,
    )
