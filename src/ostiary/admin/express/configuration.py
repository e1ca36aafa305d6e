"""``/policies``, ``/schemas`` and the sections of the configuration that is in force."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ostiary.admin.express.doors import called, order_or_preview, route
from ostiary.admin.express.shapes import Details, NewApp, NewUser, read_value
from ostiary.admin.lock import actor_of
from ostiary.admin.replies import Shape, changed, desk_of
from ostiary.config.model.condition import Condition
from ostiary.config.model.document import Document
from ostiary.config.model.pipeline import Action
from ostiary.config.sections import Section
from ostiary.management.sights import ChangeView

_BASE: Final = "http://express-gateway.io"
_CHANGE = Shape[ChangeView](ChangeView)
_SECTIONS: Final[Mapping[str, Section]] = {
    "api-endpoints": Section.API_ENDPOINTS,
    "service-endpoints": Section.SERVICE_ENDPOINTS,
    "pipelines": Section.PIPELINES,
}


def _section(request: Request) -> Section:
    return _SECTIONS[request.url.path.split("/")[1]]


async def _all(request: Request) -> Response:
    items = desk_of(request).configuration.items
    return JSONResponse(await asyncio.to_thread(items, actor_of(request), _section(request)))


async def _one(request: Request) -> Response:
    item, actor = desk_of(request).configuration.item, actor_of(request)
    found = await asyncio.to_thread(item, actor, _section(request), called(request))
    return JSONResponse(found)


async def _put(request: Request) -> Response:
    sent, wanted = order_or_preview(request), await read_value(request)
    put = desk_of(request).configuration.put
    done = await put(sent, _section(request), called(request), wanted)
    if not done.change.applied:
        return changed(_CHANGE, done.change)
    return Response(status_code=201 if done.made else 204)


async def _remove(request: Request) -> Response:
    remove = desk_of(request).configuration.remove
    done = await remove(order_or_preview(request), _section(request), called(request))
    return Response(status_code=204) if done.applied else changed(_CHANGE, done)


async def _policies(request: Request) -> Response:
    listed = desk_of(request).settings.document().policies
    return JSONResponse(_actions() if listed is None else listed)


async def _allow(request: Request) -> Response:
    allow = desk_of(request).configuration.allow_policy
    done = await allow(order_or_preview(request), called(request))
    return JSONResponse({"status": "ok"}) if done.applied else changed(_CHANGE, done)


async def _forbid(request: Request) -> Response:
    forbid = desk_of(request).configuration.forbid_policy
    done = await forbid(order_or_preview(request), called(request))
    return Response(status_code=204) if done.applied else changed(_CHANGE, done)


async def _schemas(request: Request) -> Response:
    wanted = request.path_params.get("param", "")
    found = await asyncio.to_thread(lambda: list(_all_schemas()))
    exact = [one for one in found if one["schema"]["$id"] == wanted]
    if exact:
        return JSONResponse({"schema": exact[0]["schema"]})
    return JSONResponse([one for one in found if wanted in ("", one["type"])])


def _actions() -> list[str]:
    return [model.model_fields["policy"].default for model in get_args(get_args(Action)[0])]


def _all_schemas() -> Iterator[dict[str, Any]]:
    for name, model in (("users", NewUser), ("applications", NewApp), ("credentials", Details)):
        yield _schema("model", f"models/{name}.json", model)
    yield _schema("config", "schemas/gateway.config.json", Document)
    for model in get_args(get_args(Action)[0]):
        name = model.model_fields["policy"].default
        yield _schema("policy", f"schemas/policies/{name}.json", model)
    for model in get_args(get_args(Condition)[0]):
        name = model.model_fields["name"].default
        yield _schema("condition", f"schemas/conditions/{name}.json", model)


def _schema(kind: str, path: str, model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema(by_alias=True)
    if model is NewApp:
        # Whose it is stands beside it.
        schema["properties"].pop("userId")
        schema["required"].remove("userId")
    return {"type": kind, "schema": {"$id": f"{_BASE}/{path}", **schema}}


def configuration_routes() -> list[Route]:
    """Of the gateway's configuration."""
    found = [
        route("GET", "/policies", _policies),
        route("GET", "/schemas", _schemas),
        route("GET", "/schemas/{param:path}", _schemas),
    ]
    for path in map("/{}".format, _SECTIONS):
        found += [
            route("GET", path, _all),
            route("GET", f"{path}/{{id:path}}", _one),
            route("PUT", f"{path}/{{id:path}}", _put),
            route("DELETE", f"{path}/{{id:path}}", _remove),
        ]
    found += [
        route("PUT", "/policies/{id:path}", _allow),
        route("DELETE", "/policies/{id:path}", _forbid),
    ]
    return found
