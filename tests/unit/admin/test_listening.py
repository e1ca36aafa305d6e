"""The sockets of the admin listener: who can reach them, and what happens to a taken port."""

import asyncio
import os
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from ostiary.admin.listening import Listening
from ostiary.admin.lock import peer_in
from ostiary.admin.sockets import AdminExposed, AdminPortTaken, bind_tcp, bind_unix, refuse_exposed


async def tell_peer(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with what is known of the connection."""
    peer = peer_in(scope)
    told = JSONResponse({"uid": peer.uid, "secure": peer.secure, "url": str(Request(scope).url)})
    await told(scope, receive, send)


def test_without_tls_only_loopback_is_listened_on() -> None:
    with bind_tcp("127.0.0.1", 0) as sock:
        refuse_exposed(sock)
    with bind_tcp("0.0.0.0", 0) as sock, pytest.raises(AdminExposed, match="allowPlainHttp"):
        refuse_exposed(sock)


def test_a_taken_port_is_told_with_the_way_out() -> None:
    with bind_tcp("127.0.0.1", 0) as sock:
        port = sock.getsockname()[1]
        with pytest.raises(AdminPortTaken, match=r"choose another admin\.port"):
            bind_tcp("127.0.0.1", port)


def test_a_name_that_does_not_exist_is_told_too() -> None:
    with pytest.raises(AdminPortTaken):
        bind_tcp("nowhere.invalid", 0)


def test_the_unix_socket_tells_whose_process_is_there_and_tcp_does_not(tmp_path: Path) -> None:
    async def both() -> tuple[dict[str, object], dict[str, object]]:
        listening = Listening(tell_peer)
        sock = bind_tcp("127.0.0.1", 0)
        port = sock.getsockname()[1]
        await listening.on_tcp(sock, None)
        path = tmp_path / "admin.sock"
        await listening.on_unix(bind_unix(path))
        assert path.stat().st_mode & 0o777 == 0o600
        try:
            unix = httpx.AsyncHTTPTransport(uds=str(path))
            async with httpx.AsyncClient(transport=unix, base_url="http://localhost") as client:
                local = (await client.get("/")).json()
            async with httpx.AsyncClient() as client:
                remote = (await client.get(f"http://127.0.0.1:{port}/")).json()
        finally:
            await listening.stop()
        return local, remote

    local, remote = asyncio.run(both())
    assert (local["uid"], local["secure"]) == (os.geteuid(), True)
    assert (remote["uid"], remote["secure"]) == (None, False)
