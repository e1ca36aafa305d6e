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
from tests.daemon.clients import Reply
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
        "params": [stop("Number(req.params[0]) > 1 || req.params.none", 402), proxy],
        "throws": [stop("req.query.a.b.c === 1", 402), proxy],
        "loops": [stop(LOOPS, 402), proxy],
        "bomb": [stop(BOMB, 402), proxy],
        "poison": [stop(POISON, 402), proxy],
        "clean": [stop(CLEAN, 403), proxy],
        "changes": [
            {
                "expression": {
                    "action": {
                        "jscode": "kind = (req.query.kind || 'None').toLowerCase();"
                        "req.testValue = {n: 10};"
                        "req.headers['x-kind'] = kind + '!'; delete req.headers['x-debug'];"
                        "if (req.query.all) req.headers['x-' + 'all'] = '1'"
                    }
                }
            },
            stop("kind === 'bad' && req.testValue.n === 10", 402),
            proxy,
        ],
        "texts": [
            {
                "request-transformer": {
                    "action": {
                        "headers": {"add": {"x-first": "req.query.a.split(',')[0]"}},
                        "query": {"add": {"b": "'a&' + req.query.a.length"}},
                    }
                }
            },
            {"log": {"action": {"message": '${req.query.a.toUpperCase()} "said"'}}},
            {"log": {"action": {"message": "${req.query.nothing.at.all}"}}},
            proxy,
        ],
        "limited": [
            {"rate-limit": {"action": {"max": 1, "rateLimitBy": "${req.query.a.length}"}}},
            proxy,
        ],
        "away": [{"redirect": {"action": {"location": "/to/${req.query.a.toLowerCase()}"}}}],
        "schema": [
            {
                "terminate": {
                    "condition": {
                        "name": "not",
                        "condition": {
                            "name": "json-schema",
                            "coerceTypes": False,
                            "logErrors": True,
                            "schema": {
                                "type": "object",
                                "required": ["n"],
                                "properties": {"n": {"type": "integer"}},
                            },
                        },
                    },
                    "action": {"statusCode": 422},
                }
            },
            proxy,
        ],
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
        "apiEndpoints": {name: {"paths": [f"/{name}", f"/{name}/*"]} for name in pipelines},
        "serviceEndpoints": {"service": {"url": f"http://127.0.0.1:{port}"}},
        "pipelines": {
            name: {"apiEndpoints": [name], "policies": policies}
            for name, policies in pipelines.items()
        },
    }


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def rig(any_engine: EngineBinary, upstream: Upstream) -> Iterator[Rig]:
    with serving(any_engine, document(upstream.port)) as rig:
        yield rig


def get(rig: Rig, url: str, *headers: tuple[str, str]) -> Reply:
    with rig.connect() as client:
        return client.ask(url, "a.example", headers=headers)


def test_a_script_decides(rig: Rig) -> None:
    assert get(rig, "/query?n=3").status == 402
    assert get(rig, "/query?n=2").status == 200
    assert get(rig, "/query?n=3", ("X-A", "v")).status == 200


def test_a_script_sees_what_the_path_of_its_endpoint_has_found(rig: Rig) -> None:
    assert get(rig, "/params/2").status == 402
    assert get(rig, "/params/%30").status == 200
    assert get(rig, "/params/%ff").status == 500


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


def test_a_script_changes_headers_and_leaves_variables_to_later_ones(
    rig: Rig, upstream: Upstream
) -> None:
    assert get(rig, "/changes?kind=Good", ("X-Debug", "1"), ("X-Kind", "mine")).status == 200
    headers = dict(upstream.seen[-1].headers)
    assert headers["x-kind"] == "good!"
    assert "x-debug" not in headers
    assert get(rig, "/changes?kind=BAD").status == 402


def test_a_script_changes_no_header_that_it_does_not_name(rig: Rig) -> None:
    assert get(rig, "/changes?all=1").status == 500


def test_values_are_worked_out_and_stay_values(rig: Rig, upstream: Upstream) -> None:
    assert get(rig, "/texts?a=x%25[src],y").status == 200
    seen = upstream.seen[-1]
    assert dict(seen.headers)["x-first"] == "x%[src]"
    assert seen.path == "/texts?a=x%25[src],y&b=a%269"
    assert get(rig, "/texts?a=x%0d%0aX-Evil:1").status == 500
    until(lambda: any(one.get("messages") for one in rig.log()))
    said = [one["messages"] for one in rig.log() if one.get("messages")]
    assert said == [['X%[SRC],Y "said"']]


def test_limits_count_by_what_a_script_says(rig: Rig) -> None:
    assert [get(rig, f"/limited?a={a}").status for a in ("xx", "yy", "zzz")] == [200, 429, 200]


def test_a_redirect_goes_where_a_script_says(rig: Rig) -> None:
    assert get(rig, "/away?a=HERE").headers["location"] == "/to/here"


def test_a_process_that_is_killed_costs_at_most_one_question(rig: Rig) -> None:
    assert get(rig, "/query?n=3").status == 402
    for worker in rig.gateway.evaluating.processes:
        os.kill(worker, signal.SIGKILL)
    answers = [get(rig, "/query?n=3").status for _ in range(4)]
    assert answers[1:] == [402, 402, 402]
    assert answers[0] in (402, 500)


def test_many_at_once_are_all_answered(rig: Rig) -> None:
    found: list[int] = []

    def ask() -> None:
        until = time.monotonic() + 30
        with rig.connect() as client:
            # "Try again" is an answer of a busy gateway, but must not remain one.
            while (status := client.ask("/query?n=3").status) == 503:
                assert time.monotonic() < until
        found.append(status)

    threads = [threading.Thread(target=ask) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [402] * 100


def test_a_body_is_held_against_its_schema_and_passed_on(rig: Rig, upstream: Upstream) -> None:
    def post(body: bytes, kind: str = "application/json") -> int:
        headers = [("Content-Type", kind)]
        with rig.connect() as client:
            return client.ask("/schema", method="POST", headers=headers, body=body).status

    assert post(b'{"n": 1}') == 200
    assert upstream.seen[-1].body == b'{"n": 1}'
    assert post(b'{"n": "1"}') == 422
    assert post(b'{"n": 1}', "text/plain") == 422
    assert post(b'{"n": ') == 400
    assert post(b'{"n": 1, "x": "%s"}' % (b"x" * 17_000)) == 413
    assert get(rig, "/schema").status == 422
    before = rig.gateway.evaluating.processes
    assert post(b'{"n":' * 300 + b"1" + b"}" * 300) == 400
    assert post(b'{"n": "\\ud800"}') == 400
    assert rig.gateway.evaluating.processes == before, "no body costs a process"
