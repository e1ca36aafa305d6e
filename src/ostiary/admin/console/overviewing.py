"""The first page: traffic, verdicts, refusals, what expires."""

from starlette.responses import Response

from ostiary.admin.console.chart import chart
from ostiary.admin.console.guard import Door
from ostiary.admin.console.visit import Visit


def show(visit: Visit) -> Response:
    """Traffic of the last hour, and what deserves a look."""
    view = visit.desk.sightings.overview()
    return visit.page(
        "overview.html",
        view=view,
        chart=chart(view.traffic),
        most=max((one.count for one in view.refusals), default=1),
    )


DOORS: tuple[Door, ...] = (("GET", "", show), ("GET", "/", show))
