"""Endpoints and pipelines, which are in the configuration file."""

from typing import Annotated, Any

from fastapi import Body, Request
from starlette.responses import Response

from ostiary.admin.api.doors import Door
from ostiary.admin.lock import actor_of
from ostiary.admin.replies import Changing, Shape, changed, desk_of
from ostiary.config.sections import Section
from ostiary.management.sights import ChangeView

_CHANGE = Shape[ChangeView](ChangeView)
_ITEM = Shape[Any](Any)
_ITEMS = Shape[dict[str, Any]](dict[str, Any])
_Value = Annotated[
    dict[str, Any] | list[Any], Body(description="As in the file; variables may be named.")
]


def list_items(request: Request, section: Section) -> Response:
    """All that are in force, by name, as they are written; needs the role operator, since variables
    are replaced by their values."""
    desk = desk_of(request)
    items = desk.configuration.items(actor_of(request), section)
    return _ITEMS.answer(dict(items), revision=desk.settings.revision())


def read_item(request: Request, section: Section, name: str) -> Response:
    """One of them."""
    desk = desk_of(request)
    item = desk.configuration.item(actor_of(request), section, name)
    return _ITEM.answer(item, revision=desk.settings.revision())


async def put_item(
    request: Request, section: Section, name: str, order: Changing, value: _Value
) -> Response:
    """Set one, whole, in the file, of which everything else stays as it is. Where variables are
    named, the role admin is needed."""
    done = await desk_of(request).configuration.put(order, section, name, value)
    return changed(_CHANGE, done.change)


async def remove_item(request: Request, section: Section, name: str, order: Changing) -> Response:
    """Remove one from the file."""
    return changed(_CHANGE, await desk_of(request).configuration.remove(order, section, name))


DOORS = (
    Door("GET", "/configuration/{section}", list_items, dict[str, Any]),
    Door("GET", "/configuration/{section}/{name:path}", read_item, Any),
    Door("PUT", "/configuration/{section}/{name:path}", put_item, ChangeView),
    Door("DELETE", "/configuration/{section}/{name:path}", remove_item, ChangeView),
)
