"""The lock of the admin listener: who asks, by token, certificate, or the unix socket."""

import asyncio
import os
import secrets
from typing import cast

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from ostiary.admin.peer import Peer
from ostiary.admin.problems import Forged, answer_to
from ostiary.kernel.errors import OstiaryError
from ostiary.management.actors import Actor
from ostiary.management.errors import BadCredential
from ostiary.management.tokens import Tokens
from ostiary.store.database.records import Role
from ostiary.x509.certificate import parse
from ostiary.x509.errors import UnreadableError

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_BEARER = "bearer "
_NOBODY = Peer()


def peer_in(scope: Scope) -> Peer:
    """What is known of the connection."""
    found = scope.get("state", {}).get("peer", _NOBODY)
    return found if isinstance(found, Peer) else _NOBODY


def address_of(connection: HTTPConnection) -> str:
    """Where a request comes from; empty for the unix socket."""
    return connection.client.host if connection.client else ""


def ambient_actor(connection: HTTPConnection, tokens: Tokens) -> Actor | None:
    """Whoever the connection itself speaks for: a certificate, or a user of this host."""
    peer = peer_in(connection.scope)
    request_id = request_id_of(connection.scope)
    if peer.certificate is not None:
        try:
            shown = parse(peer.certificate)
        except UnreadableError:
            return None
        return tokens.authenticate_certificate(
            shown.subject, shown.fingerprint, address_of(connection), request_id
        )
    if peer.uid is not None and peer.uid in {0, os.geteuid()}:
        return Actor(name=f"local:{peer.uid}", role=Role.ADMIN, request_id=request_id)
    return None


def refuse_forged(connection: HTTPConnection) -> None:
    """A credential that comes by itself must not be lent to other sites. Raises Forged."""
    if connection.scope["method"] in SAFE or comes_from_here(connection):
        return
    raise Forged("a page of another site made this request (open the admin listener itself)")


def comes_from_here(connection: HTTPConnection) -> bool:
    """Whether no browser says that the request was made by another site (Fetch Metadata, and
    Origin, RFC 6454)."""
    site = connection.headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        return False
    origin = connection.headers.get("origin")
    if origin is None:
        return True
    scheme = connection.scope.get("scheme", "http")
    return origin == f"{scheme}://{connection.headers.get('host', '')}"


def request_id_of(scope: Scope) -> str:
    """The id of this request, for the log and the audit."""
    return str(scope.get("state", {}).get("request_id", ""))


def new_request_id() -> str:
    """16 hexadecimal digits."""
    return secrets.token_hex(8)


class Locked:
    """Lets requests through that show who they are; asked before a body is read."""

    def __init__(self, app: ASGIApp, tokens: Tokens, paths: tuple[str, ...]) -> None:
        """``paths``: beginnings of what needs a credential."""
        self._app = app
        self._tokens = tokens
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401, 403 or 429, or go on."""
        if scope["type"] == "http" and scope["path"].startswith(self._paths):
            connection = HTTPConnection(scope)
            try:
                scope["state"]["actor"] = await self._who(connection)
            except OstiaryError as error:
                await answer_to(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _who(self, connection: HTTPConnection) -> Actor:
        header = connection.headers.get("authorization", "")
        if header:
            secret = header[len(_BEARER) :] if header.lower().startswith(_BEARER) else ""
            return await asyncio.to_thread(
                self._tokens.authenticate,
                secret.strip(),
                address_of(connection),
                request_id_of(connection.scope),
            )
        actor = ambient_actor(connection, self._tokens)
        if actor is None:
            raise BadCredential("send a token: Authorization: Bearer ost_...")
        refuse_forged(connection)
        return actor


def actor_of(connection: HTTPConnection) -> Actor:
    """Who was let through."""
    return cast(Actor, connection.state.actor)
