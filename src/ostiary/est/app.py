"""The application behind ``/.well-known/est`` (RFC 7030)."""

import asyncio
import base64
from collections import Counter as Counting
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from typing import TypeAlias, TypeVar

import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from ostiary.ca.packing import certificates_only
from ostiary.ca.requests import WANTED_ATTRIBUTES
from ostiary.ca.signing import Purpose
from ostiary.compiler.enrolment import CLIENT_ADDRESS, CLIENT_FINGERPRINT, LARGEST_BODY
from ostiary.est.reading import (
    Unreadable,
    fingerprint_of,
    refuse_other_media,
    request_of,
    secret_of,
)
from ostiary.est.refusals import answer_to, busy, nothing_here, refusal
from ostiary.kernel.errors import OstiaryError
from ostiary.management.authority.counter import Asker, Counter
from ostiary.management.authority.enrolling import Waiting
from ostiary.management.authority.orders import Certified

MOST_WAITING = 64
"""Requests at a time for the authority, which works on one after the other."""
MOST_BODIES = 16
"""Bodies from one address that are read at a time."""
RETRY_SECONDS = 30
"""After which somebody whose request waits for an operator is to ask again."""
_BODY_SECONDS = 10.0
_LABELS = {"": None, "client": Purpose.CLIENT, "server": Purpose.SERVER}

T = TypeVar("T")
Work: TypeAlias = Callable[[Request, Purpose | None], Awaitable[Response]]


class _Full(Exception):
    """As many are here as there is place for."""


class Desk:
    """Answers requests, one after the other in a thread of its own."""

    def __init__(self, counter: Counter, executor: Executor) -> None:
        self._counter = counter
        self._executor = executor
        self._under_way = 0
        self._bodies: Counting[str] = Counting()
        self._log = structlog.get_logger("ostiary.enrolment")

    def routes(self) -> list[Route]:
        """All operations, with and without a label."""
        operations: tuple[tuple[str, str, Work], ...] = (
            ("GET", "cacerts", self._authorities),
            ("GET", "csrattrs", self._attributes),
            ("POST", "simpleenroll", self._enrol),
            ("POST", "simplereenroll", self._renew),
        )
        return [
            Route(f"/.well-known/est{label}/{path}", self._guarded(work), methods=[method])
            for method, path, work in operations
            for label in ("", "/{label}")
        ]

    def _guarded(self, work: Work) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            label = request.path_params.get("label", "")
            if label not in _LABELS:
                return refusal(404, f"there is no label {label[:40]!r} (client, server, or none)")
            try:
                return await work(request, _LABELS[label])
            except _Full:
                return busy()
            except OstiaryError as error:
                return answer_to(error)
            except ClientDisconnect:
                return refusal(400, "the body did not come to its end")
            except Exception as error:  # noqa: BLE001 - told once, and no traceback for strangers
                self._log.exception("enrolment-failed", error=repr(error))
                return refusal(500, "this did not work: the gateway's own mistake")

        return endpoint

    async def _authorities(self, _request: Request, _purpose: Purpose | None) -> Response:
        return _certificates(await self._at_work(self._counter.authorities))

    async def _attributes(self, _request: Request, _purpose: Purpose | None) -> Response:
        return _encoded(WANTED_ATTRIBUTES, "application/csrattrs")

    async def _enrol(self, request: Request, purpose: Purpose | None) -> Response:
        asker = _asker(request)
        asked = await self._asked(request, asker)
        done = await self._at_work(lambda: self._counter.enrol(asker, asked, purpose))
        match done:
            case Waiting():
                told = f"an operator has to approve this (ask again in {RETRY_SECONDS} seconds)"
                return refusal(202, told, {"Retry-After": str(RETRY_SECONDS)})
            case Certified():
                return _certificates(certificates_only([done.der]))

    async def _renew(self, request: Request, _purpose: Purpose | None) -> Response:
        asker = _asker(request)
        asked = await self._asked(request, asker)
        done = await self._at_work(lambda: self._counter.renew(asker, asked))
        return _certificates(certificates_only([done.der]))

    async def _asked(self, request: Request, asker: Asker) -> bytes:
        """The request for a certificate, DER. Bodies that come slowly hold up nobody else: they
        wait for no place at the authority, and of those from one address only some are read.

        Raises Unreadable, ClientDisconnect, and what ``greet`` does.
        """
        self._counter.greet(asker)
        if self._bodies[asker.address] >= MOST_BODIES:
            raise _Full
        self._bodies[asker.address] += 1
        try:
            return await _body_of(request)
        finally:
            self._bodies[asker.address] -= 1
            if not self._bodies[asker.address]:
                del self._bodies[asker.address]

    async def _at_work(self, work: Callable[[], T]) -> T:
        if self._under_way >= MOST_WAITING:
            raise _Full
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        finally:
            self._under_way -= 1


def create_est(counter: Counter, executor: Executor) -> Starlette:
    """The application. ``executor`` has one thread: the authority has one user at a time."""
    return Starlette(
        routes=Desk(counter, executor).routes(),
        exception_handlers={404: nothing_here, 405: nothing_here},
    )


def _asker(request: Request) -> Asker:
    """As the engine tells it; it has overwritten what the client might have sent itself."""
    return Asker(
        address=request.headers.get(CLIENT_ADDRESS, ""),
        secret=secret_of(request.headers.get("authorization", "")),
        fingerprint=fingerprint_of(request.headers.get(CLIENT_FINGERPRINT, "")),
    )


async def _body_of(request: Request) -> bytes:
    """Raises Unreadable, ClientDisconnect."""
    refuse_other_media(request.headers.get("content-type", ""))
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > LARGEST_BODY:
                    raise Unreadable(f"the body is larger than {LARGEST_BODY} bytes")
    except TimeoutError as error:
        raise Unreadable("the body took too long") from error
    return request_of(bytes(body))


def _certificates(cms: bytes) -> Response:
    return _encoded(cms, "application/pkcs7-mime; smime-type=certs-only")


def _encoded(der: bytes, media: str) -> Response:
    """Base64 without line ends, as RFC 8951 3.1 reads RFC 7030: strongSwan's client takes nothing
    else. Older clients look for the header that says so."""
    return Response(
        base64.b64encode(der),
        headers={"Content-Type": media, "Content-Transfer-Encoding": "base64"},
    )
