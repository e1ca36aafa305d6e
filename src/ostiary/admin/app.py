"""The admin listener's application: REST API, metrics, health and the console."""

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute

from ostiary.admin.api import (
    authority,
    blocked,
    configuration,
    consumers,
    credentials,
    enrolment,
    foundation,
    gateway,
    importing,
    library,
    names,
    notifications,
    revocation,
    sightings,
    trusted,
)
from ostiary.admin.api.doors import PROBLEM_NAME, problem_schema, router_of
from ostiary.admin.console.mount import console_routes
from ostiary.admin.express.mount import ROOTS, WithoutSlash, express_routes
from ostiary.admin.gate import Gate
from ostiary.admin.lock import Locked
from ostiary.admin.problems import handle_problems
from ostiary.admin.sessions import Sessions
from ostiary.management.management import Management

_SUBJECTS = (
    ("gateway", gateway.DOORS),
    ("configuration", configuration.DOORS),
    ("names", names.DOORS),
    ("library", library.DOORS),
    ("trusted", trusted.DOORS),
    ("sightings", sightings.DOORS),
    ("blocked", blocked.DOORS),
    ("authority", authority.DOORS),
    ("foundation", foundation.DOORS),
    ("enrolment", enrolment.DOORS),
    ("revocation", revocation.DOORS),
    ("notifications", notifications.DOORS),
    ("credentials", credentials.DOORS),
    ("consumers", (*consumers.DOORS, *importing.DOORS)),
)
_LOCKED = ("/api/", "/metrics", *ROOTS)
_IMPORTS = (
    "/names/import",
    "/names",
    "/library",
    "/versions",
    "/blocked",
    "/consumers/import",
    "/consumers/lines/import",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the application needs beside management."""

    clock: Callable[[], datetime]
    metrics: Callable[[], bytes]
    """The text that Prometheus reads; called in a thread."""
    hosts: Iterable[str] = ()
    """Names this listener is called by."""


def create_app(management: Management, around: Surroundings) -> FastAPI:
    """The application; nothing but ``/healthz`` and the login page without a credential."""
    app = api_of()
    app.state.management = management
    sessions = Sessions(management.tokens, around.clock)
    _add_plain_routes(app, around)
    app.router.routes.extend(console_routes(management, sessions, around.clock))
    app.router.routes.extend(express_routes())
    handle_problems(app)
    app.add_middleware(WithoutSlash)
    # The last one added is met first.
    app.add_middleware(Locked, tokens=management.tokens, paths=_LOCKED)
    app.add_middleware(Gate, hosts=tuple(around.hosts), imports=_IMPORTS)
    return app


def get_ready() -> None:
    """Do what takes long and is done once, half a second: in a thread, so that nobody waits for it
    on whose loop the application will run."""
    _api_routes()


def api_of() -> FastAPI:
    """The routes of the REST API alone."""
    app = FastAPI(
        title="Ostiary",
        version="1",
        description="Client certificate authentication of an Ostiary gateway.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.router.routes.extend(_api_routes())
    return app


@functools.cache
def _api_routes() -> tuple[BaseRoute, ...]:
    """Made once in a process. They are not included as routers, which FastAPI would build again
    when the first request comes: that took it 0.4 s, and a first block came as late."""
    return tuple(
        route for subject, doors in _SUBJECTS for route in router_of(subject, doors).routes
    )


def openapi_of(app: FastAPI) -> dict[str, Any]:
    """The API's description, OpenAPI 3.1."""
    found = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    components = found.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas[PROBLEM_NAME] = problem_schema()
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer"},
        "certificate": {"type": "mutualTLS"},
    }
    found["security"] = [{"token": []}, {"certificate": []}]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return found


def _add_plain_routes(app: FastAPI, around: Surroundings) -> None:
    def health() -> Response:
        return JSONResponse({"status": "ok"})

    def metrics() -> Response:
        return Response(around.metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")

    def description(request: Request) -> Response:
        return JSONResponse(openapi_of(request.app))

    def start() -> Response:
        return RedirectResponse("/console", 303)

    for path, work in (
        ("/healthz", health),
        ("/metrics", metrics),
        ("/api/v1/openapi.json", description),
        ("/", start),
    ):
        app.add_api_route(path, work, methods=["GET"], include_in_schema=False)
