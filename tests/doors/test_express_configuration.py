"""Express Gateway's admin API changes the configuration file, and nothing else in it."""

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from ostiary.admin.peer import Peer
from ostiary.kernel.errors import OstiaryError
from ostiary.store.database.records import Role
from tests.doors.admin_client import From, application, ask, token
from tests.support.desk import DeskRig, make_desk, prepared_of

CONFIG = """\
# The shop's gateway, kept by hand.
https:
  port: 8443
  tls:
    default: {key: server.key, cert: server.pem}
apiEndpoints:
  orders: {host: api.example, paths: /orders/*}   # since 2019
  open: {paths: "/open/*"}
serviceEndpoints:
  # behind the wall
  service:
    url: ${SERVICE_URL:-http://127.0.0.1:8081}
  shared: &shared {url: 'http://127.0.0.1:8082'}
  same: *shared
policies: [proxy, key-auth]
pipelines:
  all:
    apiEndpoints: [orders, open]
    policies:
      - proxy: [{action: {serviceEndpoint: service}}]   # nothing else yet
"""
PIPELINE = {"apiEndpoints": ["orders"], "policies": []}
OWNER = Peer(uid=os.geteuid(), secure=True)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskRig]:
    rig = make_desk(tmp_path_factory.mktemp("desk"), CONFIG)
    yield rig
    rig.database.close()


@pytest.fixture
def desk(shared: DeskRig) -> DeskRig:
    """With the file as it was."""
    (shared.kit.folder / "gateway.config.yml").unlink(missing_ok=True)
    shared.gatekeeper.environ.clear()
    shared.gatekeeper.fails_with = None
    shared.gatekeeper.serve(prepared_of(shared.kit, CONFIG, shared.clock.now))
    return shared


@pytest.fixture(scope="module")
def app(shared: DeskRig) -> FastAPI:
    return application(shared)


class Asked:
    """The API as the gateway's own user asks it."""

    def __init__(self, app: FastAPI, desk: DeskRig) -> None:
        self._app = app
        self._file = desk.kit.folder / "gateway.config.yml"

    def __call__(self, method: str, path: str, body: object = None, **more: Any) -> httpx.Response:
        content = {} if body is None else {"json": body}
        return ask(self._app, method, path, **{"peer": OWNER, **content, **more})

    @property
    def text(self) -> str:
        return self._file.read_text()

    def refused(self, status: int, method: str, path: str, body: object = None) -> str:
        """Why; nothing was changed."""
        before, shown = self.text, self("GET", "/pipelines").json()
        answer = self(method, path, body)
        assert answer.status_code == status, answer.text
        assert (self.text, self("GET", "/pipelines").json()) == (before, shown)
        return answer.text


@pytest.fixture
def api(app: FastAPI, desk: DeskRig) -> Asked:
    return Asked(app, desk)


def test_what_is_new_answers_201_what_was_there_204_and_the_rest_of_the_file_stays(
    api: Asked,
) -> None:
    made = api("PUT", "/service-endpoints/second", {"url": "http://127.0.0.1:9000"})
    assert (made.status_code, made.content) == (201, b"")
    new = "  second:\n    url: http://127.0.0.1:9000\n"
    assert api.text == CONFIG.replace("policies: [proxy, k", f"{new}policies: [proxy, k")
    again = api("PUT", "/service-endpoints/second", {"url": "http://127.0.0.1:9001"})
    assert (again.status_code, again.content) == (204, b"")
    assert api("GET", "/service-endpoints/second").json() == {"url": "http://127.0.0.1:9001"}
    gone = api("DELETE", "/service-endpoints/second/")
    assert (gone.status_code, gone.content) == (204, b"")
    assert api.text == CONFIG
    assert api("DELETE", "/service-endpoints/second").status_code == 404


def test_a_pipeline_and_its_endpoint_come_and_go(api: Asked) -> None:
    assert api("PUT", "/api-endpoints/third", [{"paths": "/a"}, {"paths": "/b"}]).is_success
    step = {"action": {"serviceEndpoint": "service"}}
    pipeline = {"apiEndpoints": ["third"], "policies": [{"proxy": step}]}
    assert api("PUT", "/pipelines/third", pipeline).status_code == 201
    assert api("GET", "/pipelines/third").json() == pipeline
    assert api("GET", "/api-endpoints").json()["third"] == [{"paths": "/a"}, {"paths": "/b"}]
    assert api("DELETE", "/pipelines/third").status_code == 204
    assert api("DELETE", "/api-endpoints/third").status_code == 204
    assert api.text == CONFIG


def test_one_policy_more_changes_one_line_of_the_pipeline(api: Asked) -> None:
    shown = api("GET", "/pipelines/all").json()
    shown["policies"].insert(0, {"key-auth": None})
    assert api("PUT", "/pipelines/all", shown).status_code == 204
    line = "    policies:\n"
    assert api.text == CONFIG.replace(line, f"{line}      - key-auth: null\n")


def test_what_is_shown_can_be_put_back_without_a_trace(api: Asked, desk: DeskRig) -> None:
    secret = {"SERVICE_URL": "http://10.0.0.9:1"}
    desk.gatekeeper.environ.update(secret)
    desk.gatekeeper.serve(
        prepared_of(desk.kit, CONFIG, desk.clock.now, environ=desk.gatekeeper.environ)
    )
    for section in ("api-endpoints", "service-endpoints", "pipelines"):
        for name, value in api("GET", f"/{section}").json().items():
            assert api("PUT", f"/{section}/{name}", value).status_code == 204
    assert api.text == CONFIG
    shown = api("GET", "/service-endpoints/service").json()
    assert shown == {"url": "http://10.0.0.9:1"}
    more = {**shown, "proxyOptions": {"timeout": 1000}}
    assert api("PUT", "/service-endpoints/service", more).status_code == 204
    assert "    url: ${SERVICE_URL:-http://127.0.0.1:8081}\n    proxyOptions:\n" in api.text
    assert "10.0.0.9" not in api.text


def test_text_may_name_variables_where_an_administrator_says_so(
    app: FastAPI, api: Asked, desk: DeskRig
) -> None:
    desk.gatekeeper.environ["UP"] = "http://127.0.0.1:7"
    operator = token(desk, Role.OPERATOR, "operator")
    body = {"url": "${UP}"}
    refused = ask(app, "PUT", "/service-endpoints/new", json=body, headers=operator)
    assert (refused.status_code, "role admin" in refused.text) == (403, True)
    assert api("PUT", "/service-endpoints/new", body).status_code == 201
    assert '    url: "${UP}"\n' in api.text
    assert api("GET", "/service-endpoints/new").json() == {"url": "http://127.0.0.1:7"}
    told = api.refused(422, "PUT", "/service-endpoints/new", {"url": "${NOBODY}"})
    assert "'NOBODY' isn't set" in told


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        (
            "PUT",
            "/pipelines/all",
            {**PIPELINE, "policies": [{"proxi": 1}]},
            422,
            "did you mean 'proxy'",
        ),
        ("PUT", "/pipelines/all", {"apiEndpoints": ["orders"]}, 422, "line"),
        ("PUT", "/pipelines/all", {**PIPELINE, "policies": [{"cors": None}]}, 422, "cors"),
        ("PUT", "/service-endpoints/x", {"url": "no url"}, 422, "serviceEndpoints.x.url"),
        ("PUT", "/service-endpoints/x", {}, 422, "serviceEndpoints.x"),
        ("PUT", "/service-endpoints/x", {"url": "http://a\x01"}, 422, "U+0001"),
        ("PUT", "/service-endpoints/x", {"url": "\U00100041"}, 422, "U+100041"),
        ("PUT", "/service-endpoints/x", {"weight": 10**30}, 422, "can't hold"),
        ("PUT", "/service-endpoints/$%7BA%7D", {"url": "http://a"}, 422, "variables"),
        ("PUT", "/service-endpoints/x", "http://a", 422, "neither an object nor a list"),
        ("DELETE", "/service-endpoints/service", None, 422, "service"),
        ("DELETE", "/pipelines/nothing", None, 404, "no pipeline 'nothing'"),
        ("PUT", "/service-endpoints/same", {"url": "http://b"}, 409, "YAML alias"),
        ("PUT", "/service-endpoints/shared", {"url": "http://b"}, 409, "change it in"),
        ("PUT", "/policies/nothing", None, 404, "no policy 'nothing'"),
        ("DELETE", "/policies/proxy", None, 422, "proxy"),
        ("PUT", "/pipelines/all?dryRun=perhaps", {}, 422, "true or false"),
        ("GET", "/pipelines/nothing", None, 404, "no pipeline"),
    ],
)
def test_a_change_that_can_t_be_is_refused_and_changes_nothing(
    api: Asked, method: str, path: str, body: object, status: int, words: str
) -> None:
    assert words in api.refused(status, method, path, body)


@pytest.mark.parametrize("body", [b"", b"{", b'{"a": NaN}', b"[" * 100_000])
def test_a_body_that_is_no_json_is_told_as_such(api: Asked, body: bytes) -> None:
    assert api("PUT", "/pipelines/all", content=body).status_code == 400
    assert api.text == CONFIG


def test_a_key_may_not_hide_another(api: Asked) -> None:
    twice = api("PUT", "/service-endpoints/x", content=b'{"url": "http://a", "url": "http://b"}')
    assert (twice.status_code, "twice" in twice.text) == (422, True)


def test_policies_are_a_list_that_grows_and_shrinks(api: Asked, desk: DeskRig) -> None:
    put = api("PUT", "/policies/cors")
    assert (put.status_code, put.json()) == (200, {"status": "ok"})
    assert 'policies: [proxy, key-auth, "cors"]\n' in api.text
    assert api("PUT", "/policies/cors").json() == {"status": "ok"}
    assert api("DELETE", "/policies/cors").status_code == 204
    assert api("DELETE", "/policies/cors").status_code == 204
    assert api.text == CONFIG
    config = CONFIG.replace("policies: [proxy, key-auth]\n", "")
    desk.gatekeeper.serve(prepared_of(desk.kit, config, desk.clock.now))
    assert api("PUT", "/policies/cors").json() == {"status": "ok"}
    assert "policies: [proxy]" in api.refused(409, "DELETE", "/policies/cors")


def test_a_dry_run_shows_what_would_be_refused_and_changes_nothing(api: Asked) -> None:
    body = {"url": "http://127.0.0.1:9000"}
    seen = api("PUT", "/service-endpoints/x?dryRun=true", body)
    assert (seen.status_code, seen.json()["applied"]) == (200, False)
    assert seen.json()["preview"] is not None
    gone = api("DELETE", "/pipelines/all?dryRun=true")
    assert (gone.status_code, gone.json()["object"]) == (200, "pipelines.all")
    for method in ("PUT", "DELETE"):
        assert api(method, "/policies/cors?dryRun=true").json()["applied"] is False
    bad = api.refused(422, "PUT", "/service-endpoints/x?dryRun=true", {"url": 5})
    assert "serviceEndpoints.x.url" in bad
    assert api.text == CONFIG


def test_every_change_is_in_the_audit_log_without_its_values(api: Asked, desk: DeskRig) -> None:
    headers = {"headers": {"X-Key": "hunter2"}}
    secret = {"url": "http://127.0.0.1:9000", "proxyOptions": headers}
    api("PUT", "/service-endpoints/x", secret)
    shown = api("GET", "/pipelines/all").json()
    shown["apiEndpoints"] = ["orders"]
    api("PUT", "/pipelines/all", shown)
    api("DELETE", "/service-endpoints/x")
    told = [(one.action, one.object, one.after) for one in desk.management.audit.page().items]
    assert told[:3] == [
        ("configuration.change", "serviceEndpoints.x", {"removed": ["serviceEndpoints.x"]}),
        ("configuration.change", "pipelines.all", {"changed": ["pipelines.all.apiEndpoints"]}),
        ("configuration.change", "serviceEndpoints.x", {"added": ["serviceEndpoints.x"]}),
    ]
    assert "hunter2" not in str(told)


def test_a_file_with_changes_that_are_not_in_force_is_left_alone(api: Asked, desk: DeskRig) -> None:
    file = desk.kit.folder / "gateway.config.yml"
    file.write_text(CONFIG + "# being edited\n")
    told = api.refused(409, "PUT", "/service-endpoints/x", {"url": "http://127.0.0.1:1"})
    assert "changes that are not in force" in told
    file.unlink()
    answer = api("DELETE", "/pipelines/all")
    assert (answer.status_code, file.exists()) == (409, False)


def test_a_read_only_file_is_left_alone(api: Asked, desk: DeskRig) -> None:
    (desk.kit.folder / "gateway.config.yml").chmod(0o444)
    told = api.refused(409, "PUT", "/service-endpoints/x", {"url": "http://127.0.0.1:1"})
    assert "read-only" in told


def test_what_the_gateway_can_t_put_in_force_is_not_in_the_file(api: Asked, desk: DeskRig) -> None:
    desk.gatekeeper.fails_with = OstiaryError("the engine died")
    body = {"url": "http://127.0.0.1:1"}
    assert "the engine died" in api.refused(503, "PUT", "/service-endpoints/x", body)


def test_where_the_database_refuses_at_the_end_the_file_is_as_it_was(
    api: Asked, desk: DeskRig
) -> None:
    applied = len(desk.gatekeeper.applied)
    with sqlite3.connect(desk.state / "ostiary.db") as database:
        database.execute("ALTER TABLE audit RENAME TO away")
    try:
        body = {"url": "http://127.0.0.1:1"}
        api.refused(503, "PUT", "/service-endpoints/x", body)
    finally:
        with sqlite3.connect(desk.state / "ostiary.db") as database:
            database.execute("ALTER TABLE away RENAME TO audit")
    assert len(desk.gatekeeper.applied) == applied + 2
    assert api("PUT", "/service-endpoints/x", body).status_code == 201


def test_changes_at_the_same_time_take_turns(app: FastAPI, api: Asked) -> None:
    async def all_at_once() -> list[httpx.Response]:
        transport = httpx.ASGITransport(From(app, OWNER))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            bodies = [{"url": f"http://127.0.0.1:{9000 + number}"} for number in range(8)]
            put = [client.put(f"/service-endpoints/s{b['url'][-1]}", json=b) for b in bodies]
            return await asyncio.gather(*put)

    assert {answer.status_code for answer in asyncio.run(all_at_once())} == {201}
    assert len(api("GET", "/service-endpoints").json()) == 3 + 8


def test_our_own_door_asks_for_the_revision_it_was_read_at(api: Asked) -> None:
    path = "/api/v1/configuration/serviceEndpoints"
    read = api("GET", path)
    assert set(read.json()) == {"service", "shared", "same"}
    body = {"url": "http://127.0.0.1:9000"}
    assert api("PUT", f"{path}/x", body).status_code == 428
    etag = {"If-Match": read.headers["ETag"]}
    done = api("PUT", f"{path}/x", body, headers=etag)
    assert (done.status_code, done.json()["object"]) == (200, "serviceEndpoints.x")
    assert api("GET", f"{path}/x").json() == body
    assert api("DELETE", f"{path}/x", headers=etag).status_code == 412
    assert api("DELETE", "/service-endpoints/x", headers=etag).status_code == 412
    assert api("DELETE", f"{path}/x", headers={"If-Match": "*"}).is_success
    assert api.text == CONFIG
    assert api("GET", "/api/v1/configuration/https").status_code == 422
    assert api("GET", f"{path}/x").status_code == 404


def test_a_viewer_neither_sees_nor_changes_the_configuration(app: FastAPI, desk: DeskRig) -> None:
    viewer = token(desk, Role.VIEWER, "viewer")
    for path in ("/pipelines/all", "/api/v1/configuration/pipelines/all"):
        for method in ("GET", "PUT", "DELETE"):
            headers = {**viewer, "If-Match": "*"}
            body: dict[str, Any] = {"json": {}} if method == "PUT" else {}
            assert ask(app, method, path, headers=headers, **body).status_code == 403


def test_a_secret_is_shown_to_nobody_and_stays_when_the_rest_is_put_back(api: Asked) -> None:
    api("PUT", "/policies/jwt")
    pipeline = api("GET", "/pipelines/all").json()
    action = {"secretOrPublicKey": "hush-hush", "issuer": "a"}
    pipeline["policies"].insert(0, {"jwt": [{"action": action}]})
    assert api("PUT", "/pipelines/all", pipeline).status_code == 204
    written, shown = api.text, api("GET", "/pipelines/all").json()
    assert "hush-hush" in written
    assert "hush-hush" not in api("GET", "/pipelines").text
    assert shown["policies"][0]["jwt"][0]["action"]["secretOrPublicKey"] == "(not shown)"
    assert api("PUT", "/pipelines/all", shown).status_code == 204
    assert api.text == written
    shown["policies"][0]["jwt"][0]["action"]["issuer"] = "b"
    assert "write the secret itself" in api.refused(422, "PUT", "/pipelines/all", shown)
