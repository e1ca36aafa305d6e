"""The sockets of the admin listener: who can reach them, and what happens to a taken port."""

import asyncio
import os
import ssl
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from ostiary.admin.listening import Listening, Tls, context_of
from ostiary.admin.lock import peer_in
from ostiary.admin.sockets import AdminExposed, AdminPortTaken, bind_tcp, bind_unix, refuse_exposed
from tests.support.pki import Kit, Made


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


def test_who_came_by_an_authority_that_is_gone_does_not_stay_nor_come_again(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    gone, new = kit.root("gone"), kit.root("new")
    site = kit.server(new, "site", dns=["localhost"], ips=["127.0.0.1"])
    before, after = kit.client(gone, "before"), kit.client(new, "after")

    def door(authority: Made) -> ssl.SSLContext:
        key = site.key_file.read_bytes()
        return context_of(Tls(certificate=site.pem, key=key, authorities=authority.pem))

    def shown(made: Made) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(new.certificate_file))
        context.load_cert_chain(made.chain_file, made.key_file)
        return context

    async def story() -> None:
        listening = Listening(tell_peer)
        sock = bind_tcp("127.0.0.1", 0)
        url = f"https://127.0.0.1:{sock.getsockname()[1]}/"
        await listening.on_tcp(sock, door(gone))
        try:
            async with httpx.AsyncClient(verify=shown(before)) as first:
                assert (await first.get(url)).json()["secure"]
                await listening.anew_on_tcp(door(new))
                # The open connection has ended, and neither it nor its session comes back.
                with pytest.raises(httpx.TransportError):
                    await first.get(url)
            async with httpx.AsyncClient(verify=shown(after)) as second:
                assert (await second.get(url)).json()["secure"]
        finally:
            await listening.stop()

    asyncio.run(story())
