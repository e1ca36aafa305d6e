"""The doors of the admin listener: TLS, administrators' certificates, ports, damage on the disk."""

import shutil
import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.admin_rig import Api
from tests.daemon.gateway import Certificates, World, free_port, world
from tests.support.pki import Made

pytestmark = pytest.mark.daemon


def entries(made: Certificates) -> dict[str, Any]:
    entry = made.entry(made.a)
    return {"default": {key: value for key, value in entry.items() if key != "ca"}}


def over_tls(document: dict[str, Any], made: Certificates) -> None:
    entry = made.entry(made.a)
    document["admin"] = {
        "port": free_port(),
        "tls": {"key": entry["key"], "cert": entry["cert"], "ca": str(made.a.certificate_file)},
    }


@pytest.fixture(scope="module")
def secured(any_engine: EngineBinary) -> Iterator[World]:
    with world(any_engine, entries, over_tls) as made:
        yield made


def whoami(world: World, shown: Made | None, path: str = "/api/v1/whoami") -> httpx.Response:
    """Asked over TLS with a client certificate, or none."""
    tls = ssl.create_default_context()
    tls.check_hostname = False
    tls.verify_mode = ssl.CERT_NONE
    if shown is not None:
        tls.load_cert_chain(shown.certificate_file, shown.key_file)
    port = world.gateway.config["admin"]["port"]
    with httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=tls) as http:
        return http.get(path)


def test_an_administrator_s_certificate_is_a_credential(secured: World) -> None:
    answer = whoami(secured, secured.good)
    assert answer.status_code == 200
    assert answer.json()["role"] == "admin"
    assert answer.json()["name"].startswith("certificate:")


def test_without_one_a_token_is_needed(secured: World) -> None:
    assert whoami(secured, None).status_code == 401
    assert whoami(secured, None, "/healthz").status_code == 200


@pytest.mark.parametrize("who", ["of_b", "stranger"])
def test_a_certificate_of_somebody_else_fails_in_the_handshake(secured: World, who: str) -> None:
    with pytest.raises(httpx.HTTPError):
        whoami(secured, getattr(secured, who))


def test_plain_http_is_not_spoken_on_the_secured_port(secured: World) -> None:
    port = secured.gateway.config["admin"]["port"]
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"http://127.0.0.1:{port}/healthz")


def test_a_taken_port_that_nobody_asked_for_is_only_a_warning(any_engine: EngineBinary) -> None:
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            holder.bind(("127.0.0.1", 9876))
            holder.listen()
        except OSError:
            pass  # somebody else has it, which is as good

        def silent(document: dict[str, Any], _made: Certificates) -> None:
            document.pop("admin", None)

        with world(any_engine, entries, silent) as made:
            assert "admin-port-taken" in made.gateway.program_log()
            with Api(made.gateway.state) as api:
                assert api.get("/whoami")["role"] == "admin"


def test_a_truststore_damaged_on_the_disk_lets_nobody_in_and_comes_back(
    any_engine: EngineBinary,
) -> None:
    def managed(document: dict[str, Any], _made: Certificates) -> None:
        document["https"]["options"] = {}
        document["admin"] = {"enabled": False}

    with world(any_engine, entries, managed) as made:
        gateway = made.gateway
        with Api(gateway.state) as api:
            api.trust(api.upload("partners", made.a.pem))
            api.change("PATCH", "/gateway", {"type": "certificate", "required": True})
            folder = gateway.state / "truststore"
            (folder / "current" / "stranger.pem").write_bytes(made.b.pem)
            for file in (folder / "current").glob("*.pem"):
                file.write_bytes(made.b.pem)
            shutil.rmtree(folder / "last-good")
            assert gateway.status(made.good, "default.example", "/open/x") == 200
            assert gateway.status(made.of_b, "default.example", "/open/x") == 403
            found = api.change("POST", "/truststore/verify")
            assert found["state"] == "sound"
            assert found["recovery"]["by"] == "automatic"
            assert "truststore-damaged" in gateway.program_log()
            assert "ostiary_truststore_rebuilds_total 1.0" in api.http.get("/metrics").text
            for file in (folder / "current").glob("*.pem"):
                file.write_bytes(made.b.pem)
        gateway.process.kill()
        gateway.process.wait()
        gateway.start()
        assert gateway.status(made.good, "default.example", "/open/x") == 200
        assert gateway.status(made.of_b, "default.example", "/open/x") == 403
        with Api(gateway.state) as api:
            assert api.get("/truststore")["state"] == "sound"


def test_a_database_damaged_under_the_gateway_is_told_until_it_is_recovered(
    any_engine: EngineBinary,
) -> None:
    def managed(document: dict[str, Any], _made: Certificates) -> None:
        document["https"]["options"] = {}
        document["admin"] = {"enabled": False}

    with world(any_engine, entries, managed) as made:
        gateway = made.gateway
        with Api(gateway.state) as api:
            api.trust(api.upload("partners", made.a.pem))
            api.change("PATCH", "/gateway", {"type": "certificate", "required": True})
            api.change("POST", "/truststore/verify")
            for name in ("ostiary.db", "ostiary.db-wal"):
                with (gateway.state / name).open("r+b") as file:
                    file.write(b"no database at all" * 20_000)
            found = api.change("POST", "/truststore/verify")
            assert (found["database"], found["state"]) == ("damaged", "sound")
            assert "ostiary_database_sound 0.0" in api.http.get("/metrics").text
            assert "database-damaged" in gateway.program_log()
            api.change("PATCH", "/gateway", {"required": False}, 503)
            assert gateway.status(made.good, "default.example", "/open/x") == 200
            assert gateway.status(made.of_b, "default.example", "/open/x") == 403
            api.change("POST", "/truststore/recover")
            assert "ostiary_database_sound 1.0" in api.http.get("/metrics").text
            api.change("PATCH", "/gateway", {"required": False})
            assert gateway.status(made.good, "default.example", "/open/x") == 200
            assert gateway.status(made.of_b, "default.example", "/open/x") == 403


def test_clients_that_came_are_foreseen_before_a_change(any_engine: EngineBinary) -> None:
    def managed(document: dict[str, Any], _made: Certificates) -> None:
        document["https"]["options"] = {}
        document["admin"] = {"enabled": False}

    with world(any_engine, entries, managed) as made:
        gateway = made.gateway
        with Api(gateway.state) as api:
            row = api.trust(api.upload("partners", made.a.pem))
            api.change("PATCH", "/gateway", {"type": "certificate"})
            assert gateway.status(made.good, "default.example", "/open/x") == 200
            assert gateway.status(made.stranger, "default.example", "/open/x") == 403
            until = time.monotonic() + 30
            while len(api.get("/clients")["items"]) < 2 and time.monotonic() < until:
                time.sleep(0.1)
            done = api.change("DELETE", f"/trusted/{row}", dryRun=True)
            assert not done["applied"]
            assert done["preview"]["newlyRefused"] == 1
            assert done["preview"]["lookedAt"] == 2
            (example,) = done["preview"]["examples"]
            assert example["fingerprint"] == made.good.certificate.fingerprint
            assert gateway.status(made.good, "default.example", "/open/x") == 200
            events = api.get("/events")
            assert events[-1]["status"] == 403
            assert events[-1]["reason"]
            metrics = api.http.get("/metrics").text
            assert "ostiary_truststore_sound 1.0" in metrics
            overview = api.get("/overview")
            assert sum(point["refused"] for point in overview["traffic"]) >= 1
