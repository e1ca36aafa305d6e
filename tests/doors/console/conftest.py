"""One browser for all tests of the console; pages of their own for each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from ostiary.store.database.records import Role
from tests.doors.console.fake import Desk
from tests.doors.console.rig import CHROMIUM, application, browser, serving


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser, for one file: while playwright is open a loop counts as running, and tests of
    other files in this process run loops of their own."""
    if not CHROMIUM.exists():
        pytest.skip("chromium is not installed (tools/setup.sh test installs it)")
    with browser() as found:
        yield found


@dataclass
class Site:
    """The console of one test."""

    desk: Desk
    base: str
    chromium: Any
    opened: list[Any]
    troubles: list[str]
    """What the browser complained of: refused scripts and styles, exceptions."""

    def visit(self, path: str = "/console", role: Role | None = Role.ADMIN, **more: Any) -> Any:
        """A page, logged in as ``role``."""
        context = self.chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **more})
        self.opened.append(context)
        if role:
            context.add_cookies([{"name": "who", "value": role.value, "url": self.base}])
        page = context.new_page()
        page.set_default_timeout(8_000)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("console", self._said)
        page.on("dialog", lambda dialog: self.troubles.append(f"dialog: {dialog.message}"))
        page.goto(self.base + path)
        return page

    def _said(self, line: Any) -> None:
        # A refused form is answered 4xx, which the browser logs: that is no trouble.
        if line.type == "error" and "status of 4" not in line.text:
            self.troubles.append(line.text)


@pytest.fixture
def desk() -> Desk:
    """A management in memory."""
    return Desk()


@pytest.fixture
def site(chromium: Any, desk: Desk) -> Iterator[Site]:
    """The console with that management; fails where the browser complained of anything."""
    with serving(application(desk)) as base:
        made = Site(desk, base, chromium, [], [])
        yield made
        for context in made.opened:
            context.close()
        assert made.troubles == []


Visit = Callable[..., Any]
