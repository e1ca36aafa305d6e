"""One line for each route, so that a module shows them all at once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from inspect import Parameter, signature
from typing import Any

from fastapi import APIRouter, Depends, Request

from ostiary.admin.problems import MEDIA
from ostiary.admin.replies import Changing
from ostiary.management.errors import Unacceptable

_PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {
                    "pointer": {"type": "string"},
                    "detail": {"type": "string"},
                    "wayOut": {"type": "string"},
                },
            },
        },
    },
}
PROBLEM_NAME = "Problem"
_READ = (401, 404, 422, 429, 503)
_WRITE = (400, 401, 403, 404, 409, 412, 413, 422, 428, 429, 503)
_MEANINGS = {
    400: "The body can't be read.",
    401: "A credential is needed.",
    403: "The role isn't enough, or another site asks.",
    404: "There is no such thing.",
    409: "It is locked by the configuration file, in use, or must be confirmed.",
    412: "Somebody else changed something meanwhile.",
    413: "The body is too large.",
    422: "It can't be done as it was written.",
    428: "If-Match is needed.",
    429: "Too many failed credentials.",
    503: "The database or the engine can't do it just now.",
}


@dataclass(frozen=True, slots=True)
class Door:
    """One route: its answer is ``gives`` as JSON, or of another ``media`` type."""

    method: str
    path: str
    work: Callable[..., Any]
    gives: Any = None
    status: int = 200
    media: str | None = None
    more: dict[str, Any] | None = None
    """Further words for OpenAPI."""


def router_of(subject: str, doors: Iterable[Door]) -> APIRouter:
    """The routes of one subject."""
    router = APIRouter(prefix="/api/v1", tags=[subject])
    for door in doors:
        router.add_api_route(
            door.path,
            door.work,
            methods=[door.method],
            status_code=door.status,
            response_model=door.gives,
            operation_id=f"{subject}-{door.work.__name__}".replace("_", "-"),
            responses=_responses(door),
            openapi_extra=door.more,
            dependencies=[Depends(refuse_dry_run)] if _only_does(door) else [],
        )
    return router


def problem_schema() -> dict[str, Any]:
    """Problem details, RFC 9457."""
    return _PROBLEM


def _responses(door: Door) -> dict[int | str, dict[str, Any]]:
    problem = {MEDIA: {"schema": {"$ref": f"#/components/schemas/{PROBLEM_NAME}"}}}
    told: dict[int | str, dict[str, Any]] = {
        status: {"description": _MEANINGS[status], "content": problem}
        for status in (_READ if door.method == "GET" else _WRITE)
        if status != 428 or _must_match(door)
    }
    if door.status == 201:
        foreseen = "After dryRun: what would come of it."
        told[200] = {
            "description": foreseen if _order_of(door) is not None else "It was there already.",
            "model": door.gives,
        }
    if door.media is not None:
        told[door.status] = {
            "description": "As it is.",
            "content": {door.media: {"schema": {"type": "string"}}},
        }
    return told


def refuse_dry_run(request: Request) -> None:
    """Who only wants to see what would come of it must not find that it was done.

    Raises Unacceptable.
    """
    if request.query_params.get("dryRun", "false") != "false":
        raise Unacceptable.one("there is no dry run of this", "leave dryRun out: nothing was done")


def _only_does(door: Door) -> bool:
    return door.method != "GET" and {"order", "dry_run"}.isdisjoint(signature(door.work).parameters)


def _order_of(door: Door) -> Parameter | None:
    return signature(door.work).parameters.get("order")


def _must_match(door: Door) -> bool:
    found = _order_of(door)
    return found is not None and found.annotation == Changing
