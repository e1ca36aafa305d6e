"""Tokens, who asks, and the audit log."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Path, Query, Request
from pydantic import AwareDatetime
from starlette.responses import Response

from ostiary.admin.api.doors import Door
from ostiary.admin.bodies import NewToken
from ostiary.admin.lock import actor_of
from ostiary.admin.replies import (
    Adding,
    Changing,
    Cursor,
    Limit,
    PageShape,
    Shape,
    changed,
    desk_of,
)
from ostiary.management.errors import Forbidden
from ostiary.management.sights import AuditView, ChangeView, TokenView
from ostiary.management.views import Page, View
from ostiary.store.database.records import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfView(View):
    """Who asks."""

    name: str
    role: Role


_TOKEN = Shape[TokenView](TokenView)
_TOKENS = Shape[tuple[TokenView, ...]](tuple[TokenView, ...])
_AUDIT = PageShape[AuditView](Page[AuditView])
_CHANGE = Shape[ChangeView](ChangeView)
_SELF = Shape[SelfView](SelfView)

Id = Annotated[int, Path(ge=1, le=2**53)]
Word = Annotated[str, Query(max_length=500)]


def whoami(request: Request) -> Response:
    """Who asks, and with which role."""
    actor = actor_of(request)
    return _SELF.answer(SelfView(name=actor.name, role=actor.role))


def list_tokens(request: Request) -> Response:
    """Newest first, ended and revoked ones too; never a secret. Needs the role admin."""
    if not actor_of(request).may(Role.ADMIN):
        raise Forbidden(Role.ADMIN)
    return _TOKENS.answer(desk_of(request).tokens.all())


async def make_token(request: Request, order: Adding, body: NewToken) -> Response:
    """Make a token; its secret is in this answer and nowhere else. Needs the role admin."""
    made = await desk_of(request).tokens.make(
        order, name=body.name, role=body.role, expires=body.expires
    )
    return _TOKEN.answer(made, status=200 if order.dry_run else 201)


async def revoke_token(request: Request, token: Id, order: Changing) -> Response:
    """End a token at once. Needs the role admin."""
    return changed(_CHANGE, await desk_of(request).tokens.revoke(order, token))


def read_audit(
    request: Request,
    *,
    actor: Word = "",
    action: Word = "",
    about: Word = "",
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """What was changed, by whom: the latest first. An action may end in a dot: all that begin
    so."""
    page = desk_of(request).audit.page(
        actor=actor,
        action=action,
        about=about,
        since=since,
        until=until,
        cursor=cursor,
        limit=limit,
    )
    return _AUDIT.page(request, page)


DOORS = (
    Door("GET", "/whoami", whoami, SelfView),
    Door("GET", "/tokens", list_tokens, tuple[TokenView, ...]),
    Door("POST", "/tokens", make_token, TokenView, status=201),
    Door("DELETE", "/tokens/{token}", revoke_token, ChangeView),
    Door("GET", "/audit", read_audit, Page[AuditView]),
)
