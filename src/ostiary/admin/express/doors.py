"""Routes as Express has them, and its way to refuse: a sentence as plain text."""

import functools
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ostiary.admin.problems import answer_to
from ostiary.admin.replies import order as order_of
from ostiary.kernel.errors import OstiaryError
from ostiary.management.actors import Order

Work: TypeAlias = Callable[[Request], Awaitable[Response]]
ACTIVATED = {True: "Activated", False: "Deactivated"}
UNCHANGED = {True: "Active", False: "Inactive"}


def route(method: str, path: str, work: Work) -> Route:
    """One route; a slash at the end, which ``eg`` sends, makes no difference."""

    @functools.wraps(work)
    async def answer(request: Request) -> Response:
        try:
            return await work(request)
        except OstiaryError as error:
            # The command shows the text as it comes.
            return PlainTextResponse(str(error), answer_to(error).status_code)

    return Route(path, answer, methods=[method], include_in_schema=False)


def order(request: Request) -> Order:
    """A change as it is asked for here: for whatever there is now, unless If-Match is sent."""
    return order_of(request, if_match=request.headers.get("if-match"))


def called(request: Request, name: str = "id") -> str:
    """A part of the path."""
    return str(request.path_params[name])
