"""The sockets of a listener: TCP for people and programs, a unix socket for this host."""

import asyncio
import contextlib
import os
import socket
import ssl
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import structlog
import uvicorn
from starlette.types import ASGIApp

from ostiary.admin.protocol import Protocol
from ostiary.admin.sockets import BACKLOG

_KEEP_ALIVE_SECONDS = 30
_ENDING_SECONDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """What HTTPS on the admin listener needs, PEM."""

    certificate: bytes
    key: bytes
    """Not encrypted."""
    authorities: bytes
    """Whose client certificates are let in; empty: nobody's."""


class _Server(uvicorn.Server):
    """Leaves the process's signals to the gateway."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Listening:
    """The servers of one application, in the loop that runs."""

    def __init__(
        self, app: ASGIApp, *, name: str = "admin", protocol: type[Protocol] = Protocol
    ) -> None:
        """``name``: of the listener, for the log."""
        self._app = app
        self._name = name
        self._protocol = protocol
        self._servers: list[_Serving] = []
        self._tcp: tuple[_Serving, socket.socket] | None = None
        self._log = structlog.get_logger(f"ostiary.{name}")

    async def on_tcp(self, sock: socket.socket, tls: ssl.SSLContext | None) -> None:
        """Listen on a socket of ``bind_tcp``."""
        address, port = sock.getsockname()[:2]
        await self._serve_tcp(sock, tls)
        scheme = "https" if tls else "http"
        self._log.info(f"{self._name}-listens", address=address, port=port, scheme=scheme)

    async def anew_on_tcp(self, tls: ssl.SSLContext) -> None:
        """End the TCP connections there are and serve new ones with ``tls``, on the same port."""
        if self._tcp is None:
            return
        serving, sock = self._tcp
        self._servers.remove(serving)
        await _end([serving])
        await self._serve_tcp(sock, tls)

    async def on_unix(self, sock: socket.socket) -> None:
        """Listen on a socket of ``bind_unix``."""
        await self._serve(sock, None)

    async def stop(self) -> None:
        """Let requests in flight end, for two seconds."""
        servers, self._servers = self._servers, []
        await _end(servers)
        if self._tcp is not None:
            self._tcp[1].close()
            self._tcp = None

    async def _serve_tcp(self, sock: socket.socket, tls: ssl.SSLContext | None) -> None:
        # A server closes its socket when it ends; the duplicate keeps the port.
        kept = sock.dup()
        self._tcp = (await self._serve(sock, tls), kept)

    async def _serve(self, sock: socket.socket, tls: ssl.SSLContext | None) -> "_Serving":
        more: dict[str, Any] = {}
        if tls is not None:
            more["ssl_context_factory"] = lambda _config, _default: tls
        config = uvicorn.Config(
            self._app,
            http=self._protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            limit_concurrency=self._protocol.most,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_ENDING_SECONDS,
            **more,
        )
        server = _Server(config)
        task = asyncio.create_task(server.serve(sockets=[sock]))
        serving = (server, task)
        self._servers.append(serving)
        while not (server.started or task.done()):
            await asyncio.sleep(0.01)
        if task.done():
            task.result()
        return serving


_Serving: TypeAlias = tuple[_Server, asyncio.Task[None]]


async def _end(servers: Sequence[_Serving]) -> None:
    """Let requests in flight end, for two seconds."""
    tasks = [task for _, task in servers]
    for server, _ in servers:
        server.should_exit = True
    if tasks:
        await asyncio.wait(tasks, timeout=_ENDING_SECONDS + 2)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def context_of(tls: Tls) -> ssl.SSLContext:
    """TLS 1.2 and later; a client may show a certificate, and a bad one fails the handshake."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    use_pair(context, tls)
    if tls.authorities:
        context.load_verify_locations(cadata=tls.authorities.decode())
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def use_pair(context: ssl.SSLContext, tls: Tls) -> None:
    """Show this certificate from the next handshake on."""
    # Python reads keys from files only; a private one, for as long as it takes to read it.
    with tempfile.TemporaryDirectory() as folder:
        pair = Path(folder, "pair.pem")
        descriptor = os.open(pair, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(tls.key + tls.certificate)
        context.load_cert_chain(pair)
