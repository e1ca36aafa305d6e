"""Whose certificate is it? The policy client-cert on the real engine, with credentials that
operators make.
"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.x509.oid import NameOID

from ostiary.config.model.client_cert import ClientCertAction
from ostiary.supervisor.binary import EngineBinary
from ostiary.supervisor.child import MASTER_SOCKET
from ostiary.supervisor.runtime import MasterSocket
from tests.daemon.admin_rig import Api
from tests.daemon.clients import Connection, Reply, context
from tests.daemon.gateway import Certificates, World, world
from tests.daemon.life import until
from tests.daemon.websockets import echoes, upgrade
from tests.support.pki import Made
from tests.support.ports import free_port

pytestmark = pytest.mark.daemon

HOST = "default.example"
PROXY = {"proxy": {"action": {"serviceEndpoint": "service"}}}


def steps(endpoint: str, *policies: dict[str, Any]) -> dict[str, Any]:
    return {"apiEndpoints": [endpoint], "policies": [*policies, PROXY]}


def client_cert(**action: Any) -> dict[str, Any]:
    return {"client-cert": {"action": action}}


def pipelines() -> dict[str, Any]:
    limit = {
        "max": 2,
        "windowMs": 600_000,
        "rateLimitBy": "${consumer.id}",
    }
    only_ada = {"name": "consumer", "consumers": ["ada"]}
    return {
        "plain": steps("plain", client_cert()),
        "scoped": steps("scoped", client_cert()),
        "names": steps("names", client_cert(deny=[{"distinguishedName": "CN=good,**"}])),
        "only": steps("only", client_cert(consumers=["ada"])),
        "lenient": steps("lenient", client_cert(passThrough=True)),
        "free": steps("free", client_cert(required=False, consumer="optional")),
        "told": steps("told", client_cert(reportOnly=True)),
        "limited": steps("limited", client_cert(), {"rate-limit": {"action": limit}}),
        "example": steps("example", *yaml.safe_load(ClientCertAction.example)),
        "two": steps(
            "two",
            client_cert(passThrough=True),
            {"client-cert": {"condition": only_ada, "action": {"consumers": ["bob"]}}},
        ),
    }


def change(document: dict[str, Any], made: Certificates) -> None:
    document["admin"] = {"port": free_port()}
    document["clientCertificateAuth"] = {
        "type": "certificate",
        "required": False,
        "trustedCertificates": [str(made.a.certificate_file)],
    }
    document["https"]["options"] = {}
    del document["policies"]
    document["pipelines"] = pipelines()
    document["apiEndpoints"] = {name: {"paths": f"/{name}/*"} for name in pipelines()}
    document["apiEndpoints"]["scoped"]["scopes"] = ["read"]


@pytest.fixture(scope="module")
def made_world(engine_binary: EngineBinary) -> Iterator[World]:
    with world(engine_binary, lambda made: {"default": made.entry()}, change) as made:
        with Api(made.gateway.state) as api:
            api.change("POST", "/consumers/scopes", {"scopes": ["read"]}, 201)
            for name in ("ada", "bob"):
                api.change("POST", "/consumers/users", {"username": name}, 201)
        yield made


@pytest.fixture
def admin(made_world: World) -> Iterator[Api]:
    with Api(made_world.gateway.state) as api:
        yield api


@pytest.fixture
def tied(admin: Api) -> Iterator["Tied"]:
    found = Tied(admin)
    yield found
    for number in found.numbers:
        admin.change("DELETE", f"/consumers/credentials/{number}")


class Tied:
    """Certificate credentials, removed when the test ends."""

    def __init__(self, admin: Api) -> None:
        self.admin = admin
        self.numbers: list[int] = []

    def __call__(self, consumer: str, *rules: dict[str, str], **more: Any) -> int:
        body = {"consumer": consumer, "type": "certificate", "rules": rules, **more}
        made = self.admin.change("POST", "/consumers/credentials", body, 201)
        self.numbers.append(made["id"])
        return self.numbers[-1]

    def patch(self, number: int, **changes: Any) -> None:
        self.admin.change("PATCH", f"/consumers/credentials/{number}", changes)


def fingerprint(client: Made) -> dict[str, str]:
    return {"fingerprint": client.certificate.fingerprint}


def connect(made: World, client: Made | None) -> Connection:
    return made.gateway.connect(context(client), HOST)


def told(reply: Reply) -> dict[str, str]:
    assert reply.status == 200, reply
    return {name.lower(): value for name, value in reply.json["headers"]}


def line_of(made: World, reply: Reply) -> dict[str, Any]:
    asked = reply.headers["eg-request-id"]
    return made.gateway.logged(lambda line: line.get("request_id") == asked)


def rows(made: World) -> int:
    master = MasterSocket(made.gateway.state / "run" / MASTER_SOCKET)
    shown = asyncio.run(master.on_every_worker("show table ost_credentials"))
    return "".join(shown.values()).count("key=")


def test_a_certificate_is_its_consumer_s_and_changes_act_on_the_open_connection(
    made_world: World, admin: Api, tied: Tied
) -> None:
    ada = admin.get("/consumers/users/ada")["id"]
    with connect(made_world, made_world.good) as client:
        reply = client.ask("/plain/x")
        assert reply.status == 403
        assert line_of(made_world, reply)["credential"] == "certificate-nobodys"
        before = rows(made_world)
        number = tied("ada", fingerprint(made_world.good))
        reply = client.ask("/plain/x")
        assert told(reply)["eg-consumer-id"] == ada
        assert line_of(made_world, reply)["consumer"] == ada
        until(lambda: rows(made_world) >= before)

        tied.patch(number, active=False)
        reply = client.ask("/plain/x")
        assert reply.status == 403
        assert line_of(made_world, reply)["credential"] == "credential-inactive"
        tied.patch(number, active=True)
        assert client.ask("/plain/x").status == 200
        admin.change("PATCH", "/consumers/users/ada", {"active": False})
        assert client.ask("/plain/x").status == 403
        admin.change("PATCH", "/consumers/users/ada", {"active": True})
        assert client.ask("/plain/x").status == 200
        tied.patch(number, rules=[{"distinguishedName": "CN=other"}])
        assert client.ask("/plain/x").status == 403
        tied.patch(number, rules=[{"distinguishedName": "CN=good,**"}])
        assert client.ask("/plain/x").status == 200


def test_what_a_step_asks_is_asked_of_the_certificate_and_of_its_consumer(
    made_world: World, tied: Tied
) -> None:
    number = tied("ada", fingerprint(made_world.good), scopes=["read"])
    with connect(made_world, made_world.good) as client:
        paths = ("plain", "scoped", "names", "only", "lenient", "free", "told", "two")
        found = {path: client.ask(f"/{path}/x").status for path in paths}
        assert found == {**dict.fromkeys(paths, 200), "names": 403, "two": 403}
        tied.patch(number, scopes=[])
        reply = client.ask("/scoped/x")
        assert reply.status == 403
        assert line_of(made_world, reply)["credential"] == "scope-missing"
        assert [client.ask("/limited/x").status for _ in range(3)] == [200, 200, 429]


def test_the_example_of_the_reference_asks_for_names_and_consumers(
    made_world: World, tied: Tied
) -> None:
    names = ((NameOID.ORGANIZATION_NAME, "Contoso"), (NameOID.COMMON_NAME, "device"))
    subject = x509.Name([x509.NameAttribute(oid, text) for oid, text in names])
    device = made_world.kit.client(made_world.a, "device", subject=subject)
    tied("ada", fingerprint(device))
    tied("ada", fingerprint(made_world.good))
    for client, status in ((device, 200), (made_world.good, 403)):
        with connect(made_world, client) as connection:
            assert connection.ask("/example/x").status == status


def test_without_a_consumer_s_certificate_a_step_refuses_or_goes_on_as_it_says(
    made_world: World, tied: Tied
) -> None:
    tied("bob", fingerprint(made_world.good))
    nobody_s = made_world.kit.client(made_world.a, "nobody-s")
    expected = {
        None: (401, 401, 200, 200, 200),
        nobody_s: (403, 403, 200, 200, 200),
        made_world.good: (200, 403, 200, 200, 200),
    }
    for client, statuses in expected.items():
        with connect(made_world, client) as connection:
            paths = ("plain", "only", "lenient", "free", "told")
            assert tuple(connection.ask(f"/{one}/x").status for one in paths) == statuses
    with connect(made_world, nobody_s) as connection:
        reply = connection.ask("/told/x")
        assert "eg-consumer-id" not in told(reply)
        assert line_of(made_world, reply)["would_refuse"] == "certificate-nobodys"
        reply = connection.ask("/lenient/x")
        assert reply.headers["eg-consumer-id"] == "anonymous"
    with made_world.gateway.connect() as plain:
        assert plain.ask("/plain/x").status == 401
    with connect(made_world, made_world.stranger) as connection:
        assert connection.ask("/free/x").status == 403


def test_two_consumers_of_one_certificate_are_refused_until_one_gives_way(
    made_world: World, tied: Tied
) -> None:
    tied("ada", fingerprint(made_world.good))
    with connect(made_world, made_world.good) as client:
        assert client.ask("/plain/x").status == 200
        second = tied("bob", {"distinguishedName": "CN=good,**"})
        reply = client.ask("/free/x")
        assert reply.status == 403
        assert line_of(made_world, reply)["credential"] == "certificate-ambiguous"
        assert " of bob" in made_world.gateway.program_log()
        tied.patch(second, active=False)
        assert client.ask("/plain/x").status == 200


def test_dates_begin_and_end_by_the_clock(made_world: World, tied: Tied) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=3)).replace(microsecond=0)
    rule = fingerprint(made_world.good)
    tied("ada", rule, validUntil=soon.isoformat())
    tied("bob", rule, validFrom=soon.isoformat())
    with connect(made_world, made_world.good) as client:
        first = told(client.ask("/plain/x"))["eg-consumer-id"]
        until(lambda: told(client.ask("/plain/x"))["eg-consumer-id"] != first)
        assert datetime.now(UTC) >= soon


def opened(made: World, client: Made, path: str = "/plain/ws") -> Connection:
    connection = made.gateway.connect(context(client), HOST, timeout=30)
    assert upgrade(connection, path) == 101
    assert echoes(connection)
    return connection


def test_a_websocket_ends_with_the_credential_and_nobody_else_s_does(
    made_world: World, admin: Api, tied: Tied
) -> None:
    other = made_world.kit.client(made_world.a, "bystander")
    number = tied("ada", fingerprint(made_world.good))
    tied("bob", fingerprint(other))
    with opened(made_world, made_world.good) as its, opened(made_world, other) as others:
        tied.patch(number, rules=[{"distinguishedName": "CN=good,**"}])
        assert echoes(its)
        tied.patch(number, active=False)
        assert its.rest() == b""
        assert echoes(others)
        tied.patch(number, active=True)
        with opened(made_world, made_world.good) as again:
            tied("bob", {"distinguishedName": "CN=go?d,**"})
            assert again.rest() == b""
        assert echoes(others)
        admin.change("PATCH", "/consumers/users/bob", {"active": False})
        assert others.rest() == b""
    admin.change("PATCH", "/consumers/users/bob", {"active": True})


def test_a_resumed_session_s_certificate_is_the_consumer_s(made_world: World, tied: Tied) -> None:
    number = tied("ada", fingerprint(made_world.good))
    tls = context(made_world.good)
    with made_world.gateway.connect(tls, HOST) as client:
        assert client.ask("/plain/x").status == 200
        session = client.session
    tied.patch(number, scopes=["read"])
    with made_world.gateway.connect(tls, HOST, session=session) as client:
        assert client.resumed
        assert client.ask("/scoped/x").status == 200
