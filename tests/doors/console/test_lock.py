"""The console's own lock: nobody looks in, nobody's form is forged, nothing foreign is run."""

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from starlette.routing import Route

from ostiary.admin.console.entering import inside
from ostiary.admin.console.mount import console_routes
from ostiary.management.views import Setting
from ostiary.store.database.records import Role
from tests.doors.console.conftest import Site
from tests.doors.console.fake import SECRET, Desk, FakeSessions
from tests.doors.console.rig import application, serving
from tests.doors.console.sample import HOSTILE, NOW, client

AUTH = "/console/gateway/client-certificate-auth"
CSRF = "forms-of-this-session"
PAGES = (
    "/console",
    AUTH,
    "/console/gateway",
    "/console/gateway/revocation",
    "/console/gateway/trusted/add",
    "/console/gateway/trusted/2",
    "/console/certificates",
    "/console/certificates/new",
    "/console/certificates/2",
    "/console/certificates/2/versions/1",
    "/console/authority",
    "/console/authority/requests",
    "/console/authority/requests/1",
    "/console/authority/tokens",
    "/console/authority/issue",
    "/console/authority/rotate",
    "/console/names",
    "/console/apis",
    "/console/api?name=orders",
    "/console/api?name=devices",
    "/console/pipelines",
    "/console/pipeline?name=orders",
    "/console/consumers",
    "/console/consumers/scopes",
    "/console/consumers/users/ada",
    "/console/consumers/credentials/3",
    "/console/clients",
    "/console/blocked",
    "/console/notifications",
    "/console/events",
    "/console/explain",
    "/console/audit",
    "/console/tokens",
)


@pytest.fixture
def browserless(desk: Desk) -> Iterator[httpx.Client]:
    with (
        serving(application(desk)) as base,
        httpx.Client(base_url=base, cookies={"who": "admin"}) as asking,
    ):
        yield asking


def test_nobody_sees_or_changes_anything_without_a_login(desk: Desk) -> None:
    doors = [
        one
        for one in console_routes(desk.as_management(), FakeSessions(), lambda: NOW)
        if isinstance(one, Route)
    ]
    open_ones = {"/console/login", "/console/logout", "/console/theme"}
    with serving(application(desk)) as base, httpx.Client(base_url=base) as asking:
        for door in doors:
            if door.path in open_ones:
                continue
            path = door.path.replace("{component:int}", "1").replace("{version:int}", "1")
            path = path.replace("{trusted:int}", "1").replace("{token:int}", "1")
            path = path.replace("{number:int}", "7")
            path = (
                path.replace("{fingerprint}", "ab")
                .replace("{page:path}", "x")
                .replace("{act}", "retire")
            )
            for method in door.methods or ():
                answer = asking.request(method, path)
                assert answer.status_code == 303, (method, path)
                assert answer.headers["Location"].startswith("/console/login"), path
    assert desk.now_revision == 41


def test_a_form_of_another_site_changes_nothing(browserless: httpx.Client, desk: Desk) -> None:
    for csrf in ({}, {"csrf": ""}, {"csrf": "guessed"}):
        form = {"type": "none", "step": "save", **csrf}
        answer = browserless.post(AUTH, data=form)
        assert answer.status_code == 403
        assert "no longer good" in answer.text
    assert desk.now_revision == 41


def test_a_login_that_another_site_sends_is_refused(desk: Desk) -> None:
    with serving(application(desk)) as base:
        answer = httpx.post(
            f"{base}/console/login",
            data={"token": SECRET},
            headers={"Sec-Fetch-Site": "cross-site"},
        )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_logins_are_slowed_and_say_until_when(desk: Desk) -> None:
    with serving(application(desk)) as base:
        tried = [httpx.post(f"{base}/console/login", data={"token": "x"}) for _ in range(6)]
    assert [one.status_code for one in tried] == [401] * 5 + [429]
    assert tried[-1].headers["Retry-After"] == "30"
    assert "Try again in 30 seconds" in tried[-1].text


def test_a_viewer_who_sends_the_form_anyway_is_refused(
    browserless: httpx.Client, desk: Desk
) -> None:
    browserless.cookies.set("who", Role.VIEWER.value)
    answer = browserless.post(AUTH, data={"csrf": CSRF, "type": "none", "step": "save"})
    assert answer.status_code == 403
    assert "needs the role operator" in answer.text
    assert desk.now_revision == 41


def test_lists_are_fetched_by_those_who_may_change_something(
    browserless: httpx.Client, desk: Desk
) -> None:
    page, (file, url) = "/console/gateway/revocation", desk.revocations.seen.sources
    shown = browserless.get(page).text
    assert ("is a private address" in shown, shown.count("Fetch now")) == (True, 1)
    sent = {"csrf": CSRF, "source": url.source}
    browserless.cookies.set("who", Role.VIEWER.value)
    assert "Fetch now" not in browserless.get(page).text
    assert browserless.post(f"{page}/fetch", data=sent).status_code == 403
    browserless.cookies.set("who", Role.OPERATOR.value)
    answer = browserless.post(f"{page}/fetch", data=sent)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{page}?done=fetched")
    assert [one.error for one in desk.revocations.seen.sources] == [file.error, ""]


def test_who_holds_a_token_is_told_to_administrators_alone(browserless: httpx.Client) -> None:
    assert "/console/tokens" in browserless.get("/console").text
    for role in (Role.VIEWER, Role.OPERATOR):
        browserless.cookies.set("who", role.value)
        for answer in (
            browserless.get("/console/tokens"),
            browserless.post("/console/tokens", data={"csrf": CSRF, "name": ""}),
        ):
            assert answer.status_code == 403
            assert "needs the role admin" in answer.text
        assert "/console/tokens" not in browserless.get("/console").text


@pytest.mark.parametrize("path", PAGES)
def test_every_page_forbids_scripts_of_its_own_and_others(
    browserless: httpx.Client, path: str
) -> None:
    answer = browserless.get(path)
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert " style=" not in answer.text
    assert " onclick" not in answer.text
    assert "https://" not in answer.text.replace("https://api.example.com", "")


def test_where_a_login_leads_is_inside_the_console() -> None:
    assert inside("/console/audit") == "/console/audit"
    for foreign in (
        "//evil.example",
        "https://evil.example",
        "/consolex",
        "/console/\\evil",
        "",
        "/console/\n",
    ):
        assert inside(foreign) == "/console"


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_look_harmless(site: Site, name: str) -> None:
    desk = site.desk
    desk.client_list = (client(name, 1, None, 10),)
    desk.names_list = [name]
    desk.trusted.rows = [replace(row, name=name, subject=name) for row in desk.trusted.rows]
    desk.overview_view = replace(
        desk.overview_view,
        expiring=tuple(replace(one, name=name) for one in desk.overview_view.expiring),
    )
    desk.event_list = [replace(one, subject=name, path=name) for one in desk.event_list]
    desk.api_views[name] = replace(desk.api_views["orders"], name=name, endpoints=(name,))
    page = site.visit("/console")
    for path in (
        "/console",
        AUTH,
        "/console/clients",
        "/console/events",
        "/console/names",
        "/console/apis",
    ):
        page.goto(site.base + path)
        text = page.inner_text("body")
        assert not set(text) & {"\u202e", "\x00"}, path
        assert page.locator("main script, main img").count() == 0, path
        wide = "document.documentElement.scrollWidth > innerWidth"
        assert not page.evaluate(wide), f"{path} is wider than the window"
    page.goto(f"{site.base}/console/clients/{desk.client_list[0].fingerprint}")
    assert page.locator("h1").bounding_box()["height"] < 200


def test_a_stale_or_unknown_address_is_told_on_a_page(browserless: httpx.Client) -> None:
    for path in (
        "/console/gateway/trusted/999",
        "/console/certificates/77",
        "/console/clients/ab",
        "/console/api?name=x",
    ):
        answer = browserless.get(path)
        assert answer.status_code == 404, path
        assert "There is no such thing" in answer.text


def test_odd_forms_are_refusals_and_no_tracebacks(browserless: httpx.Client, desk: Desk) -> None:
    for path, form in (
        ("/console/gateway/trusted/add", {"component": "-1"}),
        ("/console/gateway/trusted/add", {"component": "9" * 40}),
        ("/console/rules", {"list": "deny"}),
        ("/console/names/add", {"patterns": " \n "}),
        ("/console/names/import", {"text": ""}),
        ("/console/tokens", {"name": "x", "role": "emperor"}),
        ("/console/tokens", {"name": ""}),
        ("/console/certificates/1/versions/1/explode", {}),
        ("/console/certificates/new", {"name": "x", "pasted": "no certificate"}),
    ):
        answer = browserless.post(path, data={"csrf": CSRF, **form})
        assert answer.status_code == 422, (path, form, answer.status_code)
    assert desk.now_revision == 41


def test_a_locked_type_is_not_changed_by_a_form_that_says_so(
    browserless: httpx.Client, desk: Desk
) -> None:
    view = desk.view
    desk.view = replace(view, type=Setting(view.type.value, view.type.source, "gateway.config.yml"))
    form = {"csrf": CSRF, "type": "none", "required": "1", "step": "save"}
    answer = browserless.post(AUTH, data=form)
    assert answer.headers["Location"].endswith("done=nothing")
    assert desk.now_revision == 41
