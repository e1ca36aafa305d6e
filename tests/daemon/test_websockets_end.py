"""A WebSocket lives as long as its client is welcome: then it ends, and nobody else's does."""

from collections.abc import Iterator
from typing import Any

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.admin_rig import Api
from tests.daemon.clients import Connection, Http2, context
from tests.daemon.forwarding import HEADER, forwarding, in_header, peer
from tests.daemon.gateway import Certificates, World, world
from tests.daemon.life import apply, processes, rewrite, until
from tests.daemon.test_blocked import HOST, STRICT, blocked, by_policy
from tests.daemon.websockets import echoes, reset, stream_echoes, upgrade, upgrade_stream
from tests.support.pki import Made

pytestmark = pytest.mark.daemon


@pytest.fixture(scope="module")
def judged(engine_binary: EngineBinary) -> Iterator[World]:
    with world(engine_binary, lambda made: {"default": made.entry()}, by_policy) as made:
        yield made


def opened(made: World, client: Made, path: str = "/api/ws") -> Connection:
    connection = made.gateway.connect(context(client), HOST, timeout=30)
    assert upgrade(connection, path) == 101
    assert echoes(connection)
    return connection


def test_a_blocked_client_s_websockets_have_ended_when_the_block_is_answered(judged: World) -> None:
    other = judged.kit.client(judged.a, "bystander")
    http2 = judged.gateway.http2(judged.good, HOST)
    with opened(judged, judged.good) as its, opened(judged, other) as others, http2.connection:
        stream = upgrade_stream(http2)
        assert stream_echoes(http2, stream)
        with blocked(judged, judged.good):
            assert its.rest() == b""
            assert reset(http2, stream)
            with judged.gateway.connect(context(judged.good), HOST) as again:
                assert upgrade(again) == 403
            assert echoes(others)
        with opened(judged, judged.good):
            assert echoes(others)


def test_so_have_those_of_a_worker_that_drains(judged: World) -> None:
    other = judged.kit.client(judged.a, "drained")
    with opened(judged, judged.good) as its, opened(judged, other) as others:
        judged.gateway.config["apiEndpoints"]["more"] = {"paths": "/more/*"}
        before = {one.pid for one in processes(judged.gateway).workers}
        assert apply(judged.gateway, lambda: rewrite(judged.gateway))["reloaded"]
        workers = processes(judged.gateway).workers
        assert {one.pid for one in workers if one.draining} & before
        with blocked(judged, judged.good):
            assert its.rest() == b""
            assert echoes(others)


def by_pipelines_and_names(document: dict[str, Any], made: Certificates) -> None:
    by_policy(document, made)
    document["clientCertificateAuth"]["trustedDistinguishedNames"] = ["CN=*"]


@pytest.fixture(scope="module")
def named(any_engine: EngineBinary) -> Iterator[World]:
    """Two entries, so that requests come by the SNI reader and the engine's list of requests
    doesn't tell the client's address."""
    tls = lambda made: {"default": made.entry(), "strict.example": made.entry(made.a, **STRICT)}  # noqa: E731
    with world(any_engine, tls, by_pipelines_and_names) as made:
        yield made


def allow(made: World, *names: str) -> None:
    made.gateway.config["clientCertificateAuth"]["trustedDistinguishedNames"] = list(names)
    assert not apply(made.gateway, lambda: rewrite(made.gateway))["reloaded"]


def test_a_websocket_ends_when_its_client_s_name_is_no_longer_allowed(named: World) -> None:
    other = named.kit.client(named.a, "keeper")
    watched = "/watched/ws"
    with (
        opened(named, named.good) as its,
        opened(named, other) as others,
        opened(named, named.good, watched) as only_reported,
    ):
        try:
            allow(named, "CN=keeper")
            assert its.rest() == b""
            assert echoes(others)
            assert echoes(only_reported)
            with blocked(named, named.good):
                assert only_reported.rest() == b""
                assert echoes(others)
        finally:
            allow(named, "CN=*")


def test_a_websocket_of_an_authority_that_is_trusted_no_more_ends(named: World) -> None:
    auth = named.gateway.config["clientCertificateAuth"]
    before = auth["trustedCertificates"]
    with opened(named, named.good) as its:
        try:
            auth["trustedCertificates"] = [str(named.b.certificate_file)]
            # The handshake of the strict entry asks for it, so a worker is started for that.
            apply(named.gateway, lambda: rewrite(named.gateway))
            assert its.rest() == b""
        finally:
            auth["trustedCertificates"] = before
            apply(named.gateway, lambda: rewrite(named.gateway))


def test_who_asks_for_no_websocket_is_not_asked_about_again(named: World) -> None:
    client = named.kit.client(named.a, "quiet")

    def asked() -> float:
        with Api(named.gateway.state) as api:
            text = api.http.get("/metrics").text
        lines = [line for line in text.splitlines() if line.startswith("ostiary_decisions_total")]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    with named.gateway.connect(context(client), HOST) as connection:
        assert connection.ask("/api/x", HOST).status == 200
        before = asked()
        assert [connection.ask("/api/x", HOST).status for _ in range(5)] == [200] * 5
        assert asked() == before
        assert upgrade(connection) == 101
        until(lambda: asked() == before + 1)


@pytest.fixture(scope="module")
def balanced(any_engine: EngineBinary) -> Iterator[World]:
    with forwarding(any_engine, None, required=True) as made:
        yield made


def test_of_the_websockets_on_a_balancer_s_one_connection_only_the_blocked_client_s_ends(
    balanced: World,
) -> None:
    other = balanced.kit.client(balanced.a, "other")
    with Connection(
        balanced.gateway.https, context(alpn=["h2"]), sni=HOST, source="127.0.0.1"
    ) as line:
        http2 = Http2(line)
        its, others = (
            upgrade_stream(http2, headers=[(HEADER.lower(), in_header(client))])
            for client in (balanced.good, other)
        )
        with peer(balanced, "http") as clear:
            assert upgrade(clear, headers=[(HEADER, in_header(balanced.good))]) == 101
            with blocked(balanced, balanced.good):
                assert reset(http2, its)
                assert clear.rest() == b""
                assert stream_echoes(http2, others)
