"""Settings of the gateway and of single APIs."""

from typing import Any

from fastapi import Request
from starlette.responses import Response

from ostiary.admin.api.doors import Door
from ostiary.admin.replies import Changing, Search, Shape, changed, desk_of
from ostiary.config.model.client_auth import ApiAuth, GatewayAuth
from ostiary.management.sights import ChangeView
from ostiary.management.views import ApiView, GatewayView

_GATEWAY = Shape[GatewayView](GatewayView)
_API = Shape[ApiView](ApiView)
_APIS = Shape[tuple[ApiView, ...]](tuple[ApiView, ...])
_CHANGE = Shape[ChangeView](ChangeView)


def read_gateway(request: Request) -> Response:
    """The gateway's client certificate authentication, and where each part comes from."""
    view = desk_of(request).settings.gateway()
    return _GATEWAY.answer(view, revision=view.revision)


async def change_gateway(request: Request, order: Changing, changes: dict[str, Any]) -> Response:
    """Change some settings, as JSON merge patch (RFC 7396): null gives one up."""
    return changed(_CHANGE, await desk_of(request).settings.set_gateway(order, changes))


def list_apis(request: Request, search: Search = "") -> Response:
    """Every API with the policy that acts there."""
    settings = desk_of(request).settings
    return _APIS.answer(settings.apis(search=search), revision=settings.revision())


def read_api(request: Request, api: str) -> Response:
    """One API."""
    settings = desk_of(request).settings
    return _API.answer(settings.api(api), revision=settings.revision())


async def change_api(
    request: Request, api: str, order: Changing, changes: dict[str, Any]
) -> Response:
    """Override some settings at one API, as JSON merge patch: null inherits again."""
    return changed(_CHANGE, await desk_of(request).settings.set_api(order, api, changes))


async def clear_api(request: Request, api: str, order: Changing) -> Response:
    """Give up all that is set for one API here: it inherits again."""
    return changed(_CHANGE, await desk_of(request).settings.clear_api(order, api))


def _patch(model: type[ApiAuth]) -> dict[str, Any]:
    """Every setting may be null; the exact rules are told when they are broken."""
    found = model.model_json_schema(ref_template="#/components/schemas/{model}")["properties"]
    schema = {
        "type": "object",
        "minProperties": 1,
        "properties": {
            key: setting for key, setting in found.items() if key != "trustedCertificates"
        },
        "additionalProperties": False,
    }
    media = {"schema": schema}
    return {
        "requestBody": {
            "required": True,
            "content": {"application/merge-patch+json": media, "application/json": media},
        }
    }


DOORS = (
    Door("GET", "/gateway", read_gateway, GatewayView),
    Door("PATCH", "/gateway", change_gateway, ChangeView, more=_patch(GatewayAuth)),
    Door("GET", "/apis", list_apis, tuple[ApiView, ...]),
    Door("GET", "/apis/{api:path}", read_api, ApiView),
    Door("PATCH", "/apis/{api:path}", change_api, ChangeView, more=_patch(ApiAuth)),
    Door("DELETE", "/apis/{api:path}", clear_api, ChangeView),
)
