"""Pipelines: from which endpoints to which services, and each API drawn step by step."""

from starlette.responses import Response

from ostiary.admin.console.guard import Door
from ostiary.admin.console.visit import Visit

_ROWS = 50


def listing(visit: Visit) -> Response:
    """Every API: endpoint, pipeline, service."""
    search = visit.asked("q")
    found = visit.desk.flows.page(search=search, cursor=visit.asked("cursor") or None, limit=_ROWS)
    return visit.page("pipelines.html", found=found, search=search)


def show(visit: Visit) -> Response:
    """One API's pipeline."""
    return visit.page("pipeline.html", view=visit.desk.flows.one(visit.asked("name")))


DOORS: tuple[Door, ...] = (
    ("GET", "/pipelines", listing),
    ("GET", "/pipeline", show),
)
