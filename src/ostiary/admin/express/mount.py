"""All of Express Gateway's admin API, for the admin listener's application."""

from collections.abc import Iterator
from typing import Final

from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from ostiary.admin.express.accounts import account_routes
from ostiary.admin.express.configuration import configuration_routes
from ostiary.admin.express.credentials import credential_routes

ROOTS: Final = (
    "/users",
    "/apps",
    "/credentials",
    "/scopes",
    "/tokens",
    "/policies",
    "/schemas",
    "/api-endpoints",
    "/service-endpoints",
    "/pipelines",
)
"""Where its paths begin: all of them need a credential."""


def express_routes() -> Iterator[BaseRoute]:
    """Its routes."""
    yield from account_routes()
    yield from credential_routes()
    yield from configuration_routes()


class WithoutSlash:
    """``eg`` asks for ``/users/`` and ``/credentials/<id>/scopes/``: Express takes both forms."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Go on, with the shorter path."""
        if scope["type"] == "http" and scope["path"].startswith(ROOTS):
            scope = {**scope, "path": scope["path"].rstrip("/")}
        await self._app(scope, receive, send)
