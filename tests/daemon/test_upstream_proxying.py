"""What the service gets, and what the client gets when the service is not well."""

import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import Reply, context
from tests.daemon.gateway import Certificates, World, free_port, world
from tests.daemon.upstream import Seen, Upstream
from tests.support.pki import Kit

pytestmark = pytest.mark.daemon


@dataclass(frozen=True)
class Services:
    """The gateway and the services behind it."""

    world: World
    two: Upstream
    secure: Upstream
    mutual: Upstream

    def ask(self, path: str, host: str = "client.example:8443", **more: Any) -> Reply:
        tls = context(self.world.good)
        with self.world.gateway.connect(tls, "client.example") as client:
            return client.ask(path, host, **more)

    def arrived(self, path: str, host: str = "client.example:8443") -> Seen:
        reply = self.ask(path, host)
        assert reply.status == 200, reply.body
        return self.world.upstream.last()


PATHS: dict[str, tuple[str, dict[str, Any]]] = {
    "prox": ("/prox/*", {}),
    "strip": ("/strip/*", {"stripPath": True}),
    "exact": ("/exact", {"stripPath": True}),
    "param": ("/sp/:id/z", {"stripPath": True}),
    "ignored": ("/ignored/*", {"ignorePath": True}),
    "alone": ("/alone/*", {"prependPath": False}),
    "bare": ("/bare/*", {"prependPath": False, "stripPath": True}),
    "kept": ("/kept/*", {"changeOrigin": False}),
    "hurried": ("/hurried/*", {"proxyTimeout": 500, "stripPath": True}),
    "told": ("/told/*", {"headers": {"X-Told": "100% 'yes' \"no\" #x"}}),
}


def _documented(made: Certificates, one: int, others: dict[str, str]) -> dict[str, Any]:
    target = {"caFile": str(made.a.certificate_file)}
    own = {"keyFile": str(made.good.key_file), "certFile": str(made.good.chain_file)}
    services: dict[str, Any] = {
        "base": {"url": f"http://127.0.0.1:{one}/base"},
        "pair": {"urls": [f"http://127.0.0.1:{one}", others["two"]]},
        "half": {"urls": [f"http://127.0.0.1:{one}", others["dead"]]},
        "dead": {"url": others["dead"]},
        "odd": {"url": f"http://127.0.0.1:{one}"},
        "secure": {"url": others["secure"], "proxyOptions": {"target": target}},
        "doubtful": {"url": others["secure"]},
        "wrong": {
            "url": others["secure"],
            "proxyOptions": {"target": {"caFile": str(made.b.certificate_file)}},
        },
        "misnamed": {
            "url": others["secure"].replace("localhost", "127.0.0.2"),
            "proxyOptions": {"target": target},
        },
        "careless": {"url": others["secure"], "proxyOptions": {"secure": False}},
        "mutual": {"url": others["mutual"], "proxyOptions": {"target": {**target, **own}}},
        "unproved": {"url": others["mutual"], "proxyOptions": {"target": target}},
    }
    plain: dict[str, tuple[str, dict[str, Any]]] = {
        name: (f"/{name}/*", {}) for name in services if name != "base"
    }
    endpoints = {name: {"paths": path} for name, (path, _) in {**PATHS, **plain}.items()}
    pipelines = {
        name: {
            "apiEndpoints": [name],
            "policies": [
                {"proxy": [{"action": {"serviceEndpoint": name if name in plain else "base", **o}}]}
            ],
        }
        for name, (_, o) in {**PATHS, **plain}.items()
    }
    return {"serviceEndpoints": services, "apiEndpoints": endpoints, "pipelines": pipelines}


def _serving(kit: Kit, made: Certificates, *, mutual: bool) -> ssl.SSLContext:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server = kit.server(made.a, f"upstream-{mutual}", dns=["localhost"], ips=["127.0.0.1"])
    tls.load_cert_chain(server.chain_file, server.key_file)
    if mutual:
        tls.load_verify_locations(made.a.certificate_file)
        tls.verify_mode = ssl.CERT_REQUIRED
    return tls


@pytest.fixture(scope="module")
def services(engine_binary: EngineBinary) -> Iterator[Services]:
    with Upstream("two") as two, Upstream("secure") as secure, Upstream("mutual") as mutual:

        def change(document: dict[str, Any], made: Certificates) -> None:
            secure.tls = _serving(made.kit, made, mutual=False)
            mutual.tls = _serving(made.kit, made, mutual=True)
            one = document["serviceEndpoints"]["service"]["url"].rsplit(":", 1)[1]
            document["https"]["options"]["handshakeTimeout"] = 1000
            others = {
                "two": f"http://127.0.0.1:{two.port}",
                "dead": f"http://127.0.0.1:{free_port()}",
                "secure": f"https://localhost:{secure.port}",
                "mutual": f"https://localhost:{mutual.port}",
            }
            document.update(_documented(made, int(one), others))

        with world(engine_binary, lambda made: {"default": made.entry(made.a)}, change) as made:
            yield Services(made, two, secure, mutual)


@pytest.mark.parametrize(
    ("asked", "forwarded"),
    [
        ("/prox/z?y=1", "/base/prox/z?y=1"),
        ("/strip/q/w?y=1", "/base/q/w?y=1"),
        ("/exact?a=1", "/base/?a=1"),
        ("/sp/12/z", "/base/12/z"),
        ("/ignored/x/y", "/base"),
        ("/alone/x?y", "/alone/x?y"),
        ("/bare/x?y", "/x?y"),
        ("/STRIP/Q", "/base/Q"),
        ("//strip/./a/../q", "/base/q"),
    ],
)
def test_paths_are_rewritten_as_express_gateway_does(
    services: Services, asked: str, forwarded: str
) -> None:
    assert services.arrived(asked).path == forwarded


def test_the_service_is_named_in_host_unless_the_origin_is_kept(services: Services) -> None:
    port = services.world.upstream.port
    assert services.arrived("/prox/x").one("Host") == f"127.0.0.1:{port}"
    assert services.arrived("/kept/x").one("Host") == "client.example:8443"
    for path in ("/prox/x", "/kept/x"):
        assert services.arrived(path).one("X-Forwarded-Host") == "client.example:8443"


def test_configured_headers_are_sent_to_the_letter(services: Services) -> None:
    assert services.arrived("/told/x").one("X-Told") == "100% 'yes' \"no\" #x"


def test_addresses_take_turns_each_with_its_own_host(services: Services) -> None:
    servers = [services.ask("/pair/x").json for _ in range(6)]
    assert [one["server"] for one in servers].count("one") == 3
    for one in servers:
        port = services.world.upstream.port if one["server"] == "one" else services.two.port
        assert ["host", f"127.0.0.1:{port}"] in [[name.lower(), v] for name, v in one["headers"]]


def test_a_dead_address_costs_no_request(services: Services) -> None:
    assert [services.ask("/half/x").status for _ in range(12)] == [200] * 12


def test_requests_that_may_not_be_repeated_are_not(services: Services) -> None:
    before = len(services.world.upstream.seen)
    reply = services.ask("/odd/close", method="POST", body=b"once")
    assert reply.status == 502
    assert len(services.world.upstream.seen) == before + 1


@pytest.mark.parametrize(
    ("path", "statuses"),
    [
        ("/dead/x", (502, 503)), ("/odd/close", (502,)), ("/odd/garbage", (502,)),
        ("/hurried/slow/2", (504,)), ("/wrong/x", (502, 503)), ("/doubtful/x", (502, 503)),
        ("/unproved/x", (502, 503)), ("/misnamed/x", (502, 503)), ("/nowhere", (404,)),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_told_as_a_problem_document_with_the_request_id(
    services: Services, path: str, statuses: tuple[int, ...]
) -> None:
    started = time.monotonic()
    reply = services.ask(path)
    assert reply.status in statuses
    assert time.monotonic() - started < 20
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json["status"] == reply.status
    assert reply.json["requestId"] == reply.headers["eg-request-id"]
    line = services.world.gateway.logged(
        lambda line: line.get("request_id") == reply.json["requestId"]
    )
    assert line["status"] == reply.status


def test_an_upstream_over_tls_is_verified_and_may_ask_for_our_certificate(
    services: Services,
) -> None:
    assert services.ask("/secure/x").json["server"] == "secure"
    assert services.ask("/careless/x").json["server"] == "secure"
    assert services.ask("/mutual/x").json["server"] == "mutual"
    assert "good" in (services.mutual.last().client or "")
    assert services.secure.last().client is None


def test_connections_to_the_service_are_used_again(services: Services) -> None:
    tls = context(services.world.good)
    with services.world.gateway.connect(tls, "x.example") as client:
        numbers = {client.ask("/prox/x", "x.example").json["connection"] for _ in range(8)}
    assert len(numbers) <= 2


def test_a_slow_service_is_waited_for_whatever_the_handshakes_time_limit(
    services: Services,
) -> None:
    assert services.ask("/prox/slow/1.5").status == 200
    second = services.world.gateway.http2(services.world.good, "x.example")
    with second.connection:
        assert second.ask("/prox/slow/1.5", "x.example").status == 200


def test_one_connection_carries_clients_of_every_service(services: Services) -> None:
    second = services.world.gateway.http2(services.world.good, "x.example")
    with second.connection:
        paths = ["/prox/slow/0.5", "/pair/x", "/secure/x", "/dead/x", "/mutual/x"]
        streams = [second.request(path, "x.example") for path in paths]
        statuses = [second.read(stream).status for stream in reversed(streams)]
    assert statuses in ([200, 503, 200, 200, 200], [200, 502, 200, 200, 200])


def test_a_service_that_dies_is_left_out_and_taken_back(
    engine_binary: EngineBinary,
) -> None:
    with Upstream("two") as two:
        port = two.port

        def change(document: dict[str, Any], _: Certificates) -> None:
            service = document["serviceEndpoints"]["service"]
            document["serviceEndpoints"]["service"] = {
                "urls": [service.pop("url"), f"http://127.0.0.1:{port}"],
                "healthCheck": {
                    "path": "/health", "intervalMs": 100, "unhealthyAfter": 1, "healthyAfter": 1,
                },
            }  # fmt: skip

        with world(engine_binary, lambda made: {"default": made.entry(made.a)}, change) as made:
            tls = context(made.good)

            def servers() -> set[str]:
                with made.gateway.connect(tls, "x.example") as client:
                    try:
                        replies = [client.ask("/open/x", "x.example") for _ in range(6)]
                    except EOFError:
                        # The service ended on the very connection that HAProxy used again.
                        return set()
                assert {reply.status for reply in replies} <= {200, 502, 503}
                return {reply.headers.get("x-server", "none") for reply in replies}

            _until(lambda: servers() == {"one", "two"})
            two.__exit__()
            _until(lambda: servers() == {"one"})
            assert all(servers() == {"one"} for _ in range(3))
            two.port = port
            two.__enter__()
            _until(lambda: servers() == {"one", "two"})


def _until(true_of: Any, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true_of():
        assert time.monotonic() < end
        time.sleep(0.1)
