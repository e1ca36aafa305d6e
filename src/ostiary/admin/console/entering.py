"""Login, logout, the switch between dark and light, and the files every page needs."""

import asyncio

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from ostiary.admin.console.forms import read_form
from ostiary.admin.console.visit import HEADERS, THEME_COOKIE, THEMES, Console
from ostiary.management.errors import BadCredential, TooManyAttempts

_A_YEAR = 365 * 86400


def open_routes(console: Console) -> list[BaseRoute]:
    """What is served without a credential: nothing of the gateway is in it."""

    async def login(request: Request) -> Response:
        return await _login(console, request)

    async def enter(request: Request) -> Response:
        return await _enter(console, request)

    async def leave(request: Request) -> Response:
        return await _leave(console, request)

    return [
        Mount("/console/static", StaticFiles(packages=[("ostiary.admin.console", "static")])),
        Route("/console/login", login, methods=["GET"]),
        Route("/console/login", enter, methods=["POST"]),
        Route("/console/logout", leave, methods=["POST"]),
        Route("/console/theme", _theme, methods=["POST"]),
    ]


def inside(wanted: str) -> str:
    """Where to go after the login: a path of the console, whatever a link said."""
    fine = wanted == "/console" or wanted.startswith(("/console/", "/console?"))
    return wanted if fine and "\\" not in wanted and wanted.isprintable() else "/console"


async def _login(console: Console, request: Request) -> Response:
    wanted = inside(request.query_params.get("to", ""))
    if await asyncio.to_thread(console.sessions.of, request) is not None:
        return RedirectResponse(wanted, 303, headers=HEADERS)
    return console.render(request, "login.html", to=wanted, fault=None, wait=None)


async def _enter(console: Console, request: Request) -> Response:
    form = await read_form(request)
    wanted = inside(form.text("to"))
    answer = RedirectResponse(wanted, 303, headers=HEADERS)

    def refused(status: int, fault: str, wait: int | None = None) -> Response:
        return console.render(request, "login.html", status, to=wanted, fault=fault, wait=wait)

    if not console.sessions.genuine(request, form.text("csrf")):
        return refused(403, "The form came from another site. Load this page again.")
    try:
        secret = form.text("token")
        await asyncio.to_thread(console.sessions.begin, request, secret, answer)
    except TooManyAttempts as error:
        shown = refused(429, "Too many failed attempts.", error.seconds)
        shown.headers["Retry-After"] = str(error.seconds)
        return shown
    except BadCredential:
        return refused(401, "This token isn't valid: it is mistyped, has ended, or never was one.")
    return answer


async def _leave(console: Console, request: Request) -> Response:
    form = await read_form(request)
    answer = RedirectResponse("/console/login", 303, headers=HEADERS)
    if console.sessions.genuine(request, form.text("csrf")):
        console.sessions.end(request, answer)
    return answer


async def _theme(request: Request) -> Response:
    form = await read_form(request)
    answer = RedirectResponse(inside(form.text("to")), 303, headers=HEADERS)
    theme = form.text("theme")
    if theme in THEMES:
        answer.set_cookie(
            THEME_COOKIE, theme, max_age=_A_YEAR, path="/console", httponly=True, samesite="strict"
        )
    return answer
