"""The configuration file changed by the admin API of a running gateway: traffic follows."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.gateway import Certificates, World, free_port, mixed, world
from tests.daemon.life import Log, apply, refuse, rewrite

pytestmark = pytest.mark.daemon

WRITTEN = """\
serviceEndpoints:
  # what all of it is for
  service: {url: "${OST_TEST_URL}"}   # where it runs today
policies: [terminate, proxy]
apiEndpoints:
  open: {paths: /open/*}
pipelines:
  # nothing is asked
  open:
    apiEndpoints: [open]
    policies:
      - proxy: {action: {serviceEndpoint: service}}
"""
ENDPOINT = {"paths": "/new/*"}
PIPELINE = {
    "apiEndpoints": ["new"],
    "policies": [{"terminate": [{"action": {"statusCode": 202, "message": "here"}}]}],
}


@pytest.fixture(scope="module")
def gateway(any_engine: EngineBinary) -> Iterator[World]:
    """Its file was written by hand, with a variable that the gateway was started with."""
    with pytest.MonkeyPatch.context() as patch:

        def managed(document: dict[str, Any], _made: Certificates) -> None:
            document["admin"] = {"port": free_port()}
            patch.setenv("OST_TEST_URL", document["serviceEndpoints"]["service"]["url"])

        with world(any_engine, mixed, managed) as made:
            apply(made.gateway, lambda: rewrite(made.gateway, text(made)))
            yield made


def text(it: World) -> str:
    """As it is written by hand."""
    listeners = {
        key: value for key, value in it.gateway.config.items() if key not in yaml.safe_load(WRITTEN)
    }
    return f"# by hand\n{yaml.safe_dump(listeners)}{WRITTEN}"


def file(it: World) -> Path:
    return it.gateway.folder / "gateway.config.yml"


@pytest.fixture
def admin(gateway: World) -> Iterator[httpx.Client]:
    transport = httpx.HTTPTransport(uds=str(gateway.gateway.state / "run/admin.sock"))
    with httpx.Client(transport=transport, base_url="http://localhost", timeout=60) as client:
        yield client


def status(it: World, path: str) -> int:
    return it.gateway.status(it.good, "a.example", path)


def test_traffic_follows_before_the_answer_and_the_file_keeps_what_was_in_it(
    gateway: World, admin: httpx.Client
) -> None:
    log = Log(gateway.gateway)
    assert status(gateway, "/new/x") == 404
    assert admin.put("/api-endpoints/new", json=ENDPOINT).status_code == 201
    assert admin.put("/pipelines/new", json=PIPELINE).status_code == 201
    assert [status(gateway, "/new/x"), status(gateway, "/open/x")] == [202, 200]
    lines = file(gateway).read_text().splitlines()
    assert [line for line in text(gateway).splitlines() if line not in lines] == []
    shown = admin.get("/service-endpoints/service").json()
    assert shown["url"].startswith("http://127.0.0.1:")
    assert admin.put("/service-endpoints/service", json=shown).status_code == 204
    assert shown["url"] not in file(gateway).read_text()
    assert admin.delete("/pipelines/new").status_code == 204
    assert status(gateway, "/new/x") == 404
    assert admin.delete("/api-endpoints/new").status_code == 204
    assert file(gateway).read_text() == text(gateway)
    # What the API put in force is no news to who watches the file; what people write is.
    changed = text(gateway) + "# more\n"
    apply(gateway.gateway, lambda: rewrite(gateway.gateway, changed))
    assert len(log.lines("change-applied")) == 1


def test_what_is_refused_changes_neither_file_nor_traffic(
    gateway: World, admin: httpx.Client
) -> None:
    before = file(gateway).read_bytes()
    shown = admin.get("/pipelines").json()
    wrong = {**PIPELINE, "apiEndpoints": ["nobody"]}
    answer = admin.put("/pipelines/open", json=wrong)
    assert (answer.status_code, "'nobody'" in answer.text) == (422, True)
    assert file(gateway).read_bytes() == before
    assert admin.get("/pipelines").json() == shown
    assert status(gateway, "/open/x") == 200


def test_a_file_that_is_being_mended_is_left_to_who_mends_it(
    gateway: World, admin: httpx.Client
) -> None:
    broken = text(gateway).replace("apiEndpoints: [open]", "apiEndpoints: [opened]")
    refuse(gateway.gateway, lambda: rewrite(gateway.gateway, broken))
    shown = admin.get("/pipelines/open").json()
    assert shown["apiEndpoints"] == ["open"]
    answer = admin.put("/api-endpoints/new", json=ENDPOINT)
    assert (answer.status_code, "not in force" in answer.text) == (409, True)
    assert file(gateway).read_text() == broken
    apply(gateway.gateway, lambda: rewrite(gateway.gateway, text(gateway)))
    assert admin.put("/api-endpoints/new", json=ENDPOINT).status_code == 201
    assert admin.delete("/api-endpoints/new").status_code == 204


def test_changes_at_the_same_time_are_all_made(gateway: World, admin: httpx.Client) -> None:
    def put(number: int) -> int:
        url = f"http://127.0.0.1:{9000 + number}"
        return admin.put(f"/service-endpoints/s{number}", json={"url": url}).status_code

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(put, range(4))) == [201] * 4
    found = yaml.safe_load(file(gateway).read_text())["serviceEndpoints"]
    assert set(found) == {"service", "s0", "s1", "s2", "s3"}
    assert status(gateway, "/open/x") == 200
