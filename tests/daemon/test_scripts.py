"""JavaScript in pipelines, on the real engine: what it decides, and what comes of its faults."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import Connection, Reply
from tests.daemon.consumers_rig import Rig, serving
from tests.daemon.life import until
from tests.daemon.upstream import Upstream

pytestmark = pytest.mark.daemon

LOOPS = "while (true) {}"
BOMB = "const a = []; for (;;) a.push(new Array(10000).fill(1))"
POISON = "Array.prototype.includes = Object.prototype.x = JSON.parse = () => true; true"
CLEAN = "({}).x === undefined && [1].includes(2) === false && JSON.parse('1') === 1"


def stop(expression: str, status: int) -> dict[str, Any]:
    condition = {"name": "expression", "expression": expression}
    return {"terminate": {"condition": condition, "action": {"statusCode": status}}}


def document(port: int) -> dict[str, Any]:
    proxy = {"proxy": {"action": {"serviceEndpoint": "service"}}}
    pipelines: dict[str, list[dict[str, Any]]] = {
        "plain": [proxy],
        "query": [stop("req.query.n > 2 && req.headers['x-a'] !== 'v'", 402), proxy],
        "throws": [stop("req.query.a.b.c === 1", 402), proxy],
        "loops": [stop(LOOPS, 402), proxy],
        "bomb": [stop(BOMB, 402), proxy],
        "poison": [stop(POISON, 402), proxy],
        "clean": [stop(CLEAN, 403), proxy],
        "body": [stop("req.body.kind === 'bad'", 402), proxy],
        "ends": [stop("true", 418)],
        "lazy": [
            {
                "terminate": {
                    "condition": {
                        "name": "allOf",
                        "conditions": [
                            {"name": "method", "methods": "POST"},
                            {"name": "expression", "expression": "req.query.a.b === 1"},
                        ],
                    }
                }
            },
            proxy,
        ],
    }
    return {
        "admin": {"enabled": False},
        "apiEndpoints": {name: {"paths": f"/{name}"} for name in pipelines},
        "serviceEndpoints": {"service": {"url": f"http://127.0.0.1:{port}"}},
        "pipelines": {
            name: {"apiEndpoints": [name], "policies": policies}
            for name, policies in pipelines.items()
        },
    }


@pytest.fixture(scope="module")
def rig(engine_binary: EngineBinary) -> Iterator[Rig]:
    with Upstream() as upstream, serving(engine_binary, document(upstream.port)) as rig:
        yield rig


def get(rig: Rig, url: str, *headers: tuple[str, str]) -> Reply:
    with rig.connect() as client:
        return client.ask(url, "a.example", headers=headers)


def test_a_script_decides(rig: Rig) -> None:
    assert get(rig, "/query?n=3").status == 402
    assert get(rig, "/query?n=2").status == 200
    assert get(rig, "/query?n=3", ("X-A", "v")).status == 200


def test_a_script_that_throws_is_a_problem_without_a_stack(rig: Rig) -> None:
    reply = get(rig, "/throws")
    assert reply.status == 500
    problem = json.loads(reply.body)
    assert set(problem) == {"type", "title", "status", "detail", "requestId"}
    assert b"TypeError" not in reply.body


@pytest.mark.parametrize("api", ["loops", "bomb"])
def test_a_script_without_end_costs_its_own_request_alone(rig: Rig, api: str) -> None:
    assert get(rig, f"/{api}").status == 500
    assert get(rig, "/query?n=3").status == 402


def test_what_a_script_does_to_its_world_is_gone_with_it(rig: Rig) -> None:
    assert get(rig, "/poison").status == 402
    assert get(rig, "/clean").status == 403


def test_a_script_is_asked_only_where_those_before_it_hold(rig: Rig) -> None:
    assert get(rig, "/lazy").status == 200
    with rig.connect() as client:
        assert client.ask("/lazy", method="POST").status == 500


def test_a_pipeline_without_a_proxy_step_can_ask(rig: Rig) -> None:
    assert get(rig, "/ends").status == 418


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
