"""``/credentials``, ``/scopes`` and ``/tokens``."""

import asyncio
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ostiary.admin.express.accounts import next_key, start_and_count
from ostiary.admin.express.doors import ACTIVATED, UNCHANGED, called, order, route
from ostiary.admin.express.shapes import (
    Details,
    NewCredential,
    NewScopes,
    Status,
    credential,
    read,
)
from ostiary.admin.replies import desk_of
from ostiary.consumers.model import CredentialType
from ostiary.management.consumers.credentials import CredentialPatch
from ostiary.management.consumers.making import Wanted
from ostiary.management.consumers.views import CredentialView
from ostiary.management.errors import NotThere, Unacceptable


def _type(text: str) -> CredentialType:
    if text in set(CredentialType):
        return CredentialType(text)
    known = ", ".join(CredentialType)
    if text == "oauth2":
        raise Unacceptable.one(
            "this gateway issues no OAuth 2.0 tokens",
            f"use an authorization server and the policy jwt or oauth2-introspect; types: {known}",
            "/type",
        )
    raise Unacceptable.one(f"Invalid credential type: {text[:80]}", f"one of: {known}", "/type")


async def _one(request: Request) -> CredentialView:
    kind = _type(called(request, "type"))
    named = desk_of(request).consumers.credentials.named
    return await asyncio.to_thread(named, kind, called(request))


async def _list(request: Request) -> Response:
    cursor, count = start_and_count(request)
    page = desk_of(request).consumers.credentials.page
    consumer = request.path_params.get("consumer")
    found = await asyncio.to_thread(page, consumer=consumer, cursor=cursor, limit=count)
    shown = [credential(one) for one in found.items]
    return JSONResponse({"credentials": shown, "nextKey": next_key(found)})


async def _read(request: Request) -> Response:
    try:
        return JSONResponse(credential(await _one(request)))
    except NotThere:
        return JSONResponse(None)


async def _make(request: Request) -> Response:
    sent = await read(request, NewCredential)
    kind = _type(sent.type)
    wanted = _wanted(kind, sent.credential or Details())
    credentials = desk_of(request).consumers.credentials
    try:
        made = await credentials.create(order(request), sent.consumer_id, wanted)
    except NotThere as error:
        raise Unacceptable.one(f"No consumer found with id: {sent.consumer_id[:200]}") from error
    if kind is CredentialType.BASIC_AUTH and wanted.secret is not None:
        # A password that was given is not told back there; a key's secret is.
        made = replace(made, secret=None)
    return JSONResponse(credential(made))


def _wanted(kind: CredentialType, sent: Details) -> Wanted:
    is_basic = kind is CredentialType.BASIC_AUTH
    strange = sent.key_secret if is_basic else sent.password
    if strange is not None:
        name = "password" if is_basic else "keySecret"
        raise Unacceptable.one(
            f"a {kind.value} credential has no such secret", f"call it {name}", "/credential"
        )
    if is_basic and sent.password is None and not sent.auto_generate_password:
        raise Unacceptable.one("password is required", "give one", "/credential/password")
    return Wanted(
        type=kind,
        name=sent.key_id,
        secret=sent.password if is_basic else sent.key_secret,
        scopes=sent.scopes,
        rules=sent.rules,
        valid_from=sent.valid_from,
        valid_until=sent.valid_until,
    )


async def _switch(request: Request) -> Response:
    wanted = (await read(request, Status)).status
    one = await _one(request)
    if one.active is wanted:
        return JSONResponse({"status": UNCHANGED[wanted]})
    await _change(request, one, CredentialPatch(active=wanted))
    return JSONResponse({"status": ACTIVATED[wanted]})


async def _set_scopes(request: Request) -> Response:
    sent = await read(request, NewScopes)
    return await _change(request, await _one(request), CredentialPatch(scopes=sent.scopes))


async def _add_scope(request: Request) -> Response:
    patch = CredentialPatch(add_scopes=(called(request, "scope"),))
    return await _change(request, await _one(request), patch)


async def _remove_scope(request: Request) -> Response:
    patch = CredentialPatch(remove_scopes=(called(request, "scope"),))
    return await _change(request, await _one(request), patch)


async def _change(request: Request, one: CredentialView, patch: CredentialPatch) -> Response:
    await desk_of(request).consumers.credentials.change(order(request), one.id, patch)
    return Response(status_code=204)


async def _scopes(request: Request) -> Response:
    found = await asyncio.to_thread(desk_of(request).consumers.scopes.all)
    return JSONResponse({"scopes": found})


async def _scope(request: Request) -> Response:
    one = desk_of(request).consumers.scopes.one
    return JSONResponse({"scope": await asyncio.to_thread(one, called(request, "scope"))})


async def _make_scopes(request: Request) -> Response:
    wanted = (await read(request, NewScopes)).scopes
    await desk_of(request).consumers.scopes.create(order(request), wanted)
    return Response(status_code=201)


async def _make_scope(request: Request) -> Response:
    wanted = (called(request, "scope"),)
    await desk_of(request).consumers.scopes.create(order(request), wanted)
    return Response(status_code=201)


async def _delete_scope(request: Request) -> Response:
    await desk_of(request).consumers.scopes.remove(order(request), called(request, "scope"))
    return Response(status_code=204)


async def _revoke_token(_request: Request) -> Response:
    return PlainTextResponse(
        "this gateway issues no OAuth 2.0 tokens (end them where they are issued, or deactivate "
        "the credential)",
        404,
    )


def credential_routes() -> list[Route]:
    """Ids and scopes may have slashes in them: what is more exact comes first."""
    one = "/credentials/{type}/{id:path}"
    return [
        route("GET", "/credentials", _list),
        route("POST", "/credentials", _make),
        route("GET", "/credentials/{consumer}", _list),
        route("PUT", f"{one}/status", _switch),
        route("PUT", f"{one}/scopes", _set_scopes),
        route("PUT", f"{one}/scopes/{{scope:path}}", _add_scope),
        route("DELETE", f"{one}/scopes/{{scope:path}}", _remove_scope),
        route("GET", one, _read),
        route("GET", "/scopes", _scopes),
        route("POST", "/scopes", _make_scopes),
        route("GET", "/scopes/{scope:path}", _scope),
        route("PUT", "/scopes/{scope:path}", _make_scope),
        route("DELETE", "/scopes/{scope:path}", _delete_scope),
        route("DELETE", "/tokens/{token:path}", _revoke_token),
    ]
