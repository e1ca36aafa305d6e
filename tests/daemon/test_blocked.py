"""A blocked certificate is refused from the answer to the block on, and nobody else notices."""

import contextlib
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.admin_rig import Api
from tests.daemon.clients import Connection, context
from tests.daemon.forwarding import HEADER, escaped, forwarding, in_header, peer
from tests.daemon.gateway import Certificates, World, world
from tests.daemon.life import processes, until
from tests.support.pki import Made

pytestmark = pytest.mark.daemon

HOST = "default.example"


def by_pipelines(made: Certificates) -> dict[str, Any]:
    """Type none: the seeds' recipe, where a pipeline asks ``tlsClientAuthenticated``."""
    return {"default": made.entry(made.a), "strict.example": made.entry(made.a, **STRICT)}


STRICT = {"rejectUnauthorized": True}


def by_policy(document: dict[str, Any], made: Certificates) -> None:
    document["clientCertificateAuth"] = {
        "type": "certificate",
        "trustedCertificates": [str(made.a.certificate_file)],
    }
    document["https"]["options"] = {}
    document["engine"] = {"drainTimeoutMs": 20_000}
    document["apiEndpoints"]["watched"] = {
        "paths": "/watched/*",
        "clientCertificateAuth": {"reportOnly": True},
    }
    document["apiEndpoints"]["lenient"] = {
        "paths": "/lenient/*",
        "clientCertificateAuth": {"required": False},
    }
    document["pipelines"]["open"]["apiEndpoints"] += ["watched", "lenient"]


@pytest.fixture(scope="module")
def recipe(engine_binary: EngineBinary) -> Iterator[World]:
    with world(engine_binary, by_pipelines) as made:
        yield made


@pytest.fixture(scope="module")
def judged(engine_binary: EngineBinary) -> Iterator[World]:
    with world(engine_binary, lambda made: {"default": made.entry()}, by_policy) as made:
        yield made


@contextlib.contextmanager
def blocked(made: World, client: Made, **more: Any) -> Iterator[dict[str, Any]]:
    """Blocked while it lasts; each change touches no worker."""
    workers = processes(made.gateway).workers
    with Api(made.gateway.state) as api:
        body = {"fingerprints": [client.certificate.fingerprint], **more}
        done = api.change("POST", "/blocked", body, 201)
        yield done
        api.change("DELETE", f"/blocked/{done['object']}")
    assert not done["reloaded"]
    assert {one.pid for one in workers} >= {one.pid for one in processes(made.gateway).workers}


def status(connection: Connection, path: str = "/api/x", host: str = HOST) -> int:
    return connection.ask(path, host).status


def test_the_next_request_on_open_connections_is_refused_by_the_seed_s_recipe(
    recipe: World,
) -> None:
    refused_on_open_connections(recipe)


def test_the_next_request_on_open_connections_is_refused_by_a_policy(judged: World) -> None:
    refused_on_open_connections(judged)


def refused_on_open_connections(made: World) -> None:
    gateway, other = made.gateway, made.kit.client(made.a, "bystander")
    http2, others2 = gateway.http2(made.good), gateway.http2(other)
    with (
        gateway.connect(context(made.good), HOST) as http1,
        gateway.connect(context(other), HOST) as others,
        http2.connection,
        others2.connection,
    ):
        assert [status(http1), status(others)] == [200, 200]
        assert [http2.ask("/api/x").status, others2.ask("/api/x").status] == [200, 200]
        with blocked(made, made.good):
            assert status(http1) == 403
            assert http2.ask("/api/x").status == 403
            assert gateway.status(made.good, HOST) == 403
            assert gateway.status(made.good, HOST, "/open/x") == 403
            assert status(others) == 200
            assert others2.ask("/api/x").status == 200
        assert gateway.status(made.good, HOST) == 200
        assert status(others) == 200
        assert others2.ask("/api/x").status == 200


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_resumed_session_is_refused(judged: World, version: ssl.TLSVersion) -> None:
    tls = context(judged.good, version=version)
    with judged.gateway.connect(tls, HOST) as first:
        assert status(first) == 200
        session = first.session
    with (
        blocked(judged, judged.good),
        judged.gateway.connect(tls, HOST, session=session) as again,
    ):
        assert again.resumed
        assert status(again) == 403
    with judged.gateway.connect(tls, HOST, session=session) as again:
        assert status(again) == 200


def test_reports_only_and_asking_for_nothing_let_nobody_in_who_is_blocked(judged: World) -> None:
    gateway = judged.gateway
    paths = ("/watched/x", "/lenient/x", "/api/x")
    assert [gateway.status(judged.good, HOST, path) for path in paths] == [200] * 3
    assert gateway.status(judged.stranger, HOST, "/watched/x") == 200
    with blocked(judged, judged.good), blocked(judged, judged.stranger):
        assert [gateway.status(judged.good, HOST, path) for path in paths] == [403] * 3
        assert gateway.status(judged.stranger, HOST, "/watched/x") == 403
        assert gateway.status(None, HOST, "/lenient/x") == 200
    line = gateway.logged(lambda one: one.get("reason") == "blocked")
    assert line["status"] == 403


def test_strict_entries_refuse_it_and_others_go_on(recipe: World) -> None:
    gateway = recipe.gateway
    assert gateway.status(recipe.good, "strict.example", "/open/x") == 200
    with blocked(recipe, recipe.good):
        assert gateway.status(recipe.good, "strict.example", "/open/x") == 403
        assert gateway.status(None, HOST, "/open/x") == 200
        assert gateway.status(recipe.of_b, HOST, "/open/x") == 200


def test_an_end_lets_it_in_again_by_itself(judged: World) -> None:
    gateway = judged.gateway
    with gateway.connect(context(judged.good), HOST) as open_one:
        assert status(open_one) == 200
    end = datetime.now(UTC) + timedelta(seconds=4)
    with blocked(judged, judged.good, until=end.isoformat()):
        assert gateway.status(judged.good, HOST) == 403
        until(lambda: gateway.status(judged.good, HOST) == 200, 60)
        assert datetime.now(UTC) >= end


def test_issuer_and_serial_number_name_a_certificate_too(judged: World) -> None:
    gateway, one = judged.gateway, judged.good.certificate
    other = judged.kit.client(judged.a, "same-issuer")
    with Api(gateway.state) as api:
        body = {"issuer": one.issuer, "serial": f"{one.serial:x}"}
        done = api.change("POST", "/blocked", body, 201)
        assert gateway.status(judged.good, HOST) == 403
        assert gateway.status(other, HOST) == 200
        api.change("DELETE", f"/blocked/{done['object']}")
        assert gateway.status(judged.good, HOST) == 200


def test_a_worker_that_drains_after_a_reload_refuses_it_too(judged: World) -> None:
    gateway = judged.gateway
    before = {one.pid for one in processes(gateway).workers if not one.draining}
    with (
        gateway.connect(context(judged.good), HOST) as good,
        gateway.connect(context(judged.kit.client(judged.a, "drained")), HOST) as other,
    ):
        assert [status(good), status(other)] == [200, 200]
        for connection in (good, other):
            connection.send(f"GET /api/x HTTP/1.1\r\nHost: {HOST}\r\n".encode())
        with Api(gateway.state) as api:
            # Whether one is required is a matter of the engine's own rules.
            assert api.change("PATCH", "/apis/api", {"required": False})["reloaded"]
            try:
                assert before <= {one.pid for one in processes(gateway).workers if one.draining}
                with blocked(judged, judged.good):
                    for connection in (good, other):
                        connection.send(b"\r\n")
                    assert good.read().status == 403
                    assert other.read().status == 200
            finally:
                api.change("DELETE", "/apis/api")


def test_it_is_blocked_after_kill_9_and_after_a_restart(engine_binary: EngineBinary) -> None:
    with world(engine_binary, lambda made: {"default": made.entry()}, by_policy) as made:
        gateway = made.gateway
        with Api(gateway.state) as api:
            body = {"fingerprints": [made.good.certificate.fingerprint], "note": "laptop stolen"}
            api.change("POST", "/blocked", body, 201)
        for end in (gateway.process.kill, gateway.stop):
            end()
            gateway.process.wait()
            gateway.start()
            assert gateway.status(made.good, HOST) == 403
            assert gateway.status(made.kit.client(made.a, f"c{end.__name__}"), HOST) == 200
        with Api(gateway.state) as api:
            assert [one["note"] for one in api.get("/blocked")["items"]] == ["laptop stolen"]


@pytest.fixture(scope="module")
def balanced(engine_binary: EngineBinary) -> Iterator[World]:
    with forwarding(engine_binary, None, required=True) as made:
        yield made


def test_behind_a_balancer_only_the_blocked_client_is_refused(balanced: World) -> None:
    other = balanced.kit.client(balanced.a, "other")
    with peer(balanced, "https") as one:

        def asks(client: Made, written: Any = in_header) -> int:
            return one.ask("/api/x", headers=[(HEADER, written(client))]).status

        assert [asks(balanced.good), asks(other)] == [200, 200]
        with blocked(balanced, balanced.good):
            ways = (in_header, escaped)
            assert [asks(balanced.good, way) for way in ways] == [403, 403]
            assert asks(other) == 200
        assert [asks(balanced.good), asks(other)] == [200, 200]


def test_blocking_on_and_on_disturbs_nobody(judged: World) -> None:
    other, ended = judged.kit.client(judged.a, "steady"), threading.Event()
    seen: list[int] = []

    def ask_on_and_on() -> None:
        with judged.gateway.connect(context(other), HOST) as connection:
            while not ended.is_set():
                seen.append(status(connection))

    asking = threading.Thread(target=ask_on_and_on)
    asking.start()
    try:
        for _ in range(10):
            with blocked(judged, judged.good):
                assert judged.gateway.status(judged.good, HOST) == 403
            assert judged.gateway.status(judged.good, HOST) == 200
    finally:
        ended.set()
        asking.join(60)
    assert set(seen) == {200}


def closing(document: dict[str, Any], made: Certificates) -> None:
    by_policy(document, made)
    document["https"]["options"] = {"closeBlocked": True}


def test_the_connection_of_a_blocked_client_is_closed_where_that_is_wanted(
    engine_binary: EngineBinary,
) -> None:
    with world(engine_binary, lambda made: {"default": made.entry()}, closing) as made:
        gateway, other = made.gateway, made.kit.client(made.a, "bystander")
        http2 = gateway.http2(made.good)
        with (
            gateway.connect(context(made.good), HOST) as http1,
            gateway.connect(context(other), HOST) as others,
            http2.connection,
        ):
            assert [status(one) for one in (http1, others)] == [200, 200]
            assert http2.ask("/api/x").status == 200
            with blocked(made, made.good):
                for ask in (lambda: http1.ask("/api/x", HOST), lambda: http2.ask("/api/x")):
                    with pytest.raises(EOFError):
                        ask()
                assert http2.connection.rest() == b""
                assert status(others) == 200
            assert gateway.status(made.good, HOST) == 200
        line = gateway.logged(lambda one: one.get("reason") == "blocked")
        assert line["status"] == -1
        with Api(gateway.state) as api:
            until(lambda: 'reason="blocked"' in api.http.get("/metrics").text)
