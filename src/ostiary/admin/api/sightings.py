"""What was seen: overview, clients, events, what ends soon; and why."""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from ostiary.admin.api.doors import Door
from ostiary.admin.bodies import Question
from ostiary.admin.lock import actor_of
from ostiary.admin.replies import Cursor, Limit, PageShape, Search, Shape, desk_of
from ostiary.management.clients import ClientView
from ostiary.management.sights import EventView, ExpiringView, OverviewView
from ostiary.management.views import Page
from ostiary.management.walks import ExplainView

_OVERVIEW = Shape[OverviewView](OverviewView)
_CLIENTS = PageShape[ClientView](Page[ClientView])
_CLIENT = Shape[ClientView](ClientView)
_EVENTS = Shape[tuple[EventView, ...]](tuple[EventView, ...])
_EXPIRING = Shape[tuple[ExpiringView, ...]](tuple[ExpiringView, ...])
_EXPLAINED = Shape[tuple[ExplainView, ...]](tuple[ExplainView, ...])

Days = Annotated[int | None, Query(ge=0, le=36500)]
Issuer = Annotated[str, Query(max_length=400, description="Part of the issuer's name.")]
Api = Annotated[str | None, Query(max_length=1000)]
After = Annotated[int, Query(ge=0, le=2**53, description="The number of the last one seen.")]


def read_overview(request: Request) -> Response:
    """Traffic, verdicts, refusals by reason, what ends soon, what is wrong."""
    return _OVERVIEW.answer(desk_of(request).sightings.overview())


def list_clients(
    request: Request,
    *,
    search: Search = "",
    api: Api = None,
    admitted: bool | None = None,
    expiring: Annotated[Days, Query(alias="expiringDays")] = None,
    seen: Annotated[Days, Query(alias="seenDays")] = None,
    issuer: Issuer = "",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Certificates that were seen: the latest first, or the nearest end with expiringDays."""
    page = desk_of(request).sightings.clients(
        search=search,
        api=api,
        admitted=admitted,
        expiring_days=expiring,
        seen_days=seen,
        issuer=issuer,
        cursor=cursor,
        limit=limit,
    )
    return _CLIENTS.page(request, page)


def read_client(request: Request, fingerprint: str) -> Response:
    """One of them, by SHA-256 in hex."""
    return _CLIENT.answer(desk_of(request).sightings.client(fingerprint))


def list_events(request: Request, after: After = 0, limit: Limit = 100) -> Response:
    """Refusals newer than the one numbered `after`, oldest first; without it the latest."""
    return _EVENTS.answer(desk_of(request).sightings.events(after=after, limit=limit))


def list_expiring(request: Request, days: Annotated[int, Query(ge=0, le=36500)] = 90) -> Response:
    """Trusted, server and client certificates near their end, nearest first."""
    return _EXPIRING.answer(desk_of(request).sightings.expiring(days=days))


def explain(request: Request, body: Question) -> Response:
    """Why a request would be served or not, step by step, and what would go to the service: by
    certificate and credential. Nothing is sent, counted or remembered."""
    upload = body.certificate.encode("utf-8", "replace") if body.certificate is not None else None
    found = desk_of(request).sightings.explain(
        actor_of(request),
        upload=upload,
        api=body.api,
        url=body.url,
        method=body.method,
        at=body.at,
        more=body.described(),
    )
    return _EXPLAINED.answer(found)


DOORS = (
    Door("GET", "/overview", read_overview, OverviewView),
    Door("GET", "/clients", list_clients, Page[ClientView]),
    Door("GET", "/clients/{fingerprint}", read_client, ClientView),
    Door("GET", "/events", list_events, tuple[EventView, ...]),
    Door("GET", "/expiring", list_expiring, tuple[ExpiringView, ...]),
    Door("POST", "/explain", explain, tuple[ExplainView, ...]),
)
