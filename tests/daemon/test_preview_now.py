"""A preview's "now" is what the gateway does now; what was seen outlives a restart."""

import time
from typing import Any

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.admin_rig import Api
from tests.daemon.gateway import world
from tests.daemon.test_admin_changes import entries, managed

pytestmark = pytest.mark.daemon


def seen(api: Api, subject: str, *, requests: int = 0) -> dict[str, Any]:
    """The client, as soon as it is known with so many requests; they are counted each 10 s."""
    until = time.monotonic() + 60
    while True:
        found = [one for one in api.get("/clients")["items"] if one["subject"] == subject]
        if found and found[0]["count"] >= requests:
            client: dict[str, Any] = found[0]
            return client
        assert time.monotonic() < until, found
        time.sleep(0.1)


def foreseen(api: Api) -> dict[str, str]:
    """What a name that nobody has would do to whom."""
    done = api.change("POST", "/names", {"patterns": ["CN=x"]}, dryRun=True)
    return {one["subject"]: one["effect"] for one in done["preview"]["examples"]}


def test_who_is_refused_now_is_not_newly_refused(any_engine: EngineBinary) -> None:
    with world(any_engine, entries, managed) as made:
        gateway = made.gateway
        with Api(gateway.state) as api:
            api.trust(api.upload("partners", made.a.pem))
            api.change("PATCH", "/gateway", {"type": "certificate"})
            for _ in range(3):
                assert gateway.status(made.stranger, "default.example", "/open/x") == 403
            assert gateway.status(made.good, "default.example", "/open/x") == 200
            refused = seen(api, "CN=stranger")
            assert (refused["admitted"], refused["reason"]) == (False, "issuer-missing")
            assert foreseen(api) == {"CN=good": "newly-refused"}
            # Counting its requests changes nothing of what is known about it.
            refused = seen(api, "CN=stranger", requests=3)
            assert (refused["admitted"], refused["reason"]) == (False, "issuer-missing")
            assert foreseen(api) == {"CN=good": "newly-refused"}
            traffic = api.get("/overview")["traffic"]
            assert sum(point["refused"] for point in traffic) == 3
        assert "truststore-damaged" not in gateway.program_log()
        assert "truststore-built" in gateway.program_log()
        gateway.stop()
        gateway.start()
        with Api(gateway.state) as api:
            # Not at hand any more: what was decided last still tells.
            assert foreseen(api) == {"CN=good": "newly-refused"}
            traffic = api.get("/overview")["traffic"]
            assert sum(point["refused"] for point in traffic) == 3
        assert "truststore-rebuilt" not in gateway.program_log()
