"""Everybody can use it: labels, contrast, order of the keyboard, small screens, empty states."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ostiary.management.revocation_views import RevocationView
from ostiary.management.views import Page
from tests.doors.console import sample
from tests.doors.console.conftest import Site
from tests.doors.console.fake import Desk
from tests.doors.console.test_lock import AUTH, PAGES


def _check(name: str) -> str:
    """One of the checks, to be run in a page."""
    checks = Path(__file__).with_name("checks.js").read_text()
    return f"() => ({checks.rstrip()}).{name}()"


def test_everything_has_a_name_and_an_order(site: Site) -> None:
    page = site.visit()
    for path in PAGES:
        page.goto(site.base + path)
        assert page.evaluate(_check("labels")) == [], path


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_text_is_legible_in_both_colours(site: Site, colours: str) -> None:
    page = site.visit(color_scheme=colours)
    for path in PAGES:
        page.goto(site.base + path)
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        assert page.evaluate(_check("contrast")) == [], path
    page.goto(f"{site.base}{AUTH}")
    page.get_by_role("button", name="Delete devices-ca").click()
    page.get_by_role("dialog").wait_for()
    assert page.evaluate(_check("contrast")) == []


def test_the_login_is_legible_and_labelled(site: Site) -> None:
    for colours in ("light", "dark"):
        page = site.visit("/console/login", role=None, color_scheme=colours)
        assert page.evaluate(_check("contrast")) == []
        assert page.evaluate(_check("labels")) == []


@pytest.mark.parametrize("path", ["/console", AUTH, "/console/certificates/2", "/console/explain"])
def test_the_keyboard_goes_from_top_to_bottom_and_shows_where_it_is(site: Site, path: str) -> None:
    page = site.visit(path)
    page.keyboard.press("Tab")
    assert page.evaluate(_check("focus"))["text"] == "Skip to the content"
    stops = []
    for _ in range(80):
        page.keyboard.press("Tab")
        stop = page.evaluate(_check("focus"))
        if stop["tag"] == "BODY":
            break
        stops.append(stop)
    assert [one for one in stops if not one["ring"]] == []
    inside = [one["top"] for one in stops if one["inMain"]]
    assert len(inside) > 2
    assert all(after >= before - 60 for before, after in pairwise(inside)), inside


def test_the_skip_link_leads_past_the_menu(site: Site) -> None:
    page = site.visit()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate(_check("focus"))["inMain"]


def test_the_panel_takes_the_keyboard_and_gives_it_back(site: Site) -> None:
    page = site.visit(AUTH)
    button = page.get_by_role("button", name="Upgrade partner-ca")
    button.focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").count() == 0
    assert (
        page.evaluate("document.activeElement.getAttribute('aria-label')") == "Upgrade partner-ca"
    )


def test_a_phone_shows_every_page_without_sideways_scrolling(site: Site) -> None:
    page = site.visit(viewport={"width": 360, "height": 740}, has_touch=True)
    for path in PAGES:
        page.goto(site.base + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        assert page.evaluate(_check("targets")) == [], path
    page.get_by_text("Menu", exact=True).click()
    assert page.get_by_role("link", name="Tokens").is_visible()


def _empty(desk: Desk) -> None:
    desk.trusted.rows = []
    desk.names_list = []
    desk.library.items = {}
    desk.api_views = {}
    desk.client_list = ()
    desk.event_list = []
    desk.blocking.rows = []
    desk.revocations.seen = RevocationView(sources=())
    view: Any = sample.overview()
    changes = {"traffic": (), "refusals": (), "expiring": (), "expiring_count": 0, "clients": 0}
    desk.overview_view = type(view)(
        **{**{name: getattr(view, name) for name in view.__slots__}, **changes}
    )


@pytest.mark.parametrize(
    ("path", "next_step"),
    [
        ("/console", "Send one through the gateway"),
        (AUTH, "Create New Certificate"),
        (AUTH, "Write a distinguished name below"),
        ("/console/gateway/trusted/add", "Create New Certificate"),
        ("/console/certificates", "Begin with the certificate of the authority"),
        ("/console/apis", "apiEndpoints"),
        ("/console/clients", "have a client send a request"),
        ("/console/blocked", "Nobody is blocked"),
        ("/console/gateway/revocation", "distribution points"),
        ("/console/events", "within two seconds"),
        ("/console/audit", "is written down"),
        ("/console/explain", "Paste or choose a certificate"),
    ],
)
def test_an_empty_page_says_what_to_do_next(site: Site, path: str, next_step: str) -> None:
    _empty(site.desk)
    site.desk.audit.page = lambda **_: Page(items=())  # type: ignore[method-assign]  # empty too
    page = site.visit(path)
    assert page.locator(".empty").filter(has_text=next_step).count() == 1
