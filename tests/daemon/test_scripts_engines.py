"""JavaScript in pipelines, where the engine's version may matter: bodies, HTTP/2, certificates."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import Connection, Http2, context
from tests.daemon.consumers_rig import Rig, serving
from tests.daemon.gateway import Certificates
from tests.daemon.test_scripts import stop
from tests.support.ports import free_port

pytestmark = pytest.mark.daemon

PEER = "req.client.getPeerCertificate()"
ADMITTED = {"name": "tlsClientAuthenticated"}


def document(made: Certificates) -> dict[str, Any]:
    here = {"terminate": {"action": {"statusCode": 200}}}
    good = {"name": "expression", "expression": f"{PEER}.subject.CN === 'good'"}
    both = {"name": "allOf", "conditions": [ADMITTED, good]}
    pipelines: dict[str, list[dict[str, Any]]] = {
        "body": [stop("req.body.kind === 'bad'", 402), here],
        "names": [stop(f"{PEER}.subject.CN === 'good' && req.client.authorized", 402), here],
        "lazy": [{"terminate": {"condition": both, "action": {"statusCode": 402}}}, here],
        "plain": [here],
    }
    return {
        "admin": {"enabled": False},
        "https": {
            "port": free_port(),
            "hostname": "127.0.0.1",
            "tls": {"default": made.entry(made.a)},
            "options": {"requestCert": True, "rejectUnauthorized": False},
        },
        "apiEndpoints": {name: {"paths": f"/{name}"} for name in pipelines},
        "serviceEndpoints": {},
        "pipelines": {
            name: {"apiEndpoints": [name], "policies": policies}
            for name, policies in pipelines.items()
        },
    }


@dataclass(frozen=True)
class World:
    rig: Rig
    https: int
    made: Certificates


@pytest.fixture(scope="module")
def world(engine_binary: EngineBinary) -> Iterator[World]:
    folder = Path(tempfile.mkdtemp(prefix="ost-"))
    try:
        made = Certificates(folder)
        config = document(made)
        with serving(engine_binary, config) as rig:
            yield World(rig, config["https"]["port"], made)
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def rig(world: World) -> Rig:
    return world.rig


def test_a_script_sees_the_certificate_of_who_is_admitted_alone(world: World) -> None:
    found = {}
    for name, client in (("good", world.made.good), ("stranger", world.made.stranger), ("", None)):
        with Connection(world.https, context(client), sni="a.test") as connection:
            paths = ("/names", "/lazy")
            found[name] = [connection.ask(path, "a.test").status for path in paths]
    assert found == {"good": [402, 402], "stranger": [500, 200], "": [500, 200]}


def test_streams_of_one_connection_are_asked_about_each_for_itself(world: World) -> None:
    settings = context(world.made.good, alpn=["h2"])
    with Connection(world.https, settings, sni="a.test") as connection:
        client = Http2(connection)
        streams = {
            client.request(path, "a.test"): status
            for path, status in [("/names", 402), ("/plain", 200)] * 20
        }
        assert {one: client.read(one).status for one in streams} == streams


def test_a_body_is_looked_at_whole_or_refused(rig: Rig) -> None:
    kind = [("Content-Type", "application/json")]

    def post(body: bytes) -> int:
        with rig.connect() as client:
            return client.ask("/body", method="POST", headers=kind, body=body).status

    assert post(b'{"kind": "bad"}') == 402
    assert post(b'{"kind": "good"}') == 200
    assert post(b'{"kind": "bad", "more": "%s"}' % (b"x" * 16_000)) == 402
    assert post(b'{"kind": "bad", "more": "%s"}' % (b"x" * 17_000)) == 413
    assert post(b"{") == 400


def test_a_body_without_a_length_is_bounded_likewise(rig: Rig) -> None:
    head = (
        b"POST /body HTTP/1.1\r\nHost: a.example\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )

    def post(body: bytes) -> int:
        with rig.connect() as client:
            client.send(head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
            return client.read("POST").status

    assert post(b'{"kind": "bad"}') == 402
    assert post(b'{"kind": "bad", "more": "%s"}' % (b"x" * 17_000)) == 413
    assert post(b'{"kind": "bad", "more": "%s"}' % (b"x" * 100_000)) == 413


def test_a_large_head_leaves_room_for_the_whole_body_or_is_refused(rig: Rig) -> None:
    body = b'{"more": "%s", "kind": "bad"}' % (b"x" * 16_000)

    def post(head: int) -> int:
        lines = [("Content-Type", "application/json")]
        lines += [(f"X-{at}", "v" * 1000) for at in range(head)]
        with rig.connect() as client:
            return client.ask("/body", method="POST", headers=lines, body=body).status

    assert post(15) == 402
    assert post(17) == 413
