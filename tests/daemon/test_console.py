"""The console on a real gateway: what an operator clicks is what happens to real requests."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.admin_rig import first_token
from tests.daemon.clients import context
from tests.daemon.gateway import World, world
from tests.daemon.test_admin_changes import before_long, entries, managed
from tests.doors.console.rig import CHROMIUM, browser
from tests.support.pki import DAY

pytestmark = pytest.mark.daemon

AUTH = "/console/gateway/client-certificate-auth"


@pytest.fixture
def fresh(any_engine: EngineBinary) -> Iterator[World]:
    with world(any_engine, entries, managed) as made:
        yield made


@pytest.fixture
def page(fresh: World) -> Iterator[Any]:
    """The console, logged in with the first token; fails where the browser complains."""
    if not CHROMIUM.exists():
        pytest.skip("chromium is not installed (tools/setup.sh test installs it)")
    base = f"http://127.0.0.1:{fresh.gateway.config['admin']['port']}"
    with browser() as chromium:
        made = chromium.new_page(base_url=base)
        made.set_default_timeout(60_000)
        expect.set_options(timeout=30_000)
        troubles: list[str] = []
        made.on("pageerror", lambda error: troubles.append(str(error)))
        made.on("console", lambda line: _said(line, troubles))
        made.goto("/")
        made.get_by_label("Token").fill(first_token(fresh.gateway.state))
        made.keyboard.press("Enter")
        expect(made.get_by_role("heading", name="Overview")).to_be_visible()
        yield made
        assert troubles == []


def _said(line: Any, troubles: list[str]) -> None:
    if line.type == "error" and "status of 4" not in line.text:
        troubles.append(line.text)


def _press(page: Any, *names: str) -> None:
    """Press one button after the other: first the preview's, then what does it."""
    for name in names:
        page.get_by_role("button", name=name, exact=True).click()


def _create(page: Any, name: str, pem: bytes) -> None:
    page.goto("/console/certificates/new")
    page.get_by_label("Certificate Name").fill(name)
    file = {"name": f"{name}.pem", "mimeType": "application/x-pem-file", "buffer": pem}
    page.get_by_label("Certificate file").set_input_files(file)
    _press(page, "Create")
    expect(page.get_by_text("It is in the library")).to_be_visible()


def _trust(page: Any, name: str) -> None:
    page.goto("/console/gateway/trusted/add")
    _press(page, f"Add {name}", "Trust it")
    expect(page.get_by_text("The certificate is trusted now.")).to_be_visible()


def _until_seen(page: Any, subject: str) -> None:
    """Clients seen are kept once a second."""
    until = time.monotonic() + 30
    while True:
        page.goto("/console/clients")
        if page.get_by_role("row").filter(has_text=subject).count():
            return
        assert time.monotonic() < until, f"{subject} is not among the clients seen"
        time.sleep(0.1)


def test_an_operator_watches_real_requests_change_from_200_to_403(page: Any, fresh: World) -> None:
    gateway, site = fresh.gateway, "default.example"
    soon = fresh.kit.root("soon", not_after=fresh.kit.now + 54 * DAY)
    _create(page, "clients-ca", fresh.a.pem)
    _create(page, "partner-ca", soon.pem)
    _trust(page, "clients-ca")
    _trust(page, "partner-ca")
    row = page.locator("#trusted tbody tr").filter(has_text="partner-ca")

    page.get_by_role("radio", name="Client Certificate Authentication", exact=False).check()
    page.get_by_label("Certificate Auth Required").check()
    _press(page, "Preview and save", "Save")
    expect(page.get_by_text("Saved. In force now; the engine was reloaded")).to_be_visible()
    expect(row.get_by_text("Expires soon")).to_be_visible()
    assert gateway.status(None, site, "/open/x") == 401
    assert gateway.status(fresh.stranger, site, "/open/x") == 403

    with gateway.connect(context(fresh.good), sni=site) as open_one:

        def ask() -> int:
            return open_one.ask("/open/x", site).status

        assert ask() == 200
        _until_seen(page, "CN=good")
        page.goto(AUTH)
        page.get_by_label("Add distinguished names").fill("CN")
        _press(page, "Preview and add")
        expect(page.get_by_label("Add distinguished names")).to_have_attribute(
            "aria-invalid", "true"
        )
        page.get_by_label("Add distinguished names").fill("CN=somebody else")
        _press(page, "Preview and add")
        panel = page.get_by_role("dialog")
        expect(panel.get_by_role("row").filter(has_text="CN=good")).to_contain_text("Refused")
        assert ask() == 200
        _press(page, "Add")
        expect(page.get_by_text("Added. In force now, without a reload.")).to_be_visible()
        before_long(ask, 403)

    page.goto("/console/events")
    expect(page.locator("#event-rows tr").first).to_contain_text("CN=good")
    count = page.locator("#event-rows tr").count()
    assert gateway.status(fresh.good, site, "/open/x") == 403
    expect(page.locator("#event-rows tr")).to_have_count(count + 1)

    page.goto("/console/clients")
    expect(page.get_by_role("row").filter(has_text="CN=good")).to_contain_text("Refused")
    page.goto(AUTH)
    _press(page, "Remove CN=somebody else", "Remove")
    expect(page.get_by_text("Removed. In force now")).to_be_visible()
    before_long(lambda: gateway.status(fresh.good, site, "/open/x"), 200)


def test_what_only_the_gateway_finds_wrong_is_told_at_the_field(page: Any, fresh: World) -> None:
    page.goto(AUTH)
    page.get_by_role("radio", name="Client Certificate Header Authentication").check()
    page.get_by_label("Certificate Header Name").fill("X-Client-Cert")
    _press(page, "Preview and save")
    expect(page.locator("#proxies-fault")).to_contain_text("nobody's header would be believed")
    expect(page.get_by_label("Trusted proxies")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Trusted proxies").fill("127.0.0.1")
    page.get_by_label("Certificate Auth Required").check()
    _press(page, "Preview and save", "Save")
    expect(page.get_by_text("Saved. In force now")).to_be_visible()
    assert fresh.gateway.status(None, "default.example", "/open/x") == 401


def test_an_api_overrides_and_a_version_is_upgraded(page: Any, fresh: World) -> None:
    gateway, site = fresh.gateway, "default.example"
    _create(page, "clients-ca", fresh.b.pem)
    _trust(page, "clients-ca")
    page.get_by_role("radio", name="Client Certificate Authentication").check()
    page.get_by_label("Certificate Auth Required").check()
    _press(page, "Preview and save", "Save")
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert gateway.status(fresh.good, site, "/open/x") == 403

    page.goto("/console/certificates")
    page.get_by_role("link", name="clients-ca").click()
    page.get_by_label("Or paste it").fill(fresh.a.pem.decode())
    _press(page, "Upload")
    expect(page.get_by_text("Added.")).to_be_visible()
    page.goto(AUTH)
    expect(page.get_by_text("Version 2 available")).to_be_visible()
    _press(page, "Upgrade clients-ca", "Upgrade")
    expect(page.get_by_text("Upgraded to the newest version.")).to_be_visible()
    assert gateway.status(fresh.good, site, "/open/x") == 200
    assert gateway.status(fresh.of_b, site, "/open/x") == 403

    page.goto("/console/api?name=open&override=1")
    required = page.get_by_role("group", name="Certificate Auth Required")
    required.get_by_label("No", exact=True).check()
    _press(page, "Preview and save", "Save")
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert gateway.status(None, site, "/open/x") == 200
    assert gateway.status(None, site, "/api/x") == 401

    page.goto("/console/explain")
    page.get_by_label("Certificate, as PEM").fill(fresh.of_b.pem.decode())
    page.get_by_label("Or an API").select_option("open")
    _press(page, "Explain")
    expect(page.locator("#result .verdict")).to_contain_text("403")
    page.get_by_label("Certificate, as PEM").fill(fresh.good.pem.decode())
    _press(page, "Explain")
    expect(page.locator("#result .steps .mark.bad")).to_have_count(0)

    page.goto("/console/audit")
    expect(page.get_by_role("row")).to_have_count(1 + 6)
