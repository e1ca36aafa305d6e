"""``/policies``, ``/schemas`` and the sections of the configuration that is in force.

They are read here; what is to be changed is changed in the file, which the gateway follows.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, get_args

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ostiary.admin.express.doors import called, route
from ostiary.admin.express.shapes import Details, NewApp, NewUser
from ostiary.admin.lock import actor_of
from ostiary.admin.replies import desk_of
from ostiary.config.model.condition import Condition
from ostiary.config.model.document import Document
from ostiary.config.model.pipeline import Action
from ostiary.management.errors import Forbidden, NotThere
from ostiary.store.database.records import Role

Section = Mapping[str, Any]
_BASE: Final = "http://express-gateway.io"
_WAY_OUT: Final = (
    "not here: change gateway.config.yml, which the gateway follows within a second, and check it "
    "with 'ostiary check'"
)


def _dumped(part: BaseModel) -> dict[str, Any]:
    return part.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _api_endpoints(document: Document) -> Section:
    found = {name: [_dumped(one) for one in each] for name, each in document.api_endpoints.items()}
    return {name: each[0] if len(each) == 1 else each for name, each in found.items()}


def _service_endpoints(document: Document) -> Section:
    return {name: _dumped(one) for name, one in document.service_endpoints.items()}


def _pipelines(document: Document) -> Section:
    """Policies as the file has them: the name is the key, and its steps are the value."""
    found = {}
    for name, pipeline in document.pipelines.items():
        policies = [{use.name: [_step(step) for step in use.steps]} for use in pipeline.policies]
        found[name] = {"apiEndpoints": list(pipeline.api_endpoints), "policies": policies}
    return found


def _step(step: BaseModel) -> dict[str, Any]:
    told = _dumped(step)
    told.get("action", {}).pop("policy", None)
    return told


_SECTIONS: Final[Mapping[str, Callable[[Document], Section]]] = {
    "/api-endpoints": _api_endpoints,
    "/service-endpoints": _service_endpoints,
    "/pipelines": _pipelines,
}


def _section(request: Request) -> Section:
    """What is in force. Raises Forbidden: values from the environment may be secrets."""
    if not actor_of(request).may(Role.OPERATOR):
        raise Forbidden(Role.OPERATOR)
    which = next(path for path in _SECTIONS if request.url.path.startswith(path))
    return _SECTIONS[which](desk_of(request).settings.document())


async def _all(request: Request) -> Response:
    return JSONResponse(await asyncio.to_thread(_section, request))


async def _one(request: Request) -> Response:
    found = (await asyncio.to_thread(_section, request)).get(called(request))
    if found is None:
        raise NotThere(request.url.path.split("/")[1].removesuffix("s"), called(request))
    return JSONResponse(found)


async def _policies(request: Request) -> Response:
    listed = desk_of(request).settings.document().policies
    return JSONResponse(_actions() if listed is None else listed)


async def _unchangeable(_request: Request) -> Response:
    return PlainTextResponse(_WAY_OUT, 501)


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
    for path in _SECTIONS:
        found += [route("GET", path, _all), route("GET", f"{path}/{{id:path}}", _one)]
    for path in (*_SECTIONS, "/policies"):
        for method in ("PUT", "DELETE"):
            found.append(route(method, f"{path}/{{id:path}}", _unchangeable))
    return found
