"""Whose certificate is it, where load balancers tell it in a header? One connection of theirs
carries many clients' requests.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.admin_rig import Api
from tests.daemon.forwarding import HEADER, STRANGER, forwarding, in_header, line_of, peer
from tests.daemon.gateway import Certificates, World
from tests.daemon.life import until
from tests.daemon.test_client_cert import Tied, client_cert, fingerprint, rows, steps
from tests.support.pki import Made
from tests.support.ports import free_port

pytestmark = pytest.mark.daemon


def change(document: dict[str, Any], _made: Certificates) -> None:
    document["admin"] = {"port": free_port()}
    del document["policies"]
    document["apiEndpoints"] = {"plain": {"paths": "/plain/*"}}
    document["pipelines"] = {"plain": steps("plain", client_cert())}


@pytest.fixture(scope="module")
def made_world(any_engine: EngineBinary) -> Iterator[World]:
    with forwarding(any_engine, change) as made:
        yield made


def test_clients_that_alternate_on_a_balancer_s_connection_are_each_their_own_consumer(
    made_world: World,
) -> None:
    ada, bob = made_world.good, made_world.kit.client(made_world.a, "bob")
    with Api(made_world.gateway.state) as admin, peer(made_world) as balancer:
        tied = Tied(admin)
        ids: dict[str, str] = {}
        for name, client in (("ada", ada), ("bob", bob)):
            admin.change("POST", "/consumers/users", {"username": name}, 201)
            ids[name] = admin.get(f"/consumers/users/{name}")["id"]
            tied(name, fingerprint(client))

        def consumer(client: Made) -> str | int:
            reply = balancer.ask("/plain/x", headers=[(HEADER, in_header(client))])
            if reply.status != 200:
                return reply.status
            return str(dict(reply.json["headers"])["eg-consumer-id"])

        for _ in range(3):
            assert [consumer(ada), consumer(bob)] == [ids["ada"], ids["bob"]]
        until(lambda: rows(made_world) >= 2)
        for _ in range(3):
            assert [consumer(ada), consumer(bob)] == [ids["ada"], ids["bob"]]
        tied.patch(tied.numbers[0], active=False)
        assert [consumer(ada), consumer(bob)] == [403, ids["bob"]]
        reply = balancer.ask("/plain/x")
        assert (reply.status, line_of(made_world, reply)["credential"]) == (
            401,
            "credential-missing",
        )
    with peer(made_world, source=STRANGER) as stranger:
        sent = [(HEADER, in_header(bob))]
        assert stranger.ask("/plain/x", headers=sent).status == 401
