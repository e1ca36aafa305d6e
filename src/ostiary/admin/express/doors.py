"""Routes as Express has them, and its way to refuse: a sentence as plain text."""

import functools
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ostiary.admin.api.doors import refuse_dry_run
from ostiary.admin.problems import answer_to
from ostiary.admin.replies import order as order_of
from ostiary.kernel.errors import OstiaryError
from ostiary.management.actors import Order
from ostiary.management.errors import Unacceptable

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
    """A change as it is asked for here: for whatever there is now, unless If-Match is sent.

    Raises Unacceptable.
    """
    refuse_dry_run(request)
    return order_of(request, if_match=request.headers.get("if-match"))


def order_or_preview(request: Request) -> Order:
    """The same where it can be tried first, by ``dryRun=true``. Raises Unacceptable."""
    wanted = request.query_params.get("dryRun", "false")
    if wanted not in {"true", "false"}:
        raise Unacceptable.one("dryRun is true or false", "leave it out", "/query/dryRun")
    return order_of(request, if_match=request.headers.get("if-match"), dry_run=wanted == "true")


def called(request: Request, name: str = "id") -> str:
    """A part of the path."""
    return str(request.path_params[name])
