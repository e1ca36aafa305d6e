"""The console over HTTPS in a real browser that shows an administrator's certificate."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Error, expect

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.admin_rig import first_token
from tests.daemon.gateway import World, world
from tests.daemon.test_admin_doors import entries, over_tls
from tests.doors.console.rig import CHROMIUM, browser
from tests.support.pki import Made

pytestmark = pytest.mark.daemon

ME = "certificate:CN=good"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip("chromium is not installed (tools/setup.sh test installs it)")
    with browser() as found:
        yield found


@pytest.fixture
def secured(any_engine: EngineBinary) -> Iterator[World]:
    with world(any_engine, entries, over_tls) as made:
        yield made


def page_of(chromium: Any, made: World, shown: Made | None) -> Any:
    """A page of a browser that has this certificate, or none."""
    origin = f"https://localhost:{made.gateway.config['admin']['port']}"
    held = []
    if shown is not None:
        files = {"certPath": str(shown.certificate_file), "keyPath": str(shown.key_file)}
        held = [{"origin": origin, **files}]
    # The server's certificate is the tests' own; what is looked at here is the client's.
    context = chromium.new_context(
        base_url=origin, ignore_https_errors=True, client_certificates=held
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    return page


def press(page: Any, *names: str) -> None:
    for name in names:
        page.get_by_role("button", name=name, exact=True).click()


def test_an_administrator_s_certificate_opens_the_console_and_changes_things(
    chromium: Any, secured: World
) -> None:
    page = page_of(chromium, secured, secured.good)
    page.goto("/console/tokens")
    expect(page.get_by_role("heading", name="Tokens", exact=True)).to_be_visible()
    expect(page.locator(".who")).to_contain_text(ME)
    expect(page.locator(".who")).to_contain_text("admin")
    expect(page.get_by_role("button", name="Log out")).to_have_count(0)
    page.get_by_label("Name").fill("by-certificate")
    press(page, "Make token")
    expect(page.get_by_text("It is shown once")).to_be_visible()
    page.goto("/console/names")
    page.get_by_label("Add distinguished names").fill("CN=*,O=Example")
    press(page, "Preview and add", "Add")
    expect(page.get_by_text("Added. In force now")).to_be_visible()
    page.goto("/console/audit")
    rows = page.locator("tbody tr").filter(has_text=ME)
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("+ CN=*,O=Example")


def test_a_browser_without_a_certificate_is_asked_for_a_token(
    chromium: Any, secured: World
) -> None:
    page = page_of(chromium, secured, None)
    page.goto("/console/audit")
    expect(page).to_have_title("Log in · Ostiary")
    page.get_by_label("Token").fill(first_token(secured.gateway.state))
    press(page, "Log in")
    expect(page.get_by_role("heading", name="Audit")).to_be_visible()
    (cookie,) = [one for one in page.context.cookies() if one["name"].startswith("__Host-")]
    assert cookie["secure"]
    assert cookie["httpOnly"]


def test_a_certificate_of_another_authority_reaches_no_page(chromium: Any, secured: World) -> None:
    page = page_of(chromium, secured, secured.of_b)
    with pytest.raises(Error):
        page.goto("/console")
