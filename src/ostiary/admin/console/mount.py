"""The console as routes for the admin listener's application."""

from collections.abc import Callable
from datetime import datetime

from starlette.responses import Response
from starlette.routing import BaseRoute

from ostiary.admin.console import (
    apiing,
    authoring,
    blocking,
    consuming,
    crediting,
    enrolling,
    founding,
    gatewaying,
    naming,
    notifying,
    overviewing,
    piping,
    revoking,
    seeing,
    shelving,
    tokening,
    trusting,
    trying,
)
from ostiary.admin.console.entering import open_routes
from ostiary.admin.console.guard import routes
from ostiary.admin.console.ports import Sessions
from ostiary.admin.console.templating import environment
from ostiary.admin.console.visit import Console, Visit
from ostiary.management.errors import NotThere
from ostiary.management.management import Management


def nowhere(visit: Visit) -> Response:
    """An address that leads to nothing."""
    raise NotThere("page", visit.request.path_params["page"])


def console_routes(
    desk: Management, sessions: Sessions, clock: Callable[[], datetime]
) -> list[BaseRoute]:
    """Everything below ``/console``; ``clock`` tells aware times in UTC."""
    console = Console(desk=desk, sessions=sessions, templates=environment(), clock=clock)
    doors = (
        *overviewing.DOORS,
        *gatewaying.DOORS,
        *revoking.DOORS,
        *trusting.DOORS,
        *shelving.DOORS,
        *authoring.DOORS,
        *founding.DOORS,
        *enrolling.DOORS,
        *naming.DOORS,
        *apiing.DOORS,
        *piping.DOORS,
        *crediting.DOORS,  # before those whose paths would fit them, too
        *consuming.DOORS,
        *seeing.DOORS,
        *trying.DOORS,
        *blocking.DOORS,
        *notifying.DOORS,
        *tokening.DOORS,
        ("GET", "/{page:path}", nowhere),  # the last: whatever nobody else answers
    )
    return [*open_routes(console), *routes(console, doors)]
