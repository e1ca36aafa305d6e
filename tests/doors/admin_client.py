"""The application asked directly, as a client at some address or at the unix socket."""

import asyncio
from typing import Any

import httpx
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from ostiary.admin.app import Surroundings, create_app
from ostiary.admin.peer import Peer
from ostiary.store.database.records import Role
from tests.support.desk import DeskRig, run


class From:
    """Puts somebody at the other end of the connection."""

    def __init__(self, app: ASGIApp, peer: Peer) -> None:
        self._app = app
        self._peer = peer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["peer"] = self._peer
        await self._app(scope, receive, send)


def application(desk: DeskRig) -> FastAPI:
    """As it is served."""
    around = Surroundings(
        clock=desk.clock, metrics=lambda: b"ostiary_up 1\n", hosts=("gateway.example",)
    )
    return create_app(desk.management, around)


def ask(
    app: ASGIApp,
    method: str,
    path: str,
    *,
    peer: Peer | None = None,
    address: str = "192.0.2.7",
    base: str = "http://127.0.0.1:9876",
    **more: Any,
) -> httpx.Response:
    """One request."""

    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(
            app=From(app, peer or Peer()), client=(address, 50_000), raise_app_exceptions=False
        )
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            return await client.request(method, path, **more)

    return asyncio.run(once())


def token(desk: DeskRig, role: Role = Role.ADMIN, name: str = "tester") -> dict[str, str]:
    """The header of a new token's bearer."""
    made = run(desk.management.tokens.make(desk.order(), name=name, role=role))
    return {"Authorization": f"Bearer {made.secret}"}
