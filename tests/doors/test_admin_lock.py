"""The lock of the admin listener: who gets in, and what browsers can't be made to do."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from ostiary.admin.app import openapi_of
from ostiary.admin.peer import Peer
from ostiary.admin.problems import STATUSES
from ostiary.kernel.errors import OstiaryError
from ostiary.store.database.records import Role
from ostiary.wiring.logs import set_up_logs
from tests.doors.admin_client import application, ask, token
from tests.support.desk import DeskRig, make_desk

OWNER = Peer(uid=os.geteuid(), secure=True)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskRig]:
    rig = make_desk(tmp_path)
    yield rig
    rig.database.close()


@pytest.fixture
def app(desk: DeskRig) -> FastAPI:
    return application(desk)


def paths(app: FastAPI) -> list[tuple[str, str]]:
    found = openapi_of(app)["paths"]
    return [(method, path) for path, methods in found.items() for method in methods]


def test_nothing_but_health_and_the_login_answers_without_a_credential(
    app: FastAPI,
) -> None:
    asked = [*paths(app)]
    asked += [("get", path) for path in ("/metrics", "/api/v1/openapi.json", "/api/v1/x")]
    for number, (method, path) in enumerate(asked):
        answer = ask(app, method.upper(), path, address=f"192.0.2.{number % 250}")
        assert answer.status_code == 401, (method, path)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.headers["Content-Type"] == "application/problem+json"
    assert ask(app, "GET", "/healthz").json() == {"status": "ok"}
    assert ask(app, "GET", "/console/login").status_code == 200
    assert ask(app, "GET", "/console").status_code == 303


def test_a_missing_token_is_no_failed_attempt(app: FastAPI, desk: DeskRig) -> None:
    for _ in range(20):
        ask(app, "GET", "/api/v1/whoami")
    assert ask(app, "GET", "/api/v1/whoami", headers=token(desk)).status_code == 200


def test_wrong_tokens_have_to_wait(app: FastAPI, desk: DeskRig) -> None:
    good = token(desk)
    for _ in range(5):
        assert (
            ask(app, "GET", "/api/v1/whoami", headers={"Authorization": "Bearer ost_x"}).status_code
            == 401
        )
    waits = ask(app, "GET", "/api/v1/whoami", headers=good)
    assert waits.status_code == 429
    assert waits.headers["Retry-After"] == "1"
    assert ask(app, "GET", "/api/v1/whoami", headers=good, address="192.0.2.8").status_code == 200


@pytest.mark.parametrize(
    "header", ["", "Basic b3N0Og==", "Bearer", "Bearer \u00fc".encode(), "bearer  ost_x y"]
)
def test_other_authorization_is_refused(app: FastAPI, header: str | bytes) -> None:
    answer = ask(app, "GET", "/api/v1/whoami", headers={"Authorization": header})
    assert answer.status_code == 401


def test_the_owner_of_the_unix_socket_is_an_administrator(app: FastAPI) -> None:
    answer = ask(app, "GET", "/api/v1/whoami", peer=OWNER)
    assert answer.json() == {"name": f"local:{os.geteuid()}", "role": "admin"}
    stranger = Peer(uid=os.geteuid() + 4711, secure=True)
    assert ask(app, "GET", "/api/v1/whoami", peer=stranger).status_code == 401


def test_a_verified_client_certificate_is_an_administrator(app: FastAPI, desk: DeskRig) -> None:
    shown = desk.kit.client(None, "ops").certificate.der
    answer = ask(
        app,
        "GET",
        "/api/v1/whoami",
        peer=Peer(certificate=shown, secure=True),
        base="https://127.0.0.1:9876",
    )
    assert answer.json() == {"name": "certificate:CN=ops", "role": "admin"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_can_not_use_the_certificate_of_an_administrator(
    app: FastAPI, desk: DeskRig, headers: dict[str, str]
) -> None:
    shown = desk.kit.client(None, "ops").certificate.der
    answer = ask(
        app,
        "PATCH",
        "/api/v1/gateway",
        peer=Peer(certificate=shown, secure=True),
        base="https://127.0.0.1:9876",
        headers={**headers, "If-Match": "*"},
        json={"required": True},
    )
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:ostiary:problem:forged"
    assert desk.management.settings.revision() == 0


def test_a_cookie_opens_pages_and_never_the_api(app: FastAPI, desk: DeskRig) -> None:
    secret = token(desk)["Authorization"].removeprefix("Bearer ")
    login = ask(app, "POST", "/console/login", data={"token": secret})
    assert login.status_code == 303, login.text
    cookie = login.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    pair = cookie.partition(";")[0]
    assert ask(app, "GET", "/console", headers={"Cookie": pair}).status_code == 200
    assert ask(app, "GET", "/api/v1/gateway", headers={"Cookie": pair}).status_code == 401


def test_over_https_the_cookie_is_bound_to_the_host(app: FastAPI, desk: DeskRig) -> None:
    secret = token(desk)["Authorization"].removeprefix("Bearer ")
    login = ask(
        app, "POST", "/console/login", data={"token": secret}, base="https://127.0.0.1:9876"
    )
    cookie = login.headers["Set-Cookie"]
    assert cookie.startswith("__Host-")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert login.headers["Strict-Transport-Security"]


def test_another_site_can_not_log_somebody_in(app: FastAPI, desk: DeskRig) -> None:
    secret = token(desk)["Authorization"].removeprefix("Bearer ")
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        login = ask(app, "POST", "/console/login", data={"token": secret}, headers=headers)
        assert login.status_code == 403
        assert "Set-Cookie" not in login.headers


def test_a_session_ends_with_its_token(app: FastAPI, desk: DeskRig) -> None:
    secret = token(desk)["Authorization"].removeprefix("Bearer ")
    token(desk, name="another admin")
    login = ask(app, "POST", "/console/login", data={"token": secret})
    pair = {"Cookie": login.headers["Set-Cookie"].partition(";")[0]}
    assert ask(app, "GET", "/console", headers=pair).status_code == 200
    (one,) = [one for one in desk.management.tokens.all() if one.name == "tester"]
    owner = {"If-Match": "*"}
    assert (
        ask(app, "DELETE", f"/api/v1/tokens/{one.id}", peer=OWNER, headers=owner).status_code == 200
    )
    assert ask(app, "GET", "/console", headers=pair).status_code == 303


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:9876", 200),
        ("[::1]:9876", 200),
        ("10.1.2.3", 200),
        ("localhost", 200),
        ("LOCALHOST:9876", 200),
        ("gateway.example:9876", 200),
        ("evil.example", 421),
        ("evil.example:9876", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example", 421),
        ("", 421),
    ],
)
def test_only_its_own_names_are_answered_to(app: FastAPI, host: str, status: int) -> None:
    assert ask(app, "GET", "/healthz", headers={"Host": host}).status_code == status


def test_answers_carry_what_keeps_browsers_careful(app: FastAPI) -> None:
    for path in ("/healthz", "/api/v1/gateway", "/nowhere"):
        headers = ask(app, "GET", path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Request-Id"]
        assert "Access-Control-Allow-Origin" not in headers
        assert "Server" not in headers


def test_a_viewer_looks_an_operator_changes_an_admin_makes_tokens(
    app: FastAPI, desk: DeskRig
) -> None:
    match = {"If-Match": "*"}
    viewer = {**token(desk, Role.VIEWER, "v"), **match}
    operator = {**token(desk, Role.OPERATOR, "o"), **match}
    change = {"required": True}
    assert ask(app, "GET", "/api/v1/gateway", headers=viewer).status_code == 200
    assert ask(app, "PATCH", "/api/v1/gateway", headers=viewer, json=change).status_code == 403
    assert ask(app, "PATCH", "/api/v1/gateway", headers=operator, json=change).status_code == 200
    assert ask(app, "GET", "/api/v1/tokens", headers=operator).status_code == 403
    new = {"name": "x", "role": "viewer"}
    assert ask(app, "POST", "/api/v1/tokens", headers=operator, json=new).status_code == 403
    assert ask(app, "POST", "/api/v1/truststore/recover", headers=operator).status_code == 403


@pytest.mark.parametrize("in_chunks", [False, True])
def test_a_large_body_is_refused_before_all_of_it_is_read(
    app: FastAPI, desk: DeskRig, *, in_chunks: bool
) -> None:
    async def chunks(content: bytes) -> AsyncIterator[bytes]:
        for start in range(0, len(content), 2**16):
            yield content[start : start + 2**16]

    def send(method: str, path: str, kind: str, content: bytes) -> int:
        return ask(
            app,
            method,
            path,
            peer=OWNER,
            content=chunks(content) if in_chunks else content,
            headers={"If-Match": "*", "Content-Type": kind},
        ).status_code

    large = b'{"required": ' + b" " * (1024 * 1024) + b"true}"
    assert send("PATCH", "/api/v1/gateway", "application/json", large) == 413
    text = b"#" * (2**24 + 1)
    assert send("POST", "/api/v1/names/import", "text/plain", text) == 413
    assert send("POST", "/api/v1/library?name=n", "application/x-pem-file", text) == 413
    assert desk.management.settings.revision() == 0


def test_every_refusal_of_management_has_a_status() -> None:
    def below(kind: type) -> Iterator[type]:
        for one in kind.__subclasses__():
            yield one
            yield from below(one)

    ours = [
        one
        for one in below(OstiaryError)
        if one.__module__ in {"ostiary.management.errors", "ostiary.admin.problems"}
    ]
    assert ours
    listed = [kind for kind, *_ in STATUSES]
    for one in ours:
        assert any(issubclass(one, kind) for kind in listed), one
    for earlier, later in ((a, b) for i, a in enumerate(listed) for b in listed[i + 1 :]):
        assert not issubclass(later, earlier), f"{later} can never be met after {earlier}"


def test_a_bug_is_told_without_its_traceback(
    app: FastAPI, desk: DeskRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("secret detail")

    monkeypatch.setattr("ostiary.management.settings.Settings.gateway", broken)
    # As the gateway logs; structlog's own way would look at each variable for many seconds.
    set_up_logs(human=False)
    answer = ask(app, "GET", "/api/v1/gateway", headers=token(desk))
    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "secret detail" not in answer.text
