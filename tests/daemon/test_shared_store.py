"""Two gateways on one PostgreSQL: what is changed at one acts at the other within seconds."""

from collections.abc import Iterator
from typing import Any

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.admin_rig import Api
from tests.daemon.clients import Connection, context
from tests.daemon.consumers_rig import key
from tests.daemon.gateway import Certificates, World, world
from tests.daemon.life import until
from tests.unit.store.database.postgres_server import NoServer, running_server

pytestmark = pytest.mark.daemon


@pytest.fixture(scope="module")
def pair(any_engine: EngineBinary) -> Iterator[tuple[World, World]]:
    try:
        with running_server() as server:
            url = server.database()

            def change(document: dict[str, Any], _made: Certificates) -> None:
                service = {"proxy": {"action": {"serviceEndpoint": "service"}}}
                document["store"] = {"url": url}
                document["admin"] = {"enabled": False}
                document.pop("policies", None)
                document["apiEndpoints"] = {"key": {"paths": "/key"}, "open": {"paths": "/open"}}
                document["pipelines"] = {
                    "key": {"apiEndpoints": ["key"], "policies": [{"key-auth": None}, service]},
                    "open": {"apiEndpoints": ["open"], "policies": [service]},
                }

            def entry(made: Certificates) -> dict[str, Any]:
                return {"default": made.entry(made.a)}

            with (
                world(any_engine, entry, change) as here,
                world(any_engine, entry, change) as there,
            ):
                yield here, there
    except NoServer as error:
        pytest.skip(f"PostgreSQL: {error}")


def status(client: Connection, secret: str) -> int:
    return client.ask("/key", headers=[key(f"k1:{secret}")]).status


def test_a_key_that_is_made_and_deactivated_at_one_gateway_acts_so_at_the_other(
    pair: tuple[World, World],
) -> None:
    here, there = pair
    with Api(here.gateway.state) as api, there.gateway.connect() as client:
        api.change("POST", "/consumers/users", {"username": "ada"}, 201)
        body = {"consumer": "ada", "type": "key-auth", "name": "k1"}
        made = api.change("POST", "/consumers/credentials", body, 201)
        until(lambda: status(client, made["secret"]) == 200)
        # By now the engine there remembers it, for an hour.
        assert status(client, made["secret"]) == 200
        api.change("PATCH", f"/consumers/credentials/{made['id']}", {"active": False})
        until(lambda: status(client, made["secret"]) == 401)


def test_a_certificate_that_is_blocked_at_one_gateway_is_refused_by_the_other(
    pair: tuple[World, World],
) -> None:
    here, there = pair
    with Api(here.gateway.state) as api, there.gateway.connect(context(there.good)) as client:
        assert client.ask("/open").status == 200
        pem = there.good.certificate_file.read_text()
        api.change("POST", "/blocked", {"certificate": pem}, 201)
        until(lambda: client.ask("/open").status == 403)
