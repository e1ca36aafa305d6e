"""Refusals as HTTP answers: problem details (RFC 9457), one table from our errors to statuses."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from ostiary.kernel.errors import OstiaryError
from ostiary.management.errors import (
    BadCredential,
    Conflicting,
    EngineRefuses,
    Fault,
    Forbidden,
    InUse,
    Locked,
    MustConfirm,
    NotApplied,
    NotThere,
    Stale,
    TooManyAttempts,
    Unacceptable,
    Unavailable,
)

MEDIA = "application/problem+json"
_TYPE = "urn:ostiary:problem:"


class MustMatch(OstiaryError):
    """A write without ``If-Match`` (RFC 6585 section 3)."""


class TooLarge(OstiaryError):
    """The body is larger than is read here."""


class TooSlow(OstiaryError):
    """The body did not come in time."""


class Misdirected(OstiaryError):
    """The Host header names somebody else: DNS rebinding, or a proxy that isn't known here."""


class Forged(OstiaryError):
    """An unsafe request that another site made a browser send."""


class NoBody(OstiaryError):
    """The body can't be read as what it says it is."""


# From the narrow to the wide: the first that fits is taken.
STATUSES: tuple[tuple[type[OstiaryError], int, str, str], ...] = (
    (BadCredential, 401, "no-credential", "A credential is needed"),
    (TooManyAttempts, 429, "too-many-attempts", "Too many failed attempts"),
    (Forbidden, 403, "forbidden", "The role isn't enough"),
    (Forged, 403, "forged", "The request comes from another site"),
    (Misdirected, 421, "misdirected", "This host isn't served here"),
    (NotThere, 404, "not-found", "There is no such thing"),
    (Stale, 412, "stale", "Somebody else changed something"),
    (MustMatch, 428, "if-match-needed", "If-Match is needed"),
    (TooSlow, 408, "too-slow", "The body took too long"),
    (TooLarge, 413, "too-large", "The body is too large"),
    (NoBody, 400, "unreadable", "The body can't be read"),
    (Locked, 409, "locked", "Set by the configuration file"),
    (InUse, 409, "in-use", "It is in use"),
    (MustConfirm, 409, "confirm", "Ask again to confirm"),
    (Conflicting, 409, "conflict", "This can't be done as things stand"),
    (EngineRefuses, 422, "refused-by-the-gateway", "The gateway refuses what would come of it"),
    (Unacceptable, 422, "unacceptable", "This can't be done as it was written"),
    (NotApplied, 503, "not-applied", "The change could not be put in force"),
    (Unavailable, 503, "unavailable", "The database can't be used just now"),
)


def problem(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    errors: Iterable[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An answer with problem details."""
    content: dict[str, Any] = {
        "type": _TYPE + code,
        "title": title,
        "status": status,
        "detail": detail,
    }
    told = list(errors)
    if told:
        content["errors"] = told
    body = json.dumps(content, ensure_ascii=True).encode()
    return Response(body, status, headers=dict(headers or {}), media_type=MEDIA)


def answer_to(error: OstiaryError) -> Response:
    """The answer to one of our refusals."""
    for kind, status, code, title in STATUSES:
        if isinstance(error, kind):
            errors = map(_told, error.faults) if isinstance(error, Unacceptable) else ()
            return problem(status, code, title, str(error), errors=errors, headers=_headers(error))
    structlog.get_logger("ostiary.admin").error("unexpected-refusal", error=repr(error))
    return problem(500, "internal", "This did not work", str(error))


def handle_problems(app: FastAPI) -> None:
    """Every error leaves the application as problem details."""
    app.add_exception_handler(OstiaryError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _bug)


def _headers(error: OstiaryError) -> dict[str, str]:
    if isinstance(error, TooManyAttempts):
        return {"Retry-After": str(error.seconds)}
    if isinstance(error, BadCredential):
        return {"WWW-Authenticate": 'Bearer realm="ostiary"'}
    return {}


def _told(fault: Fault) -> dict[str, str]:
    told = {"pointer": fault.where, "detail": fault.message}
    return {**told, "wayOut": fault.way_out} if fault.way_out else told


async def _ours(_request: Request, error: Exception) -> Response:
    if not isinstance(error, OstiaryError):
        raise error
    return answer_to(error)


async def _invalid(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    found = [_pointed(one) for one in error.errors()[:100]]
    if any(one["type"] == "json_invalid" for one in error.errors()):
        return problem(400, "unreadable", "The body can't be read", "the body is no JSON")
    detail = "; ".join(f"{one['pointer']}: {one['detail']}" for one in found[:5])
    return problem(
        422, "unacceptable", "This can't be done as it was written", detail, errors=found
    )


def _pointed(error: Mapping[str, Any]) -> dict[str, str]:
    """Body errors as JSON pointers; those of the query and headers by their name."""
    where, *rest = error["loc"]
    parts = rest if where == "body" else [where, *rest]
    pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)
    text = str(error["msg"])
    return {"pointer": pointer[:500], "detail": (text[:1].lower() + text[1:])[:500]}


async def _http(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    code = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, "http")
    return problem(
        error.status_code, code, str(error.detail), str(error.detail), headers=error.headers
    )


async def _bug(request: Request, error: Exception) -> Response:
    log = structlog.get_logger("ostiary.admin")
    log.exception("admin-request-failed", path=request.url.path, error=repr(error))
    return problem(500, "internal", "This did not work", "our own mistake: see the gateway's log")
