"""Changes through the admin API act on real requests at once, and survive everything."""

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.admin_rig import Api, first_token
from tests.daemon.clients import context
from tests.daemon.gateway import Certificates, World, free_port, world
from tests.daemon.life import until

pytestmark = pytest.mark.daemon


def managed(document: dict[str, Any], _made: Certificates) -> None:
    """The file leaves open all that can be managed."""
    document["https"]["options"] = {}
    document["admin"] = {"port": free_port()}


def entries(made: Certificates) -> dict[str, Any]:
    entry = made.entry(made.a)
    return {"default": {key: value for key, value in entry.items() if key != "ca"}}


@pytest.fixture
def fresh(any_engine: EngineBinary) -> Iterator[World]:
    with world(any_engine, entries, managed) as made:
        yield made


def before_long(ask: Any, wanted: int) -> None:
    """Ask until ``ask()`` gives what is wanted: long before a verdict is judged anew by itself."""
    until(lambda: ask() == wanted, 20, f"never {wanted}")


def test_from_the_first_token_to_names_that_close_an_open_connection(fresh: World) -> None:
    gateway = fresh.gateway
    token = first_token(gateway.state)
    assert (gateway.state / "admin.token").stat().st_mode & 0o777 == 0o600
    with Api(gateway.state, gateway.config["admin"]["port"], token) as api:
        assert api.get("/whoami") == {"name": "token:first-admin", "role": "admin"}
        assert token in gateway.program_log()
        trusted = api.trust(api.upload("partners", fresh.a.pem))
        api.change("PATCH", "/gateway", {"type": "certificate", "required": True})
        assert gateway.status(None, "default.example", "/open/x") == 401
        assert gateway.status(fresh.stranger, "default.example", "/open/x") == 403
        with gateway.connect(context(fresh.good), sni="default.example") as open_one:

            def ask() -> int:
                return open_one.ask("/open/x", "default.example").status

            assert ask() == 200
            done = api.change("POST", "/names", {"patterns": ["CN=somebody else"]})
            assert not done["reloaded"]
            before_long(ask, 403)
            done = api.change("POST", "/names", {"patterns": ["CN=*,**"]})
            assert not done["reloaded"]
        with gateway.connect(context(fresh.good), sni="default.example") as open_one:
            assert open_one.ask("/open/x", "default.example").status == 200
            done = api.change("DELETE", f"/trusted/{trusted}", confirmLast=True)
            assert not done["reloaded"]
            before_long(lambda: open_one.ask("/open/x", "default.example").status, 403)


def test_an_api_overrides_what_the_gateway_requires(fresh: World) -> None:
    gateway = fresh.gateway
    with Api(gateway.state) as api:
        api.trust(api.upload("partners", fresh.a.pem))
        api.change("PATCH", "/gateway", {"type": "certificate", "required": True})
        api.change("PATCH", "/apis/open", {"required": False})
        assert gateway.status(None, "default.example", "/open/x") == 200
        assert gateway.status(None, "default.example", "/api/x") == 401
        assert api.get("/apis/open")["policy"]["required"] == {
            "value": False,
            "source": "store",
            "lockedBy": None,
        }
        api.change("DELETE", "/apis/open")
        assert gateway.status(None, "default.example", "/open/x") == 401


def test_what_was_acknowledged_survives_kill_9(fresh: World) -> None:
    gateway = fresh.gateway
    with Api(gateway.state) as api:
        api.trust(api.upload("partners", fresh.a.pem))
        api.change("PATCH", "/gateway", {"type": "certificate", "required": True})
        api.change("POST", "/names", {"patterns": ["CN=somebody else"]})
        before = api.get("/gateway")
    gateway.process.kill()
    gateway.process.wait()
    gateway.start()
    with Api(gateway.state) as api:
        assert api.get("/gateway") == before
        assert gateway.status(fresh.good, "default.example", "/open/x") == 403
        assert gateway.status(None, "default.example", "/open/x") == 401
        assert api.get("/truststore")["state"] == "sound"
        assert len(api.get("/audit")["items"]) == 4


def test_kill_9_in_the_middle_loses_nothing_that_was_acknowledged(fresh: World) -> None:
    gateway = fresh.gateway
    acknowledged: list[str] = []

    def change_on_and_on() -> None:
        with Api(gateway.state) as api, contextlib.suppress(httpx.HTTPError):
            for number in range(10_000):
                api.change("POST", "/names", {"patterns": [f"CN=c{number}"]})
                acknowledged.append(f"CN=c{number}")

    changing = threading.Thread(target=change_on_and_on)
    changing.start()
    while len(acknowledged) < 5:
        time.sleep(0.01)
    gateway.process.kill()
    gateway.process.wait()
    changing.join(60)
    gateway.start()
    with Api(gateway.state) as api:
        kept = [one["pattern"] for one in api.get("/names", limit=1000)["items"]]
        assert kept[: len(acknowledged)] == acknowledged
        assert len(kept) <= len(acknowledged) + 1
        audited = api.get("/audit", limit=1000)["items"]
        assert len(audited) == len(kept)
        assert api.get("/gateway")["policy"]["namesCount"] == len(kept)


def test_a_change_that_the_gateway_refuses_changes_nothing(fresh: World) -> None:
    gateway = fresh.gateway
    with Api(gateway.state) as api:
        before = api.get("/gateway")
        refused = api.change("PATCH", "/gateway", {"type": "header"}, 422)
        assert refused["type"] == "urn:ostiary:problem:refused-by-the-gateway"
        assert api.get("/gateway") == before
        assert api.get("/audit")["items"] == []
        assert gateway.status(None, "default.example", "/open/x") == 200


def test_nobody_else_gets_in(fresh: World) -> None:
    port = fresh.gateway.config["admin"]["port"]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as http:
        assert http.get("/healthz").json() == {"status": "ok"}
        for path in ("/api/v1/gateway", "/metrics", "/api/v1/openapi.json", "/api/v1/nothing"):
            assert http.get(path).status_code == 401, path
        rebound = http.get("/healthz", headers={"Host": "evil.example"})
        assert rebound.status_code == 421
    socket = fresh.gateway.state / "run/admin.sock"
    assert socket.stat().st_mode & 0o777 == 0o600
