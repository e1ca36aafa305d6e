"""The pages of the authority: what was issued, requests that wait, tokens."""

import base64
import re

from ostiary.store.database.records import Role
from tests.doors.console.conftest import Site
from tests.unit.management.authority.scene import request

PAGE = "/console/authority"


def test_a_certificate_is_found_looked_at_and_revoked(site: Site) -> None:
    page = site.visit(PAGE)
    page.get_by_role("searchbox").fill("device-3")
    page.wait_for_url("**q=device-3**")
    page.get_by_role("link", name="CN=device-3,O=Example").click()
    assert page.get_by_text("DNS:3.devices.example").count() == 1
    page.get_by_label("Why").select_option("keyCompromise")
    page.get_by_label("And all others of this name").check()
    page.get_by_role("button", name="Revoke").click()
    page.get_by_role("heading", name="Revoke all of device-3").wait_for()
    page.get_by_role("button", name="Revoke for good").click()
    page.get_by_text("Revoked, and the revocation lists").wait_for()
    assert page.locator(".verdict").filter(has_text="keyCompromise").count() == 1
    assert site.desk.chamber.written.actions == ["ca.revoke"]


def test_an_issuing_authority_leads_to_the_clients_that_still_come_with_its_certificates(
    site: Site,
) -> None:
    page = site.visit(PAGE)
    row = page.get_by_role("row").filter(has_text="issues").filter(has_text="number")
    name = row.get_by_role("link").inner_text().removeprefix("CN=")
    row.get_by_role("link").click()
    page.get_by_role("link", name="Clients seen with its certificates").click()
    page.get_by_role("heading", name="Clients seen").wait_for()
    assert page.get_by_label("Issuer").input_value() == name
    page.get_by_text("No client fits").wait_for()
    site.visit("/console/clients?issuer=cn%3D").get_by_role("table").wait_for()


def test_a_request_is_approved_and_one_that_breaks_the_rules_is_not(site: Site) -> None:
    page = site.visit(f"{PAGE}/requests")
    assert page.get_by_text("allowed.distinguishedNames").count() == 1
    page.get_by_role("button", name="Approve device-17").click()
    page.get_by_role("button", name="Issue it").click()
    page.get_by_text("Approved and issued").wait_for()
    page.get_by_role("button", name="Approve device-18").click()
    page.get_by_role("button", name="Issue it").click()
    page.get_by_role("dialog").get_by_text("is not allowed by").wait_for()
    page.goto(page.url.replace("requests", "requests/2"))
    page.get_by_label("Why not").fill("not one of ours")
    page.get_by_role("button", name="Deny").click()
    page.get_by_role("button", name="Deny it").click()
    page.get_by_text("Denied: whoever asked").wait_for()
    assert page.get_by_text("Nobody waits").count() == 1


def test_a_token_is_shown_once(site: Site) -> None:
    page = site.visit(f"{PAGE}/tokens")
    page.get_by_label("For the name").fill("device-20")
    page.get_by_role("button", name="Make token").click()
    secret = page.locator("#secret").inner_text()
    assert re.fullmatch(r"enrol_[A-Za-z0-9_-]{43}", secret)
    page.goto(page.url)
    assert secret not in page.content()
    page.get_by_role("button", name="End the token for device-20").click()
    page.get_by_role("button", name="End it").click()
    page.get_by_text("The token has ended").wait_for()


def test_a_pasted_request_is_issued_and_a_wrong_one_told_at_its_field(site: Site) -> None:
    page = site.visit(f"{PAGE}/issue")
    page.get_by_label("Or paste it").fill("nonsense")
    page.get_by_role("button", name="Issue").click()
    page.get_by_text("not a proper certificate signing request").first.wait_for()
    body = base64.encodebytes(request("device-30", O="Example")).decode()
    kind = "CERTIFICATE REQUEST"
    page.get_by_label("Or paste it").fill(f"-----BEGIN {kind}-----\n{body}-----END {kind}-----\n")
    page.get_by_role("button", name="Issue").click()
    page.get_by_text("device-30: issued").wait_for()
    assert "BEGIN CERTIFICATE" in page.locator("#made").inner_text()


def test_a_viewer_sees_all_and_changes_nothing(site: Site) -> None:
    pages = ("", "/requests", "/requests/1", "/tokens", "/issue", "/rotate")
    for path in (PAGE + end for end in pages):
        page = site.visit(path, Role.VIEWER)
        main = page.locator("main")
        for word in (
            "Approve", "Deny", "Make token", "Make lists", "Issue", "Revoke", "Rotate", "End",
        ):  # fmt: skip
            assert main.get_by_role("button", name=word).count() == 0, (path, word)
