"""Plug-ins in pipelines, on the real engine: what they decide, and what comes of their faults."""

import json
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import Connection, Reply, context
from tests.daemon.consumers_rig import KEY, Rig, key, serving
from tests.daemon.gateway import Certificates
from tests.daemon.life import until
from tests.daemon.upstream import Upstream
from tests.support.pki import Made
from tests.support.plugins import EXAMPLE, importable, install, install_example
from tests.support.ports import free_port

pytestmark = pytest.mark.daemon

HOSTILE = '''
import asyncio, os, sys, time
from typing import Any, ClassVar
from ostiary.plugins import Condition, Continue, PerCredential, Policy, Refuse

class Faulty(Condition):
    """Does what it is told, good or bad."""
    time_limit: ClassVar[float] = 0.5
    what: str

    def holds(self, request, identity):
        return getattr(self, "do_" + self.what)(request)

    def do_yes(self, request): return "yes" in request.query
    def do_raises(self, request): raise RuntimeError("the secret is 42")
    def do_hangs(self, request): time.sleep(3600)
    def do_loops(self, request):
        while True: pass
    def do_exits(self, request): os._exit(3)
    def do_leaves(self, request): sys.exit(3)
    def do_eats(self, request): return len([bytes(2**26) for _ in range(1000)])
    def do_talks(self, request):
        for _ in range(30_000): print("x" * 100)
        return True
    def do_lies(self, request): return "yes"
    def do_looks(self, request): return "OSTIARY_TEST_SECRET" in os.environ

class Patient(Condition):
    """Asks somebody far away."""
    time_limit: ClassVar[float] = 0.5
    async def holds(self, request, identity):
        if "blocks" in request.query:
            time.sleep(3600)
        await asyncio.sleep(3600 if "late" in request.query else 0.05)
        return True

class Changing(Policy):
    """Sets and removes headers."""
    def headers(self): return ["X-Set", "x-gone"]
    def decide(self, request, identity):
        if "refuse" in request.query:
            return Refuse(451, 'not "here" \\\\ %[src]')
        if "other" in request.query:
            return Continue(set_headers={"x-other": "1"})
        value = "a\\r\\nb" if "split" in request.query else "%[src] " + request.header("x-in")
        return Continue(set_headers={"x-set": value}, remove_headers=["X-Gone"])

class Counting(Policy):
    """Tells how often it was asked."""
    lifetime: ClassVar = PerCredential(3600)
    peeks: bool = False
    def headers(self): return ["x-count"]
    def decide(self, request, identity):
        global count
        count += 1
        if self.peeks:
            request.path
        return Continue(set_headers={"x-count": f"{count}:{identity.consumer}"})
count = 0
'''
NORTH = x509.Name(
    [
        x509.NameAttribute(NameOID.COMMON_NAME, "client"),
        x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "north"),
    ]
)
FAULTS = {
    "raises": 500,
    "leaves": 500,
    "eats": 500,
    "lies": 500,
    "hangs": 503,
    "loops": 503,
    "exits": 503,
}


def stop(name: str, **parameters: Any) -> dict[str, Any]:
    condition = {"name": name, **parameters}
    return {"terminate": {"condition": condition, "action": {"statusCode": 402}}}


def document(port: int, made: Certificates) -> dict[str, Any]:
    proxy = {"proxy": {"action": {"serviceEndpoint": "service"}}}
    asks_key = {"key-auth": {"action": {"passThrough": True}}}
    always = {"opens": "00:00", "closes": "23:59:59.999999"}
    closed = {"name": "not", "condition": {"name": "business-hours", "days": [], **always}}
    pipelines: dict[str, list[dict[str, Any]]] = {
        **{what: [stop("faulty", what=what), proxy] for what in (*FAULTS, "yes", "talks", "looks")},
        "patient": [stop("patient"), proxy],
        "changing": [{"changing": {"action": {}}}, proxy],
        "counting": [asks_key, {"counting": {}}, proxy],
        "peeking": [{"counting": {"action": {"peeks": True}}}, proxy],
        "closed": [{"terminate": {"condition": closed, "action": {"statusCode": 418}}}, proxy],
        "tenant": [{"tenant-of-certificate": {"action": {"tenants": ["north"]}}}, proxy],
        "plain": [proxy],
    }
    return {
        "admin": {"enabled": False},
        "plugins": ["Hostile_Plugins", "ostiary-office-hours"],
        "https": {
            "port": free_port(),
            "hostname": "127.0.0.1",
            "tls": {"default": made.entry(made.a)},
            "options": {"requestCert": True, "rejectUnauthorized": False},
        },
        "apiEndpoints": {name: {"paths": f"/{name}"} for name in pipelines},
        "serviceEndpoints": {"service": {"url": f"http://127.0.0.1:{port}"}},
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
    upstream: Upstream
    north: Made
    """Of the organizational unit ``north``, as ``stranger``, of another authority."""
    stranger: Made


@pytest.fixture(scope="module")
def world(any_engine: EngineBinary) -> Iterator[World]:
    folder = Path(tempfile.mkdtemp(prefix="ost-"))
    site = folder / "site"
    install(
        site,
        "hostile-plugins",
        {"hostile": HOSTILE},
        conditions={"faulty": "hostile:Faulty", "patient": "hostile:Patient"},
        policies={"changing": "hostile:Changing", "counting": "hostile:Counting"},
    )
    install_example(site)
    os.environ["OSTIARY_TEST_SECRET"] = "1"
    try:
        with Upstream() as upstream, importable(site, EXAMPLE / "src"):
            made = Certificates(folder)
            config = document(upstream.port, made)
            with serving(any_engine, config) as rig:
                until(lambda: len(rig.gateway.evaluating.plugging.processes) == 2)
                kit = made.kit
                north = kit.client(made.a, "north", subject=NORTH)
                stranger = kit.client(kit.root("root-y"), "north-y", subject=NORTH)
                yield World(rig, config["https"]["port"], made, upstream, north, stranger)
    finally:
        del os.environ["OSTIARY_TEST_SECRET"]
        shutil.rmtree(folder)


@pytest.fixture
def rig(world: World) -> Rig:
    return world.rig


def get(rig: Rig, url: str, *headers: tuple[str, str]) -> Reply:
    with rig.connect() as client:
        return client.ask(url, "a.example", headers=headers)


def in_time(rig: Rig, url: str, status: int) -> None:
    """A plug-in's answer, soon: while its process begins anew, and on a busy machine, it's late."""
    until(lambda: get(rig, url).status == status, what=f"{url} never gave {status}")


def test_a_condition_is_what_the_plugin_says(rig: Rig) -> None:
    in_time(rig, "/yes?yes", 402)
    in_time(rig, "/yes?no", 200)
    in_time(rig, "/closed", 418)


@pytest.mark.parametrize("what", FAULTS)
def test_a_failing_plugin_refuses_and_hurts_nobody_else(world: World, what: str) -> None:
    rig, before = world.rig, len(world.upstream.seen)
    with rig.connect() as other:
        assert other.ask("/plain").status == 200
        reply = get(rig, f"/{what}")
        assert reply.status in {FAULTS[what], 503}
        assert set(reply.json) == {"type", "title", "status", "detail", "requestId"}
        assert b"42" not in reply.body.replace(reply.json["requestId"].encode(), b"")
        assert other.ask("/plain").status == 200
    assert len(world.upstream.seen) == before + 2
    # Its own package comes back, and the other's process was never away.
    in_time(rig, "/yes?yes", 402)
    counters = rig.gateway.evaluating.plugging.counters
    assert counters.started["ostiary-office-hours"] == 1


def test_what_is_raised_is_a_500(rig: Rig) -> None:
    in_time(rig, "/raises", 500)


def test_what_waits_is_cut_off_and_its_process_lives_on(rig: Rig) -> None:
    in_time(rig, "/patient", 402)
    before = rig.gateway.evaluating.plugging.processes
    assert get(rig, "/patient?late").status == 503
    assert rig.gateway.evaluating.plugging.processes == before
    in_time(rig, "/patient", 402)


def test_what_blocks_the_loop_of_its_process_has_it_ended(rig: Rig) -> None:
    in_time(rig, "/patient", 402)
    assert get(rig, "/patient?blocks").status == 503
    in_time(rig, "/patient", 402)


def test_a_process_that_is_killed_is_begun_again(rig: Rig) -> None:
    in_time(rig, "/yes?yes", 402)
    os.kill(rig.gateway.evaluating.plugging.processes["hostile-plugins"], signal.SIGKILL)
    in_time(rig, "/yes?yes", 402)


def test_a_plugin_that_prints_megabytes_is_answered_and_holds_up_nobody(rig: Rig) -> None:
    in_time(rig, "/talks", 402)
    in_time(rig, "/yes?no", 200)


def test_the_environment_of_the_gateway_is_not_theirs(rig: Rig) -> None:
    in_time(rig, "/looks", 200)


def test_a_policy_sets_and_removes_the_headers_it_declared(world: World) -> None:
    def went() -> bool:
        headers = (("X-In", "hello"), ("X-Gone", "1"), ("X-Set", "mine"))
        return get(world.rig, "/changing", *headers).status == 200

    until(went)
    headers = dict(world.upstream.seen[-1].headers)
    assert headers["x-set"] == "%[src] hello"
    assert "x-gone" not in headers


@pytest.mark.parametrize("query", ["other", "split"])
def test_a_header_that_it_may_not_set_is_a_500(rig: Rig, query: str) -> None:
    in_time(rig, f"/changing?{query}", 500)


def test_a_policy_refuses_with_its_own_status_and_words(rig: Rig) -> None:
    in_time(rig, "/changing?refuse", 451)
    problem = json.loads(get(rig, "/changing?refuse").body)
    assert problem["detail"] == 'not "here" \\ %[src]'
    assert problem["title"] == "Unavailable For Legal Reasons"


def test_an_answer_is_remembered_for_each_credential(world: World) -> None:
    rig = world.rig
    for number, name in enumerate(("one", "two"), start=1):
        rig.directory.add(KEY, name, "secret", number)

    def told(*headers: tuple[str, str]) -> str:
        until(lambda: get(rig, "/counting", *headers).status == 200)
        return dict(world.upstream.seen[-1].headers)["x-count"]

    one, two = key("one:secret"), key("two:secret")
    first = {"one": told(one), "two": told(two), "nobody": told()}
    counts, consumers = zip(*(value.split(":") for value in first.values()), strict=True)
    assert len(set(counts)) == len(set(consumers)) == 3
    for _ in range(3):
        assert {"one": told(one), "two": told(two), "nobody": told()} == first
    assert rig.gateway.evaluating.plugging.counters.results["policy", "counting", "remembered"] >= 9


def test_an_answer_that_is_remembered_may_not_look_at_the_request(rig: Rig) -> None:
    in_time(rig, "/peeking", 500)


def test_a_policy_sees_the_certificate_of_who_is_admitted_alone(world: World) -> None:
    def status(client: Any) -> int:
        with Connection(world.https, context(client), sni="a.test") as connection:
            return connection.ask("/tenant", "a.test").status

    until(lambda: status(world.north) == 200)
    assert dict(world.upstream.seen[-1].headers)["x-tenant"] == "north"
    assert status(world.made.good) == 403
    assert status(world.stranger) == 403
    assert status(None) == 403
