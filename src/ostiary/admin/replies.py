"""Views as answers, and what a request says about how a change is wanted."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Header, Query, Request
from pydantic import TypeAdapter
from starlette.responses import Response

from ostiary.admin.lock import actor_of
from ostiary.admin.problems import MustMatch
from ostiary.management.actors import Order
from ostiary.management.errors import Unacceptable
from ostiary.management.management import Management
from ostiary.management.sights import ChangeView
from ostiary.management.views import Page

T = TypeVar("T")
_ETAG = re.compile(r'"(0|[1-9][0-9]{0,17})"')


class Shape(Generic[T]):
    """How one kind of view becomes JSON."""

    def __init__(self, kind: Any) -> None:
        """``kind`` is the type of the views."""
        self.kind = kind
        self._adapter: TypeAdapter[T] = TypeAdapter(kind)

    def answer(
        self,
        view: T,
        *,
        revision: int | None = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """The answer; with a revision, also its ETag."""
        sent = dict(headers or {})
        if revision is not None:
            sent["ETag"] = f'"{revision}"'
        body = self._adapter.dump_json(view, by_alias=True)
        return Response(body, status, headers=sent, media_type="application/json")


class PageShape(Shape[Page[T]]):
    """A page, with a link to the next one (RFC 8288)."""

    def page(self, request: Request, page: Page[T], revision: int | None = None) -> Response:
        """The answer."""
        headers = {}
        if page.next is not None:
            query = {**dict(request.query_params), "cursor": page.next}
            headers["Link"] = f'<{request.url.path}?{urlencode(query)}>; rel="next"'
        return self.answer(page, revision=revision, headers=headers)


def desk_of(request: Request) -> Management:
    """What is asked for everything."""
    found: Management = request.app.state.management
    return found


def changed(
    shape: Shape[ChangeView], done: ChangeView, *, made: str = "", status: int = 200
) -> Response:
    """The answer to a change; ``made`` is the path below which what was made can be found."""
    headers = {}
    if made and done.applied:
        headers["Location"] = f"{made}/{done.object}"
    return shape.answer(
        done,
        revision=done.revision,
        status=status if done.applied else 200,
        headers=headers,
    )


IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description='The ETag that was read, such as "12"; or * for whatever it is now.',
    ),
]
DryRun = Annotated[
    bool, Query(alias="dryRun", description="Only tell what would come of it; change nothing.")
]
Days = Annotated[
    int, Query(ge=1, le=3650, description="For dryRun: look at clients of so many days.")
]


def order(
    request: Request, if_match: IfMatch = None, dry_run: DryRun = False, days: Days = 30
) -> Order:
    """A change that adds something: If-Match may be left out."""
    return Order(actor=actor_of(request), if_match=_revision(if_match), dry_run=dry_run, days=days)


def strict_order(
    request: Request, if_match: IfMatch = None, dry_run: DryRun = False, days: Days = 30
) -> Order:
    """A change of what is there: without If-Match somebody else's change could be lost."""
    if if_match is None and not dry_run:
        raise MustMatch("send If-Match with the ETag that was read, or If-Match: *")
    return order(request, if_match, dry_run, days)


Adding = Annotated[Order, Depends(order)]
Changing = Annotated[Order, Depends(strict_order)]
Search = Annotated[str, Query(max_length=200, description="Part of a name, in any case.")]
Cursor = Annotated[
    str | None, Query(max_length=100, description="Where to go on: `next` of the page before.")
]
Limit = Annotated[int, Query(ge=1, le=1000, description="Rows of a page.")]
Number = Annotated[int, Query(ge=1, le=2**53)]
Text = Annotated[str | None, Query(max_length=2000, description="For raw bodies.")]


def _revision(if_match: str | None) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    found = _ETAG.fullmatch(if_match.strip())
    if found is None:
        raise Unacceptable.one(
            f"If-Match: {if_match[:80]!r} is no ETag of ours",
            'send it as it was read, such as "12", or *',
            "/header/If-Match",
        )
    return int(found.group(1))
