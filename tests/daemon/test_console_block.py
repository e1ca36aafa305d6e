"""The button on a client's page: pressed in a browser, it acts on a connection that is open."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import context
from tests.daemon.gateway import World, world
from tests.daemon.test_admin_changes import managed
from tests.daemon.test_console import _press, _until_seen, page

__all__ = ["page"]

pytestmark = pytest.mark.daemon

HOST = "default.example"


@pytest.fixture
def fresh(any_engine: EngineBinary) -> Iterator[World]:
    def settings(document: dict[str, Any], made: Any) -> None:
        managed(document, made)
        document["clientCertificateAuth"] = {
            "type": "certificate",
            "trustedCertificates": [str(made.a.certificate_file)],
        }

    with world(any_engine, lambda made: {"default": made.entry()}, settings) as made:
        yield made


def test_the_block_button_refuses_the_next_request_on_an_open_connection(
    page: Any, fresh: World
) -> None:
    gateway = fresh.gateway
    http2 = gateway.http2(fresh.good)
    with http2.connection, gateway.connect(context(fresh.good), HOST) as http1:
        assert [http1.ask("/open/x", HOST).status, http2.ask("/open/x").status] == [200, 200]
        _until_seen(page, "CN=good")
        page.get_by_role("link", name="CN=good").click()
        page.get_by_label("Why").fill("laptop stolen")
        _press(page, "Block")
        sheet = page.get_by_role("dialog")
        expect(sheet.get_by_text("newly refused")).to_be_visible()
        assert http1.ask("/open/x", HOST).status == 200, "it was only looked at"
        sheet.get_by_role("button", name="Block").click()
        expect(page.get_by_text("In force now, without a reload.")).to_be_visible()
        assert http1.ask("/open/x", HOST).status == 403
        assert http2.ask("/open/x").status == 403
    page.goto("/console/blocked")
    expect(page.get_by_role("row").filter(has_text="laptop stolen")).to_have_count(1)
    page.get_by_role("button", name="Unblock CN=good").click()
    page.get_by_role("dialog").get_by_role("button", name="Unblock").click()
    expect(page.get_by_text("Nobody is blocked")).to_be_visible()
    assert gateway.status(fresh.good, HOST, "/open/x") == 200
