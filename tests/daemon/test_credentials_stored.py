"""Consumers as operators make them, and what becomes of their requests at once."""

import asyncio
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from ostiary.supervisor.binary import EngineBinary
from ostiary.supervisor.child import MASTER_SOCKET
from ostiary.supervisor.runtime import MasterSocket
from tests.daemon.admin_rig import Api
from tests.daemon.clients import Connection, context
from tests.daemon.consumers_rig import basic, key
from tests.daemon.gateway import Certificates, Running, World, world
from tests.daemon.life import until
from tests.daemon.websockets import echoes, upgrade
from tests.support.ports import free_port
from tests.support.tokens import SECRET, token

pytestmark = pytest.mark.daemon

PASSWORD = "pass:word"


def change(document: dict[str, Any], _made: Certificates) -> None:
    service = {"proxy": {"action": {"serviceEndpoint": "service"}}}
    nobody = {"name": "not", "condition": {"name": "tlsClientAuthenticated"}}
    certificate = {"terminate": {"condition": nobody, "action": {"statusCode": 403}}}
    key_auth, basic_auth = {"key-auth": None}, {"basic-auth": None}
    jwt = {"jwt": {"action": {"secretOrPublicKey": SECRET.decode()}}}
    document["admin"] = {"port": free_port()}
    del document["policies"]
    document["apiEndpoints"] = {
        "key": {"paths": ["/key", "/key/ws"], "scopes": ["read"]},
        "basic": {"paths": "/basic"},
        "both": {"paths": "/both"},
        "token": {"paths": "/token/ws"},
    }
    document["pipelines"] = {
        "key": {"apiEndpoints": ["key"], "policies": [key_auth, service]},
        "basic": {"apiEndpoints": ["basic"], "policies": [basic_auth, service]},
        "token": {"apiEndpoints": ["token"], "policies": [jwt, service]},
        "both": {"apiEndpoints": ["both"], "policies": [certificate, key_auth, service]},
    }


@pytest.fixture(scope="module")
def made_world(any_engine: EngineBinary) -> Iterator[World]:
    with world(any_engine, lambda made: {"default": made.entry(made.a)}, change) as made:
        yield made


@pytest.fixture
def gateway(made_world: World) -> Running:
    return made_world.gateway


@pytest.fixture
def admin(gateway: Running) -> Iterator[Api]:
    with Api(gateway.state) as api:
        yield api


def made(admin: Api, path: str, body: dict[str, Any], status: int = 200) -> Any:
    answer = admin.http.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def a_key(admin: Api, consumer: str, *scopes: str) -> str:
    body = {"consumerId": consumer, "type": "key-auth", "credential": {"scopes": scopes}}
    found = made(admin, "/credentials", body)
    return f"{found['keyId']}:{found['keySecret']}"


def switch(admin: Api, path: str, *, active: bool) -> None:
    assert admin.http.put(f"{path}/status", json={"status": active}).status_code == 200


def status(client: Connection, sent: str) -> int:
    return client.ask("/key", headers=[key(sent)]).status


def table(gateway: Running) -> str:
    master = MasterSocket(gateway.state / "run" / MASTER_SOCKET)
    return "".join(asyncio.run(master.on_every_worker("show table ost_credentials")).values())


def test_what_operators_change_acts_on_the_open_connection_s_next_request(
    gateway: Running, admin: Api
) -> None:
    assert admin.http.post("/scopes", json={"scopes": ["read"]}).status_code == 201
    ada = made(admin, "/users", {"username": "ada", "firstname": "A", "lastname": "L"})["id"]
    app = made(admin, "/apps", {"name": "mobile", "userId": ada})["id"]
    of_user, of_app = a_key(admin, "ada", "read"), a_key(admin, app, "read")
    with gateway.connect() as client:
        reply = client.ask("/key", headers=[key(of_app)])
        assert (reply.status, dict(reply.json["headers"])["eg-consumer-id"]) == (200, app)
        assert [status(client, one) for one in (of_user, "x:y")] == [200, 401]
        until(lambda: table(gateway).count("key=") >= 2)

        credential = f"/credentials/key-auth/{of_user.partition(':')[0]}"
        switch(admin, credential, active=False)
        assert [status(client, one) for one in (of_user, of_app)] == [401, 200]
        switch(admin, credential, active=True)
        assert status(client, of_user) == 200

        assert admin.http.delete(f"{credential}/scopes/read").status_code == 204
        assert status(client, of_user) == 403
        assert admin.http.put(f"{credential}/scopes/read").status_code == 204
        assert status(client, of_user) == 200

        switch(admin, f"/apps/{app}", active=False)
        assert [status(client, one) for one in (of_user, of_app)] == [200, 401]
        switch(admin, f"/apps/{app}", active=True)
        assert status(client, of_app) == 200
        switch(admin, "/users/ada", active=False)
        assert [status(client, one) for one in (of_user, of_app)] == [401, 401]
        switch(admin, "/users/ada", active=True)
        assert status(client, of_user) == 200
        assert admin.http.delete("/users/ada").status_code == 204
        assert [status(client, one) for one in (of_user, of_app)] == [401, 401]


def test_a_certificate_and_a_key_are_judged_beside_each_other(
    made_world: World, admin: Api
) -> None:
    made(admin, "/users", {"username": "eve", "firstname": "E", "lastname": "L"})
    good, wrong = key(a_key(admin, "eve")), key("x:y")
    gateway = made_world.gateway
    with gateway.connect(context(made_world.good), "default.example") as client:
        asked = [client.ask("/both", headers=headers) for headers in ([], [wrong], [good], [good])]
        assert [one.status for one in asked] == [401, 401, 200, 200]
        told = dict(asked[-1].json["headers"])
        assert "eg-consumer-id" in told
        assert "good" in told["x-client-cert-subject-dn"]
    http2 = gateway.http2(made_world.good)
    with http2.connection:
        assert http2.ask("/both").status == 401
    with gateway.connect(context(made_world.stranger), "default.example") as client:
        assert client.ask("/both", headers=[good]).status == 403
    with gateway.connect() as client:
        assert client.ask("/both", headers=[good]).status == 403


def test_refusals_are_counted_and_shown_as_they_happen(gateway: Running, admin: Api) -> None:
    with gateway.connect() as client:
        assert client.ask("/key").status == 401
        assert client.ask("/key", headers=[key("x:guess")]).status == 401

    def told(line: str) -> bool:
        return line in admin.http.get("/metrics").text

    for reason in ("credential-missing", "credential-wrong"):
        wanted = f'ostiary_refusals_total{{api="key",entry="",reason="{reason}"}}'
        until(lambda wanted=wanted: told(wanted))
    until(
        lambda: told(
            'ostiary_credential_decisions_total{outcome="credential-wrong",type="key-auth"}'
        )
    )
    shown = admin.http.get("/api/v1/events", params={"limit": 50}).text
    assert "credential-wrong" in shown
    assert "guess" not in shown


def test_while_nobody_decides_the_known_go_on_and_nobody_else(gateway: Running, admin: Api) -> None:
    made(admin, "/users", {"username": "bob", "firstname": "B", "lastname": "L"})
    body = {"consumerId": "bob", "type": "basic-auth", "credential": {"password": PASSWORD}}
    made(admin, "/credentials", body)
    known, new = basic("bob", PASSWORD), basic("bob", "other")
    rows = table(gateway).count("key=")
    with gateway.connect() as client:
        assert client.ask("/basic", headers=[known]).status == 200
        until(lambda: table(gateway).count("key=") > rows)
        gateway.process.send_signal(signal.SIGSTOP)
        try:
            assert client.ask("/basic", headers=[known]).status == 200
            assert client.ask("/basic", headers=[new]).status == 503
        finally:
            gateway.process.send_signal(signal.SIGCONT)
        until(lambda: client.ask("/basic", headers=[new]).status == 401)


def test_a_websocket_that_began_with_a_key_ends_with_it(gateway: Running, admin: Api) -> None:
    admin.http.post("/scopes", json={"scopes": ["read"]})  # another test may have made it
    made(admin, "/users", {"username": "wes", "firstname": "W", "lastname": "S"})
    its, other = a_key(admin, "wes", "read"), a_key(admin, "wes", "read")
    with gateway.connect() as client, gateway.connect() as another:
        assert upgrade(client, "/key/ws", headers=[key(its)]) == 101
        assert upgrade(another, "/key/ws", headers=[key(other)]) == 101
        assert echoes(client)
        switch(admin, f"/credentials/key-auth/{its.partition(':')[0]}", active=False)
        assert client.rest() == b""
        assert echoes(another)
        assert admin.http.delete("/users/wes").status_code == 204
        assert another.rest() == b""


def test_a_websocket_that_began_with_a_token_ends_with_its_credential(
    gateway: Running, admin: Api
) -> None:
    made(admin, "/users", {"username": "tom", "firstname": "T", "lastname": "S"})
    for name in ("tom-1", "tom-2"):
        body = {"consumerId": "tom", "type": "jwt", "credential": {"keyId": name}}
        made(admin, "/credentials", body)
    its, other = (("Authorization", f"Bearer {token({'sub': x})}") for x in ("tom-1", "tom-2"))
    with gateway.connect() as client, gateway.connect() as another:
        assert upgrade(client, "/token/ws", headers=[its]) == 101
        assert upgrade(another, "/token/ws", headers=[other]) == 101
        assert echoes(client)
        switch(admin, "/credentials/jwt/tom-1", active=False)
        assert client.rest() == b""
        assert echoes(another)
