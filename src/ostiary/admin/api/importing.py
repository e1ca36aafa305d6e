"""Consumers of another gateway, with their ids and secrets."""

from typing import Any

from fastapi import Request
from starlette.responses import Response

from ostiary.admin.api.consumer_bodies import Import, ImportedApp, ImportedUser
from ostiary.admin.api.doors import Door
from ostiary.admin.replies import Adding, Shape, desk_of
from ostiary.management.consumers.taken import TakenConsumer, TakenCredential, Taking
from ostiary.management.consumers.views import TakenView
from ostiary.store.database.consumer_records import About

_TAKEN = Shape[TakenView](TakenView)


async def import_consumers(request: Request, order: Adding, body: Import) -> Response:
    """Import users, apps, scopes and credentials with their own ids and secrets. What can't be
    taken is told and stops nothing else; what is there already stays as it is."""
    taking = Taking(
        scopes=body.scopes,
        users=tuple(map(_user, body.users)),
        apps=tuple(map(_app, body.apps)),
        credentials=tuple(
            TakenCredential(**{name: getattr(one, name) for name in _CREDENTIAL})
            for one in body.credentials
        ),
    )
    return _TAKEN.answer(await desk_of(request).consumers.importing.take(order, taking))


async def import_lines(request: Request, order: Adding) -> Response:
    """Import lines of JSON, one user, app, credential or scope each, at most 10,000: all of them,
    or none where one can't be taken. What is there already stays as it is, so the same lines may
    be sent again. Each problem tells its line: `/lines/17`."""
    taken = await desk_of(request).consumers.importing.take_lines(order, await request.body())
    return _TAKEN.answer(taken)


_CREDENTIAL = ("type", "consumer", "name", "secret", "hash", "scopes", "active")


def _user(one: ImportedUser) -> TakenConsumer:
    about = About(
        firstname=one.firstname,
        lastname=one.lastname,
        email=one.email,
        redirect_uri=one.redirect_uri,
    )
    return TakenConsumer(id=one.id, name=one.username, about=about, active=one.active)


def _app(one: ImportedApp) -> TakenConsumer:
    about = About(redirect_uri=one.redirect_uri)
    return TakenConsumer(id=one.id, name=one.name, user=one.user, about=about, active=one.active)


_LINES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
    }
}

DOORS = (
    Door("POST", "/consumers/import", import_consumers, TakenView),
    Door("POST", "/consumers/lines/import", import_lines, TakenView, more=_LINES),
)
