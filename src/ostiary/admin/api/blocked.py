"""Certificates that may pass nowhere."""

from typing import Annotated

from fastapi import Path, Request
from starlette.responses import Response

from ostiary.admin.api.doors import Door
from ostiary.admin.bodies import NewBlocks
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
from ostiary.management.blocking import Whom
from ostiary.management.clients import BlockedView
from ostiary.management.sights import ChangeView
from ostiary.management.views import Page

_PAGE = PageShape[BlockedView](Page[BlockedView])
_ONE = Shape[BlockedView](BlockedView)
_CHANGE = Shape[ChangeView](ChangeView)

Number = Annotated[int, Path(ge=1, le=2**53)]


def list_blocked(
    request: Request, search: Search = "", cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """The latest first, with those whose time is up."""
    desk = desk_of(request)
    page = desk.blocking.page(search=search, cursor=cursor, limit=limit)
    return _PAGE.page(request, page, desk.settings.revision())


def read_blocked(request: Request, number: Number) -> Response:
    """One of them."""
    desk = desk_of(request)
    return _ONE.answer(desk.blocking.one(number), revision=desk.settings.revision())


async def block(request: Request, order: Adding, body: NewBlocks) -> Response:
    """Refuse certificates everywhere from now on: the next request on any connection."""
    pem = body.certificate
    whom = Whom(
        fingerprints=body.fingerprints,
        upload=pem.encode("utf-8", "replace") if pem is not None else None,
        issuer=body.issuer,
        serial=body.serial,
    )
    done = await desk_of(request).blocking.block(order, whom, note=body.note, until=body.until)
    return changed(_CHANGE, done, made=_where(done), status=201)


async def unblock(request: Request, number: Number, order: Changing) -> Response:
    """Judge a certificate as all others again."""
    return changed(_CHANGE, await desk_of(request).blocking.unblock(order, number))


def _where(done: ChangeView) -> str:
    """Several have no place of their own."""
    return "/api/v1/blocked" if done.object.isdecimal() else ""


DOORS = (
    Door("GET", "/blocked", list_blocked, Page[BlockedView]),
    Door("POST", "/blocked", block, ChangeView, status=201),
    Door("GET", "/blocked/{number}", read_blocked, BlockedView),
    Door("DELETE", "/blocked/{number}", unblock, ChangeView),
)
