"""What every request to the admin listener passes first, and every answer takes along."""

import asyncio
import ipaddress
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ostiary.admin.lock import new_request_id, peer_in
from ostiary.admin.problems import Misdirected, TooLarge, TooSlow, answer_to
from ostiary.kernel.errors import OstiaryError

LARGEST_BODY = 1024 * 1024
LARGEST_IMPORT = 16 * 1024 * 1024
SLOWEST_BODY_SECONDS = 60
"""From the end of the header to the end of the body."""

# For answers that aren't pages; pages bring a policy of their own.
_SECURITY = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


class Gate:
    """Request id, Host, size of the body; headers that keep browsers careful."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str], imports: tuple[str, ...]) -> None:
        """``hosts``: names this listener is called by, beside addresses; ``imports``: ends of
        paths that take large bodies."""
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts) | {"localhost"}
        self._imports = imports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or go on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["request_id"] = new_request_id()
        secure = scope.get("scheme") == "https"
        limit = LARGEST_IMPORT if scope["path"].endswith(self._imports) else LARGEST_BODY
        body = _Body(receive, limit)
        answer = _Answer(send, body, state["request_id"], secure=secure)
        headers = Headers(scope=scope)
        if peer_in(scope).uid is None and not self._is_ours(headers.get("host", "")):
            error = Misdirected("the Host header names somebody else (use the address itself)")
            await answer_to(error)(scope, receive, answer.send)
            return
        if body.declared_too_large(headers):
            await answer_to(_too_large(limit))(scope, receive, answer.send)
            return
        try:
            await self._app(scope, body.receive, answer.send_unless_broken_off)
        except (TooLarge, TooSlow):
            if answer.begun:
                raise
        if body.fault is not None and not answer.begun:
            await answer_to(body.fault)(scope, receive, answer.send)

    def _is_ours(self, host: str) -> bool:
        """Against DNS rebinding: a page of somebody else's name can't be made to speak to us.
        Addresses can't be rebound."""
        name = host.strip().lower()
        if name.startswith("["):
            name = name[1:].partition("]")[0]
        elif name.count(":") == 1:
            name = name.partition(":")[0]
        if name in self._hosts:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


class _Body:
    """Counts what comes, and how long it takes."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._read = 0
        self._ended = False
        self._until = asyncio.get_running_loop().time() + SLOWEST_BODY_SECONDS
        self.fault: OstiaryError | None = None
        """Why the body was not read to its end."""

    def declared_too_large(self, headers: Headers) -> bool:
        length = headers.get("content-length", "0")
        return not length.isdecimal() or int(length[:20]) > self._limit

    async def receive(self) -> Message:
        if self._ended:  # what comes now is that the client goes, which may take its time
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            self.fault = TooSlow(f"the body did not come within {SLOWEST_BODY_SECONDS} s")
            raise self.fault from None
        if message["type"] == "http.request":
            self._ended = not message.get("more_body", False)
            self._read += len(message.get("body", b""))
            if self._read > self._limit:
                self.fault = _too_large(self._limit)
                raise self.fault
        return message


class _Answer:
    """Adds headers to what goes out."""

    def __init__(self, send: Send, body: _Body, request_id: str, *, secure: bool) -> None:
        self._send = send
        self._body = body
        self._request_id = request_id
        self._secure = secure
        self.begun = False

    async def send_unless_broken_off(self, message: Message) -> None:
        """Frameworks tell a body that broke off as one they can't read: we know better."""
        if self.begun or self._body.fault is None:
            await self.send(message)

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            headers = MutableHeaders(scope=message)
            for name, value in _SECURITY.items():
                headers.setdefault(name, value)
            headers["X-Request-Id"] = self._request_id
            if self._secure:
                headers["Strict-Transport-Security"] = "max-age=31536000"
        await self._send(message)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"at most {limit} bytes are read here")
