"""Writes docs/images/console/*.png: the pages as they are shown in the how-to.

    python -m tests.doors.console.screenshots [folder]

The data is made by hand and the clock stands still, so a picture changes only when a page does.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ostiary.management.authority.approving import deny
from tests.doors.console.fake import Desk
from tests.doors.console.guests import KEY, SECRET
from tests.doors.console.rig import application, browser, serving

AUTH = "/console/gateway/client-certificate-auth"


def _preview(page: Any) -> None:
    page.get_by_role("button", name="Delete partner-ca").click()
    page.get_by_role("dialog").wait_for()


def _mistake(page: Any) -> None:
    page.get_by_label("Add distinguished names").fill("CN=*,**\ndevice-17")
    page.locator("#advice .badge").first.wait_for()


def _header(page: Any) -> None:
    page.get_by_role("radio", name="Client Certificate Header Authentication").check()
    page.locator("#preset").select_option("aws-alb")
    page.get_by_label("Trusted proxies").fill("10.0.0.0/8")


def _explain(page: Any) -> None:
    page.get_by_label("Certificate, as PEM").fill("-----BEGIN CERTIFICATE-----\nMIIB...")
    page.get_by_role("button", name="Explain").click()
    page.locator("#result .steps").wait_for()


def _tester(page: Any) -> None:
    page.get_by_label("URL", exact=True).fill("https://api.example.com/orders/17?page=2")
    page.get_by_text("API key, password, token or consumer").click()
    page.get_by_label("API key", exact=True).fill(f"{KEY}:{SECRET}")
    page.get_by_role("button", name="Explain").click()
    page.locator("#result .flow").wait_for()


def _new_key(page: Any) -> None:
    page.get_by_text("Make a credential").click()


def _calm(desk: Desk) -> None:
    """Without the names that only tests have, and without what is another at each run."""
    desk.client_list = desk.client_list[:4]
    notices = desk.notifications
    notices.notices = tuple(one for one in notices.notices if one.id in {5, 3, 1})
    good, failing, *_ = notices.sent
    notices.sent = (failing, good)
    with desk.chamber.open("operator") as house:
        deny(house, 2)


def _nothing(_page: Any) -> None:
    pass


PICTURES: tuple[tuple[str, str, Callable[[Any], None], str], ...] = (
    ("overview", "/console", _nothing, "light"),
    ("overview-dark", "/console", _nothing, "dark"),
    ("client-certificate-auth", AUTH, _nothing, "light"),
    ("header", AUTH, _header, "light"),
    ("preview", AUTH, _preview, "light"),
    ("names", "/console/names", _mistake, "light"),
    ("add-certificate", "/console/gateway/trusted/add", _nothing, "light"),
    ("certificate", "/console/certificates/2", _nothing, "light"),
    ("api", "/console/api?name=devices", _nothing, "light"),
    ("clients", "/console/clients", _nothing, "light"),
    ("events", "/console/events", _nothing, "dark"),
    ("explain", "/console/explain", _explain, "light"),
    ("pipelines", "/console/pipelines", _nothing, "light"),
    ("pipeline", "/console/pipeline?name=orders", _nothing, "light"),
    ("tester", "/console/explain", _tester, "light"),
    ("consumer", "/console/consumers/users/ada", _new_key, "light"),
    ("authority", "/console/authority", _nothing, "light"),
    ("requests", "/console/authority/requests", _nothing, "light"),
    ("notifications", "/console/notifications", _nothing, "light"),
    ("revocation", "/console/gateway/revocation", _nothing, "light"),
    ("phone", AUTH, _nothing, "light"),
)


def main() -> None:
    """Write all of them."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images/console")
    folder.mkdir(parents=True, exist_ok=True)
    desk = Desk()
    _calm(desk)
    with serving(application(desk)) as base, browser() as chromium:
        for name, path, prepare, colours in PICTURES:
            size = (
                {"width": 390, "height": 844} if name == "phone" else {"width": 1200, "height": 800}
            )
            context = chromium.new_context(viewport=size, color_scheme=colours)
            context.add_cookies([{"name": "who", "value": "admin", "url": base}])
            desk.real_walks = name == "tester"
            page = context.new_page()
            page.goto(base + path)
            prepare(page)
            page.evaluate("scrollTo(0, 0)")
            whole = name not in {"preview", "phone"}
            page.screenshot(path=folder / f"{name}.png", full_page=whole, animations="disabled")
            context.close()


if __name__ == "__main__":
    main()
