"""Refusals as devices hear them: a status, and a sentence for whoever reads their log."""

from collections.abc import Mapping

import structlog
from starlette.requests import Request
from starlette.responses import Response

from ostiary.est.reading import Unreadable
from ostiary.kernel.errors import OstiaryError
from ostiary.management.authority.counter import NeedsCredential
from ostiary.management.authority.errors import (
    AuthorityInUse,
    BadToken,
    NoEnrolment,
    NotIssued,
    Why,
)
from ostiary.management.errors import TooManyAttempts
from ostiary.store.ledger.enrolment_records import TooManyWaiting

_BUSY_SECONDS = 5
_FULL_SECONDS = 300
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="enrolment"'}
_BAD = frozenset({Why.BAD_REQUEST, Why.BAD_NAME})


def refusal(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    """Plain text (RFC 7030 4.2.3 allows it)."""
    return Response(f"{sentence}\n", status, dict(headers or {}), "text/plain; charset=utf-8")


def busy() -> Response:
    """More ask than can be answered just now."""
    return refusal(503, "too much to do (try again)", {"Retry-After": str(_BUSY_SECONDS)})


def nothing_here(request: Request, error: Exception) -> Response:
    """For any other path or method."""
    status = getattr(error, "status_code", 404)
    told = f"there is no {request.method} {request.url.path[:80]!r} here (see RFC 7030)"
    return refusal(status, told, getattr(error, "headers", None))


def answer_to(error: OstiaryError) -> Response:
    """One of our refusals; of the authority's own troubles strangers hear no details."""
    if isinstance(error, AuthorityInUse):
        return busy()
    status, headers = _status(error)
    if status is None:
        log = structlog.get_logger("ostiary.enrolment")
        log.error("enrolment-not-possible", error=str(error))
        return refusal(503, "no certificates can be issued just now (ask the operator)")
    told = error.for_strangers if isinstance(error, NotIssued) else str(error)
    return refusal(status, told, headers)


def _status(error: OstiaryError) -> tuple[int | None, Mapping[str, str]]:
    match error:
        case NeedsCredential() | BadToken():
            return 401, _CHALLENGE
        case TooManyAttempts():
            return 429, {"Retry-After": str(error.seconds)}
        case NotIssued():
            return (400 if error.why in _BAD else 403), {}
        case Unreadable():
            return 400, {}
        case TooManyWaiting() | NoEnrolment():
            return 503, {"Retry-After": str(_FULL_SECONDS)}
        case _:
            return None, {}
