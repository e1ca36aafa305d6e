"""Questions by HTTP to whom the rules allow (``services.fetching``), and to nobody else.

The host's name is resolved once, every address is looked at, and the connection is made to an
address that passed: a name that means something else a moment later changes nothing. What comes
back is bounded in size and in time as a whole, and is never unpacked. Proxies and passwords of the
environment (``HTTP_PROXY``, ``.netrc``) aren't used. Heavy to import: do it in a thread.
"""

import asyncio
import contextlib
import errno
import ipaddress
import os
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from io import FileIO

import httpx

from ostiary import __version__
from ostiary.config.model.url import Url
from ostiary.services.addresses import Address, meant
from ostiary.services.fetching import (
    FetchRules,
    NotFetched,
    Request,
    Response,
    Why,
    redirected,
    refuse_address,
    url_of,
)
from ostiary.wiring import world

_REDIRECTIONS = 3
_ADDRESSES = 3
"""Of one name that are tried."""
_AT_ONCE = 8
"""Questions under way at the same time; further ones wait, and their time runs."""
_SHORT = 256 * 1024
_OK, _NOT_MODIFIED = 200, 304
_MOVED = frozenset((301, 302, 303, 307, 308))
_CONDITIONS = frozenset(("if-none-match", "if-modified-since"))

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]
"""The addresses of a name; raises OSError."""
IsHere = Callable[[Address], bool]
"""Whether an address is this host's, or may be."""


class Fetcher:
    """Asks, within limits. Of one event loop."""

    def __init__(
        self,
        resolve: Resolve | None = None,
        is_here: IsHere | None = None,
        context: Callable[[], ssl.SSLContext] | None = None,
        *,
        warm: bool = False,
    ) -> None:
        """By default: the system's resolver, the host's addresses, the authorities it trusts.

        ``warm``: ``warm_up`` was called.
        """
        self._resolve = resolve or addresses_of
        self._is_here = is_here or is_here_by_binding
        self._make_context = context or system_context
        self._context: ssl.SSLContext | None = None
        self._warm = warm
        self._gate = asyncio.Semaphore(_AT_ONCE)

    async def fetch(self, request: Request, rules: FetchRules) -> Response:
        """The answer, of status 200; or 304, where the question had a condition.

        Raises NotFetched.
        """
        try:
            async with asyncio.timeout(request.seconds), self._gate:
                if not self._warm:
                    await asyncio.to_thread(warm_up)
                    self._warm = True
                return await self._follow(request, rules)
        except TimeoutError as error:
            raise NotFetched(
                Why.TIMED_OUT, f"{request.url[:200]} took longer than {request.seconds:g} s"
            ) from error

    async def _follow(self, request: Request, rules: FetchRules) -> Response:
        asked = request
        for _ in range(_REDIRECTIONS + 1):
            url = url_of(asked.url, rules)
            answer = await self._ask(asked, url, rules)
            if answer.status not in _MOVED:
                return answer
            to = redirected(request, url, answer.status, answer.headers.get("location"))
            asked = replace(asked, url=to)
        raise NotFetched(
            Why.REDIRECTED, f"{request.url[:200]} redirects more than {_REDIRECTIONS} times"
        )

    async def _ask(self, request: Request, url: Url, rules: FetchRules) -> Response:
        addresses = await self._addresses(url, rules)
        context = await self._tls() if url.scheme == "https" else None
        problem = NotFetched(Why.NO_ADDRESS, f"{url.host} has no address")
        # One that doesn't answer must leave time for the next.
        limits = httpx.Timeout(None, connect=request.seconds / max(len(addresses), 1))
        for address in addresses:
            try:
                return await _ask_at(address, request, url, context, limits)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                words = f"{url.host} ({address}) port {url.port}: {_words(error)}"
                problem = NotFetched(Why.NOT_REACHED, words)
            except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
                words = f"{url.host} gave no proper answer: {_words(error)}"
                raise NotFetched(Why.BAD_ANSWER, words) from error
        raise problem

    async def _addresses(self, url: Url, rules: FetchRules) -> Sequence[Address]:
        """Those that may be asked; raises NotFetched if there is none."""
        try:
            found = await self._resolve(url.host.rstrip("."), url.port)
        except OSError as error:
            words = f"the name {url.host!r} can't be resolved: {error.strerror or error}"
            raise NotFetched(Why.NO_ADDRESS, words) from error
        fit: list[Address] = []
        problem: NotFetched | None = None
        for address in found:
            try:
                here = any(map(self._is_here, {address, meant(address)}))
                refuse_address(address, url, rules, here=here)
                fit.append(address)
            except NotFetched as refused:
                problem = refused
        if not fit and problem is not None:
            raise problem
        return fit[:_ADDRESSES]

    async def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            # Reading the host's authorities takes a while.
            self._context = await asyncio.to_thread(self._make_context)
        return self._context


async def _ask_at(
    address: Address,
    request: Request,
    url: Url,
    context: ssl.SSLContext | None,
    limits: httpx.Timeout,
) -> Response:
    host = f"[{address}]" if address.version == 6 else str(address)
    headers = {
        **request.headers,
        "Host": url.authority,
        "User-Agent": f"ostiary/{__version__}",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    # The connection goes to the address that was looked at; name and certificate stay the host's.
    async with httpx.AsyncClient(
        verify=context or _nobody(), trust_env=False, timeout=limits
    ) as client:
        asked = client.build_request(
            request.method,
            httpx.URL(f"{url.scheme}://{host}:{url.port}{url.path}{url.query}"),
            content=request.body or None,
            headers=headers,
            extensions={"sni_hostname": url.host.rstrip(".")} if context else {},
        )
        answer = await client.send(asked, stream=True, follow_redirects=False)
        try:
            return await _read(answer, request, url)
        finally:
            await answer.aclose()


async def _read(answer: httpx.Response, request: Request, url: Url) -> Response:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    status = answer.status_code
    if status in _MOVED or (status == _NOT_MODIFIED and _has_condition(request.headers)):
        return Response(status=status, headers=headers, content=b"", url=str(url))
    if status != _OK:
        raise NotFetched(Why.STATUS, f"{url} answered {status}", status=status)
    coding = headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("identity", ""):
        # Nobody asked for it, and a few bytes may unpack to millions.
        raise NotFetched(Why.BAD_ANSWER, f"the answer of {url} is packed ({coding[:40]!r})")
    said = headers.get("content-length", "0")
    if said.isdigit() and int(said) > request.most_bytes:
        raise _too_large(url, request)
    content = await _collect(answer.aiter_raw(), request, url)
    return Response(status=status, headers=headers, content=content, url=str(url))


async def _collect(chunks: AsyncIterator[bytes], request: Request, url: Url) -> bytes:
    """All of it; long ones by way of a file in memory, so that no copy holds the loop up."""
    few: list[bytes] = []
    size = 0
    spool: FileIO | None = None
    try:
        async for chunk in chunks:
            size += len(chunk)
            if size > request.most_bytes:
                raise _too_large(url, request)
            if spool is not None:
                spool.write(chunk)
                await asyncio.sleep(0)  # what comes fast keeps nobody else waiting
                continue
            few.append(chunk)
            if size > _SHORT:
                spool = FileIO(os.memfd_create("ostiary-fetched"), "r+")
                spool.write(b"".join(few))
        if spool is None:
            return b"".join(few)
        return await asyncio.to_thread(partial(_whole, spool, size))
    finally:
        if spool is not None:
            spool.close()


def _whole(spool: FileIO, size: int) -> bytes:
    with spool:
        spool.seek(0)
        return spool.read(size) or b""


def _has_condition(headers: Mapping[str, str]) -> bool:
    return any(name.lower() in _CONDITIONS for name in headers)


def _too_large(url: Url, request: Request) -> NotFetched:
    return NotFetched(
        Why.TOO_LARGE,
        f"the answer of {url} is larger than {request.most_bytes} bytes",
        "if that is right, allow more",
    )


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def warm_up() -> None:
    """Have httpx import what it imports with its first question, for a tenth of a second: here,
    where no loop waits for it. Nobody can listen at port 0."""

    async def ask() -> None:
        with contextlib.suppress(httpx.HTTPError):
            async with httpx.AsyncClient(verify=_nobody(), trust_env=False) as client:
                await client.get("http://127.0.0.1:0/")

    asyncio.run(ask())


def _nobody() -> ssl.SSLContext:
    """Trusts no server."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


async def addresses_of(host: str, port: int) -> Sequence[Address]:
    """What the system's resolver tells, each once. Raises OSError."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label that is too long, in older Pythons
        raise OSError(f"{host!r} is no name") from error
    # An address with a scope (fe80::1%eth0) is link-local, and its scope says nothing here.
    texts = (str(one[4][0]).partition("%")[0] for one in found)
    return [ipaddress.ip_address(text) for text in dict.fromkeys(texts)]


def is_here_by_binding(address: Address) -> bool:
    """Only an address of this host can be bound. Where that can't be tried, it may be one."""
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError as error:
        return error.errno not in _NOT_HERE
    return True


_NOT_HERE = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})


def system_context() -> ssl.SSLContext:
    """TLS by the authorities that this host trusts for servers."""
    roots = world.system_roots()
    return ssl.create_default_context(cafile=None if roots.startswith("@") else roots)
