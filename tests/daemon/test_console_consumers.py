"""Consumers in the console of a real gateway: what is clicked acts on the next request."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import context
from tests.daemon.consumers_rig import key
from tests.daemon.gateway import Certificates, World, world
from tests.daemon.test_console import _press, page
from tests.doors.cli_rig import call
from tests.support.ports import free_port

__all__ = ["page"]

pytestmark = pytest.mark.daemon

HOST = "default.example"


def change(document: dict[str, Any], _made: Certificates) -> None:
    document["admin"] = {"port": free_port()}
    del document["policies"]
    document["apiEndpoints"] = {"orders": {"paths": "/orders/*", "scopes": ["read"]}}
    steps = [{"key-auth": None}, {"proxy": {"action": {"serviceEndpoint": "service"}}}]
    document["pipelines"] = {"shop": {"apiEndpoints": ["orders"], "policies": steps}}


@pytest.fixture
def fresh(any_engine: EngineBinary) -> Iterator[World]:
    with world(any_engine, lambda made: {"default": made.entry()}, change) as made:
        yield made


def test_a_key_made_in_the_console_opens_until_it_is_deactivated(page: Any, fresh: World) -> None:
    gateway = fresh.gateway
    page.goto("/console/consumers/scopes")
    page.get_by_label("Scopes, separated by blanks").fill("read")
    _press(page, "Make scopes")
    expect(page.get_by_text("Added.")).to_be_visible()
    page.goto("/console/consumers")
    page.get_by_label("Username").fill("ada")
    _press(page, "Make user")
    expect(page.get_by_text("It is made.")).to_be_visible()
    page.get_by_text("Make a credential").click()
    page.get_by_label("read", exact=True).check()
    _press(page, "Make credential")
    sent = page.locator("#secret").inner_text()

    with gateway.connect(context(fresh.good), sni=HOST) as client:

        def ask() -> int:
            return client.ask("/orders/7", HOST, headers=[key(sent)]).status

        assert ask() == 200
        page.goto("/console/pipeline?name=orders")
        expect(page.locator(".flow")).to_contain_text("asks the agent")
        _tried(page, sent, "passed on to the service")
        # Nobody remembers what was tried: the engine still knows this key to be good.
        _tried(page, f"{sent}x", "answers 401")
        assert ask() == 200

        page.goto("/console/consumers")
        page.get_by_role("link", name="ada").click()
        expect(page.locator("#secret")).to_have_count(0)
        _press(page, f"Deactivate {sent.split(':')[0]}")
        assert ask() == 200, "it was only looked at"
        page.get_by_role("dialog").get_by_role("button", name="Deactivate").click()
        expect(page.get_by_text("Deactivated: the next request is refused")).to_be_visible()
        assert ask() == 401
    _tried(page, sent, "is deactivated")
    words = ("explain", "--no-cert", "--api", "orders", "--consumer", "ada")
    where = ("--config", gateway.folder / "gateway.config.yml", "--state", gateway.state)
    done = call(*words, *where, "--json")
    assert (done.code, done.json["status"]) == (1, 401), done.said


def _tried(page: Any, sent: str, said: str) -> None:
    page.goto("/console/explain")
    page.get_by_label("URL", exact=True).fill(f"https://{HOST}/orders/7")
    page.get_by_text("API key, password, token or consumer").click()
    page.get_by_label("API key", exact=True).fill(sent)
    _press(page, "Explain")
    expect(page.locator("#result .verdict")).to_contain_text(said)
