"""The application of the public listener: few paths, no state, bounded in size and in time."""

import asyncio
import base64
import binascii
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import unquote_to_bytes

import structlog
from starlette.types import Receive, Scope, Send

from ostiary.admin.protocol import Protocol
from ostiary.ca.ocsp import LARGEST_QUESTION
from ostiary.kernel.errors import OstiaryError
from ostiary.pki.answering import Answering, Once
from ostiary.pki.catalog import Catalog
from ostiary.pki.complaints import Complaints
from ostiary.pki.documents import Answer, Media, answer_of, told, uncached
from ostiary.pki.index import Page
from ostiary.pki.shelves import Shelves

MOST_CONNECTIONS = 900
"""Fewer than the 1,024 files that a process may have open by default."""
BODY_SECONDS = 10
"""For the body of a question, from the end of its header."""
ANSWER_SECONDS = 300
"""For taking a whole answer: 64 MB at 2 Mbit/s."""
_PIECE = 64 * 1024
_OCSP = "/ocsp"
_KINDS = {"crl": "list", "ca": "certificate", "ocsp": "ocsp"}
_OUTCOMES = {200: "sent", 304: "unchanged", 404: "missing"}
_BAD, _FAILED = 400, 500
_READING = (b"allow", b"GET, HEAD")
_ASKING = (b"allow", b"GET, HEAD, POST")


class PublicProtocol(Protocol):
    """As on the admin listener, for more people."""

    most = MOST_CONNECTIONS


class _Gone(Exception):
    """Whoever asked has closed the connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicApp:
    """ASGI."""

    catalog: Catalog
    shelves: Shelves
    answering: Answering
    page: Page
    clock: Callable[[], datetime]
    complaints: Complaints
    _counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def counts(self) -> Mapping[tuple[str, str], int]:
        """How many answers, by kind (``list``, ``certificate``, ``ocsp``, ``page``) and outcome:
        ``sent``, ``unchanged``, ``missing``, ``refused``, ``failed``; of OCSP as ``Answering``
        has them."""
        told = {("ocsp", word): count for word, count in self.answering.outcomes.items()}
        return Counter(told) + self._counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            answer = await self._answer(scope, receive)
        except _Gone:
            return
        except OstiaryError as error:
            self.complaints.tell("not-served", error)
            answer = told(503, "this can't be served just now")
        except Exception as error:  # noqa: BLE001 - our own bug must not fill the log
            self.complaints.tell("not-served", error, ours=True)
            answer = told(500, "this can't be served, by a fault of ours")
        self._count(scope["path"], answer.status)
        await _send(answer, send, with_body=scope["method"] != "HEAD")

    def _count(self, path: str, status: int) -> None:
        kind = _KINDS.get(path[1:].partition("/")[0], "page")
        if kind == "ocsp" and status < _BAD:
            return  # by what was told
        refused = "failed" if status >= _FAILED else "refused"
        self._counts[kind, _OUTCOMES.get(status, refused)] += 1

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        path, method = scope["path"], scope["method"]
        if path == _OCSP or path.startswith(_OCSP + "/"):
            return await self._ocsp(scope, receive)
        if method not in {"GET", "HEAD"}:
            return told(405, "only to be read", _READING)
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        if path == "/":
            return self.page.answer(headers.get(b"host", b""))
        found = self.shelves.find(path)
        if found is None:
            return told(404, "there is nothing here (see: /)")
        return answer_of(found, headers, self.clock())

    async def _ocsp(self, scope: Scope, receive: Receive) -> Answer:
        match scope["method"]:
            case "POST":
                try:
                    asked = await _body(receive)
                except TimeoutError:
                    return told(408, f"the body did not come within {BODY_SECONDS} s")
                if asked is None:
                    return told(413, f"at most {LARGEST_QUESTION} bytes are read here")
            case "GET" | "HEAD":
                asked = question_in(scope["raw_path"])
            case _:
                return told(405, "ask by GET or POST (RFC 6960 appendix A)", _ASKING)
        answer = self.answering.answer(asked)
        if isinstance(answer, Once):
            return uncached(Media.OCSP, answer.body)
        if scope["method"] == "POST":
            # RFC 9111: caches don't keep answers to POST. A server in between need not try.
            return answer_of(answer, {}, self.clock())
        return answer_of(answer, dict(scope["headers"]), self.clock())


def question_in(raw_path: bytes) -> bytes:
    """RFC 6960 A.1: after ``/ocsp/`` the question in base64, URL-encoded. Empty for what is none.

    Its slashes come encoded or plain, and some clients leave the padding away.
    """
    text = unquote_to_bytes(raw_path[len(_OCSP) + 1 :])
    if len(text) > 2 * LARGEST_QUESTION:
        return b""
    text = text.replace(b" ", b"+").rstrip(b"=")
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        return b""


async def _body(receive: Receive) -> bytes | None:
    """None: it is too large. Raises TimeoutError, _Gone."""
    parts: list[bytes] = []
    size = 0
    async with asyncio.timeout(BODY_SECONDS):
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise _Gone
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > LARGEST_QUESTION:
                return None
            if not message.get("more_body", False):
                return b"".join(parts)


async def _send(answer: Answer, send: Send, *, with_body: bool) -> None:
    """In pieces, so that who reads slowly holds little memory, and not for ever."""
    start = {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
    await send(start)
    body = answer.body if with_body else b""
    if len(body) <= _PIECE:
        await send({"type": "http.response.body", "body": body})
        return
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            for at in range(0, len(body), _PIECE):
                piece, more = body[at : at + _PIECE], at + _PIECE < len(body)
                await send({"type": "http.response.body", "body": piece, "more_body": more})
    except TimeoutError:
        # Returning before the end closes the connection.
        structlog.get_logger("ostiary.pki").info("answer-broken-off", bytes=len(body))
