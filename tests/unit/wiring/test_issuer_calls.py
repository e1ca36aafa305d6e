"""Issuers on loopback, well and badly behaved."""

import asyncio
import json
import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from ostiary.jose.claims import Claims
from ostiary.services.token_sources import Introspection, PublishedKeys
from ostiary.wiring.introspecting import Introspecting
from ostiary.wiring.issuer_calls import IssuerCalls, IssuerUnreachable
from tests.support.pki import Kit
from tests.support.tokens import jwk, key_set
from tests.support.web import Answer, Site, endless, serve, status

KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


def introspection(site: Site, **more: Any) -> Introspection:
    url = site.url("/introspect?tenant=t0psecret")
    return Introspection(**{"url": url, "seconds": 1.0, "ttl": 60, **more})


def ask(site: Site, answer: Answer, **more: Any) -> Claims | None:
    site.answers["/introspect?tenant=t0psecret"] = answer
    return asyncio.run(IssuerCalls().introspected(introspection(site, **more), b"t&k=n"))


def test_a_token_is_sent_as_a_form_and_its_claims_come_back(site: Site) -> None:
    said = serve(json.dumps({"active": True, "sub": "x", "scope": "a b"}).encode())
    assert ask(site, said, authorization="Basic x") == Claims(
        subject="x", identity="x", scopes=frozenset({"a", "b"})
    )
    assert site.bodies == [b"token=t%26k%3Dn&token_type_hint=access_token"]
    assert site.headers[0]["authorization"] == "Basic x"
    assert ask(site, serve(b'{"active": false}')) is None
    assert "authorization" not in site.headers[1]


def redirect(handler: BaseHTTPRequestHandler) -> None:
    status(307, Location="/elsewhere")(handler)


@pytest.mark.parametrize(
    "answer",
    [
        serve(b'{"active": "true"}'),
        serve(b'{"active": 1}'),
        serve(b"{}"),
        serve(b"[]"),
        serve(b"nonsense"),
        serve(b'{"active": false, "active": true}'),
        serve(b'{"active": true, "exp": "soon"}'),
        status(401),
        status(500),
        redirect,
        endless(b"x" * 65_536),
    ],
)
def test_what_is_no_answer_is_not_taken_for_one(site: Site, answer: Answer) -> None:
    site.put("/elsewhere", b'{"active": true}')
    with pytest.raises(IssuerUnreachable) as refused:
        ask(site, answer)
    assert "t0psecret" not in str(refused.value)
    assert "/elsewhere" not in site.asked


def test_a_server_that_is_silent_is_not_waited_for(site: Site) -> None:
    with pytest.raises(IssuerUnreachable) as refused:
        ask(site, endless(b"x", pause=0.05), seconds=0.3)
    assert "longer than 0.3 s" in str(refused.value)


def test_published_keys_are_read_and_redirects_are_not_followed(site: Site) -> None:
    site.put("/keys", key_set(jwk(KEY, "1")))
    site.answers["/moved"] = status(302, Location=site.url("/keys"))

    def keys(path: str) -> Any:
        source = PublishedKeys(url=site.url(path), refresh=1, max_age=1)
        return asyncio.run(IssuerCalls().keys(source))

    assert [one.kid for one in keys("/keys")] == ["1"]
    for path in ("/moved", "/missing"):
        with pytest.raises(IssuerUnreachable):
            keys(path)
    site.put("/keys", b"{}")
    with pytest.raises(IssuerUnreachable):
        keys("/keys")


def test_a_server_is_asked_once_about_a_token_and_its_word_counts_for_a_while() -> None:
    async def scene() -> None:
        asked: list[bytes] = []
        hold = asyncio.Event()
        clock = [100.0]

        async def server(source: Introspection, token: bytes) -> Claims | None:
            asked.append(token)
            await hold.wait()
            return None if token == b"off" else Claims(subject="x")

        introspecting = Introspecting(server, lambda: clock[0])
        source = Introspection(url="https://a.example/", seconds=1, ttl=60)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await introspecting(source, b"t")
        waiting = [asyncio.create_task(introspecting(source, b"t")) for _ in range(5)]
        await asyncio.sleep(0)
        clock[0] = 130.0
        hold.set()
        assert await asyncio.gather(*waiting) == [(Claims(subject="x"), 160.0)] * 5
        assert asked == [b"t"], "it counts from when it was asked for"
        assert await introspecting(source, b"off") == (None, 140.0)
        other = Introspection(url="https://b.example/", seconds=1, ttl=60)
        await introspecting(other, b"t")
        assert asked == [b"t", b"off", b"t"], "another server's word is its own"
        clock[0] = 160.0
        await introspecting(source, b"t")
        assert len(asked) == 4
        await introspecting.end()

    asyncio.run(scene())


def test_a_server_is_believed_by_the_authorities_that_are_named(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    root, other = kit.root("root"), kit.root("other")
    made = kit.server(root, "issuer", ips=["127.0.0.1"])
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(made.chain_file, made.key_file)
    with Site(served) as site:
        site.put("/keys", key_set(jwk(KEY, "1")))

        def keys(authorities: str) -> Any:
            url = site.url("/keys")
            source = PublishedKeys(url=url, authorities=authorities, refresh=1, max_age=1)
            return asyncio.run(IssuerCalls().keys(source))

        assert [one.kid for one in keys(root.pem.decode())] == ["1"]
        for authorities in (other.pem.decode(), ""):
            with pytest.raises(IssuerUnreachable):
                keys(authorities)
