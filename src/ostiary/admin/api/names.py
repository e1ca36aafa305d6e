"""Trusted distinguished names, at the gateway and at single APIs."""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import PlainTextResponse, Response

from ostiary.admin.api.doors import Door
from ostiary.admin.bodies import TEXT_SCHEMA, PatternList, Patterns, Trial, read_text
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
from ostiary.management.sights import ChangeView
from ostiary.management.views import AdviceView, NameTrialView, NameView, Page

_PAGE = PageShape[NameView](Page[NameView])
_CHANGE = Shape[ChangeView](ChangeView)
_TRIALS = Shape[tuple[NameTrialView, ...]](tuple[NameTrialView, ...])
_ADVICE = Shape[tuple[tuple[AdviceView, ...], ...]](tuple[tuple[AdviceView, ...], ...])

Api = Annotated[
    str | None,
    Query(max_length=1000, description="Names of this API; of the gateway when left out."),
]
Replace = Annotated[bool, Query(description="Make the list just these, instead of adding.")]


def list_names(
    request: Request,
    api: Api = None,
    search: Search = "",
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """The list in its order."""
    desk = desk_of(request)
    page = desk.names.page(api, search=search, cursor=cursor, limit=limit)
    return _PAGE.page(request, page, desk.settings.revision())


async def add_names(request: Request, order: Adding, body: Patterns, api: Api = None) -> Response:
    """Add patterns; ones that are there already are left."""
    done = await desk_of(request).names.add(order, api, body.patterns, note=body.note)
    return changed(_CHANGE, done)


async def replace_names(
    request: Request, order: Changing, body: PatternList, api: Api = None
) -> Response:
    """Make the list just these. At an API an empty list asks for no name at all."""
    return changed(_CHANGE, await desk_of(request).names.replace(order, api, body.patterns))


async def remove_names(
    request: Request, order: Changing, body: PatternList, api: Api = None
) -> Response:
    """Remove patterns by their text. An API whose last name goes inherits again."""
    return changed(_CHANGE, await desk_of(request).names.remove(order, api, body.patterns))


def export_names(request: Request, api: Api = None) -> Response:
    """The whole list as a text file, one pattern a line."""
    return PlainTextResponse(desk_of(request).names.export(api))


async def import_names(
    request: Request, order: Changing, api: Api = None, replace: Replace = False
) -> Response:
    """Add the patterns of a text file (or replace by them), one a line, # comments."""
    text = await read_text(request)
    return changed(_CHANGE, await desk_of(request).names.load(order, api, text, replace=replace))


def try_names(request: Request, body: Trial, api: Api = None) -> Response:
    """What the names in force (or patterns of your own) say to subjects or certificates."""
    upload = body.certificate.encode("utf-8", "replace") if body.certificate is not None else None
    found = desk_of(request).names.test(
        api, subjects=body.subjects, upload=upload, patterns=body.patterns
    )
    return _TRIALS.answer(found)


def advise_names(request: Request, body: Patterns) -> Response:
    """What is worth knowing about each pattern before it is saved."""
    return _ADVICE.answer(desk_of(request).names.advise(body.patterns))


DOORS = (
    Door("GET", "/names", list_names, Page[NameView]),
    Door("POST", "/names", add_names, ChangeView),
    Door("PUT", "/names", replace_names, ChangeView),
    Door("POST", "/names/remove", remove_names, ChangeView),
    Door("GET", "/names/export", export_names, media="text/plain"),
    Door("POST", "/names/import", import_names, ChangeView, more=TEXT_SCHEMA),
    Door("POST", "/names/test", try_names, tuple[NameTrialView, ...]),
    Door("POST", "/names/advise", advise_names, tuple[tuple[AdviceView, ...], ...]),
)
