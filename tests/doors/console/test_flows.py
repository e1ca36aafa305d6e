"""What an operator does, in a browser, with the keyboard and mouse a person has."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from ostiary.config.effective import AuthType, Source
from ostiary.management.sights import StoreState
from ostiary.management.views import Setting
from ostiary.store.database.records import Role
from ostiary.trust.reason import Reason
from tests.doors.console import sample
from tests.doors.console.conftest import Site
from tests.doors.console.fake import SECRET
from tests.doors.console.sample import NOW

AUTH = "/console/gateway/client-certificate-auth"
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def button(page: Any, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)


def sheet(page: Any) -> Any:
    return page.get_by_role("dialog")


def test_a_visitor_logs_in_and_arrives_where_he_wanted_to_go(site: Site) -> None:
    page = site.visit("/console/audit", role=None)
    expect(page).to_have_title("Log in · Ostiary")
    page.get_by_label("Token").fill("ost_wrong")
    button(page, "Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("isn't valid")
    expect(page.get_by_label("Token")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Token").fill(SECRET)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Audit")).to_be_visible()
    button(page, "Log out").click()
    expect(page).to_have_title("Log in · Ostiary")
    page.goto(f"{site.base}/console/audit")
    expect(page).to_have_title("Log in · Ostiary")


@pytest.mark.parametrize("path", ["/console/api?name=devices", "/console/events"])
def test_who_was_logged_out_comes_back_to_the_page_he_was_on(site: Site, path: str) -> None:
    page = site.visit(path)
    heading = page.locator("h1").inner_text()
    page.context.clear_cookies()
    if path.endswith("events"):  # it asks again by itself, for a part of the page
        page.wait_for_url("**/console/login**")
    else:
        page.reload()
    page.get_by_label("Token").fill(SECRET)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(heading)
    assert page.url == site.base + path


def test_an_audit_line_says_what_changed_before_it_is_opened(site: Site) -> None:
    page = site.visit("/console/audit")
    expect(page.locator("tbody tr").first).to_contain_text("required: false → true")


def test_a_certificate_is_created_looked_up_previewed_and_trusted(site: Site) -> None:
    page = site.visit(AUTH)
    page.get_by_role("link", name="Create New Certificate").click()
    page.get_by_label("Certificate Name").fill("new-partner")
    page.get_by_label("Or paste it").fill(PEM)
    button(page, "Create").click()
    expect(page.get_by_role("status").first).to_contain_text("It is in the library")
    page.goto(f"{site.base}{AUTH}")
    page.get_by_role("link", name="Add Certificate").click()
    page.get_by_label("Search by name or subject").fill("new-")
    expect(page.get_by_role("row")).to_have_count(2)
    button(page, "Add new-partner").click()
    expect(sheet(page)).to_contain_text("1,204 client certificates")
    assert "new-partner" not in {row.name for row in site.desk.trusted.rows}
    button(page, "Trust it").click()
    expect(page.get_by_text("The certificate is trusted now. In force now")).to_be_visible()
    assert "new-partner" in {row.name for row in site.desk.trusted.rows}


def test_expiry_is_marked_from_90_days_before_and_when_it_is_over(site: Site) -> None:
    page = site.visit(AUTH)
    rows = page.locator("#trusted tbody tr")
    expect(rows.filter(has_text="partner-ca").get_by_text("Expires soon")).to_be_visible()
    expect(rows.filter(has_text="legacy-ca").get_by_text("Expired", exact=True)).to_be_visible()
    expect(rows.filter(has_text="devices-ca").get_by_text("Expires soon")).to_have_count(0)
    file_row = rows.filter(has_text="clients-ca.pem")
    expect(file_row).to_contain_text("set by gateway.config.yml: https.tls.default.ca")
    expect(file_row.get_by_role("button")).to_have_count(0)


def test_a_newer_version_is_pointed_out_and_upgraded_to(site: Site) -> None:
    page = site.visit(AUTH)
    row = page.locator("#trusted tbody tr").filter(has_text="partner-ca")
    expect(row.get_by_text("Version 2 available")).to_be_visible()
    button(page, "Upgrade partner-ca").click()
    expect(sheet(page)).to_contain_text("Upgrade partner-ca from version 1 to 2")
    button(page, "Upgrade").click()
    expect(page.get_by_text("Upgraded to the newest version.")).to_be_visible()
    row = page.locator("#trusted tbody tr").filter(has_text="partner-ca")
    expect(row.get_by_text("available")).to_have_count(0)


def test_a_mistake_in_a_name_is_told_while_writing_and_at_the_field_when_saved(site: Site) -> None:
    page = site.visit(AUTH)
    field = page.get_by_label("Add distinguished names")
    field.press_sequentially("device-1")
    expect(page.locator("#advice")).to_contain_text("an attribute needs a value")
    button(page, "Preview and add").first.click()
    expect(page.get_by_label("Add distinguished names")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#patterns-fault")).to_contain_text("write it as CN=device-*")
    expect(page.get_by_label("Add distinguished names")).to_have_value("device-1")
    expect(sheet(page)).to_have_count(0)
    page.get_by_label("Add distinguished names").fill("CN=*,**")
    expect(page.locator("#advice")).to_contain_text("broader than it looks")
    page.get_by_label("Add distinguished names").fill("CN=device-*,O=Example")
    button(page, "Preview and add").click()
    button(page, "Add").click()
    expect(page.get_by_text("Added.")).to_be_visible()
    assert "CN=device-*,O=Example" in site.desk.names_list


def test_names_are_imported_tested_exported_and_removed(site: Site) -> None:
    page = site.visit("/console/names")
    page.get_by_label("Or paste it").fill("# ours\nCN=a,O=Example\nCN=b,O=Example\n")
    button(page, "Preview and import").click()
    button(page, "Import").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert site.desk.names_list[-2:] == ["CN=a,O=Example", "CN=b,O=Example"]
    page.get_by_label("Subjects, one a line").fill("CN=x,O=Example\nCN=y,O=Other")
    button(page, "Test").click()
    expect(page.locator(".steps li")).to_have_count(2)
    expect(page.locator(".steps li").nth(1)).to_contain_text("Does not pass:")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export").click()
    assert download.value.suggested_filename == "trusted-distinguished-names-gateway.txt"
    button(page, "Remove CN=a,O=Example").click()
    button(page, "Remove").click()
    expect(page.get_by_text("Removed. In force now")).to_be_visible()
    assert "CN=a,O=Example" not in site.desk.names_list


def test_the_type_is_changed_with_a_preview_and_cancelled_without_a_trace(site: Site) -> None:
    page = site.visit(AUTH)
    page.get_by_role("radio", name="None").check()
    expect(page.get_by_label("Certificate Auth Required")).to_be_hidden()
    button(page, "Preview and save").click()
    expect(sheet(page).get_by_text("newly refused")).to_be_visible()
    expect(sheet(page).get_by_role("row").filter(has_text="device-0017")).to_contain_text("Refused")
    sheet(page).get_by_role("link", name="Cancel").click()
    expect(sheet(page)).to_have_count(0)
    assert site.desk.view.type.value is AuthType.CERTIFICATE
    button(page, "Preview and save").click()
    button(page, "Save").click()
    expect(page.get_by_text("the engine was reloaded")).to_be_visible()
    assert site.desk.view.type.value is AuthType.NONE


def test_type_header_needs_a_name_and_a_balancer_gives_it(site: Site) -> None:
    page = site.visit(AUTH)
    page.get_by_role("radio", name="Client Certificate Header Authentication").check()
    button(page, "Preview and save").click()
    expect(page.get_by_label("Certificate Header Name")).to_have_attribute("aria-invalid", "true")
    page.locator("#preset").select_option("aws-alb")
    expect(page.get_by_label("Certificate Header Name")).to_have_value(
        "X-Amzn-Mtls-Clientcert-Leaf"
    )
    expect(page.get_by_text("aws elbv2 modify-listener")).to_be_visible()
    page.get_by_label("Trusted proxies").fill("10.0.0.0/8\n192.0.2.7")
    button(page, "Preview and save").click()
    button(page, "Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert site.desk.view.header.preset.value == "aws-alb"
    assert site.desk.view.header.trusted_proxies.value == ("10.0.0.0/8", "192.0.2.7")


def test_an_api_overrides_and_inherits_again(site: Site) -> None:
    page = site.visit("/console/apis")
    page.get_by_role("link", name="orders").click()
    expect(page.get_by_text("inherited from the gateway").first).to_be_visible()
    page.get_by_role("link", name="Add API Client Certificate Auth").click()
    expect(page.get_by_text("can't be changed at the API level")).to_be_visible()
    required = page.get_by_role("group", name=re.compile("Certificate Auth Required"))
    required.get_by_label("No", exact=True).check()
    page.get_by_label("A list of its own").check()
    page.get_by_label("Names of this API").fill("CN=orders-*,**")
    button(page, "Preview and save").first.click()
    button(page, "Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert site.desk.api_views["orders"].policy.required == Setting(False, Source.STORE)
    assert site.desk.api_views["orders"].policy.names.value == ("CN=orders-*,**",)
    button(page, "Inherit everything again").click()
    button(page, "Inherit").click()
    expect(page.get_by_text("inherits everything from the gateway again")).to_be_visible()
    assert not site.desk.api_views["orders"].overrides


def test_a_rule_is_added_and_removed(site: Site) -> None:
    page = site.visit(AUTH)
    page.get_by_text("Add a rule").click()
    page.get_by_label("What it does").select_option("deny")
    page.get_by_label("URI (SPIFFE)").fill("spiffe://example.com/old/*")
    button(page, "Preview and add").last.click()
    button(page, "Save").click()
    expect(page.get_by_text("spiffe://example.com/old/*")).to_be_visible()
    assert [rule.uri for rule in site.desk.view.policy.own_deny][-1] == "spiffe://example.com/old/*"
    button(page, "Remove the rule spiffe://example.com/old/*").click()
    button(page, "Save").click()
    expect(page.get_by_text("spiffe://example.com/old/*")).to_have_count(0)


def test_deleting_the_last_trusted_certificate_asks_twice(site: Site) -> None:
    site.desk.trusted.rows = [row for row in site.desk.trusted.rows if row.name == "devices-ca"]
    page = site.visit(AUTH)
    button(page, "Delete devices-ca").click()
    expect(sheet(page)).to_contain_text("This is the last trusted certificate")
    button(page, "Yes, delete the last one").click()
    expect(sheet(page)).to_contain_text("newly refused")
    assert len(site.desk.trusted.rows) == 1
    button(page, "Delete").click()
    expect(page.get_by_text("Removed. In force now")).to_be_visible()
    expect(page.get_by_text("Nobody is trusted yet")).to_be_visible()


def test_who_was_late_is_told_that_someone_else_changed_it(site: Site) -> None:
    page = site.visit(AUTH)
    page.get_by_label("Report only").check()
    site.desk.now_revision += 1
    button(page, "Preview and save").click()
    expect(sheet(page)).to_contain_text("Someone else changed it")
    expect(sheet(page)).to_contain_text("settings.gateway")
    assert not site.desk.view.policy.report_only.value
    sheet(page).get_by_role("link", name="Load the page again").click()
    page.get_by_label("Report only").check()
    button(page, "Preview and save").click()
    button(page, "Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()


def test_locked_settings_are_shown_and_left_alone(site: Site) -> None:
    locked = Setting(True, Source.FILE, "gateway.config.yml")
    site.desk.view = replace(site.desk.view, policy=replace(site.desk.view.policy, required=locked))
    page = site.visit(AUTH)
    expect(page.get_by_label("Certificate Auth Required")).to_be_disabled()
    expect(page.get_by_text("set by gateway.config.yml").first).to_be_visible()
    page.get_by_label("Report only").check()
    button(page, "Preview and save").click()
    button(page, "Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert site.desk.view.policy.required == locked


def test_a_new_version_is_uploaded_and_a_trusted_component_stays(site: Site) -> None:
    page = site.visit("/console/certificates/1")
    page.get_by_label("Or paste it").fill(PEM)
    button(page, "Upload").click()
    expect(page.get_by_role("row")).to_have_count(3)
    page.get_by_text("Rename or delete").click()
    button(page, "Delete the certificate with all versions").click()
    expect(sheet(page)).to_contain_text("A version of it is trusted")
    assert 1 in site.desk.library.items


def test_refusals_appear_as_they_happen(site: Site) -> None:
    page = site.visit("/console/events")
    expect(page.locator("#event-rows tr")).to_have_count(4)
    site.desk.event_list.append(sample.event(9, 0, Reason.WEAK_KEY, path="/just/now"))
    expect(page.locator("#event-rows tr")).to_have_count(5)
    expect(page.locator("#event-rows tr").first).to_contain_text("/just/now")
    expect(page.locator("#news")).to_contain_text("1 new at")
    site.desk.event_list.append(sample.event(10, 0, Reason.WEAK_KEY, path="/and/again"))
    expect(page.locator("#event-rows tr")).to_have_count(6)
    expect(page.locator("#event-rows tr").first).to_contain_text("/and/again")


def test_a_certificate_is_shown_with_all_its_fields(site: Site) -> None:
    page = site.visit("/console/gateway/trusted/1")
    facts = page.locator("dl.facts").first
    for word in ("SHA-1", "keyCertSign", "1 intermediates below it", "http://crl.example.com"):
        expect(facts).to_contain_text(word)


def test_a_certificate_is_explained_step_by_step(site: Site) -> None:
    page = site.visit("/console/explain")
    button(page, "Explain").click()
    expect(page.locator("#result")).to_contain_text("no certificate was given")
    page.get_by_label("Certificate, as PEM").fill(PEM)
    page.get_by_label("Or an API").select_option("orders")
    button(page, "Explain").click()
    steps = page.locator("#result .steps li")
    expect(steps).to_have_count(3)
    expect(steps.nth(0)).to_contain_text("Passed:")
    expect(steps.nth(2)).to_contain_text("Failed:")
    expect(steps.nth(2)).to_contain_text("What to do:")


def test_clients_are_searched_and_filtered(site: Site) -> None:
    page = site.visit("/console/clients")
    page.get_by_label("Which").select_option("expiring")
    expect(page.locator("#found tbody tr")).to_have_count(2)
    expect(page).to_have_url(re.compile("state=expiring"))
    page.get_by_label("Which").select_option("")
    page.get_by_label("Search by subject").fill("ORDERS-")
    expect(page.locator("#found tbody tr")).to_have_count(1)
    page.get_by_role("link", name="CN=orders-batch").click()
    expect(page.get_by_text("Admitted when it was seen last")).to_be_visible()


def test_a_client_that_is_only_reported_is_not_shown_as_welcome(site: Site) -> None:
    page = site.visit("/console/clients?q=nightly")
    expect(page.locator("#found tbody tr")).to_contain_text("Would be refused")
    page.get_by_role("link", name="CN=nightly-export").click()
    expect(page.locator(".verdict")).to_contain_text("a policy that only reports")


def test_a_client_is_blocked_and_unblocked_by_the_buttons_on_its_page(site: Site) -> None:
    page = site.visit("/console/clients")
    page.get_by_role("link", name="CN=orders-batch").click()
    page.get_by_label("Why").fill("laptop stolen")
    page.get_by_label("Until").select_option("7")
    button(page, "Block").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Block CN=orders-batch")).to_be_visible()
    dialog.get_by_role("button", name="Block").click()
    expect(page.get_by_text("Blocked: the next request is refused")).to_be_visible()
    expect(page.get_by_text("Blocked: whatever else would let it in.")).to_be_visible()
    row = site.desk.blocking.rows[0]
    assert (row.note, row.until) == ("laptop stolen", NOW + timedelta(days=7))
    page.get_by_role("button", name="Unblock").click()
    dialog.get_by_role("button", name="Unblock").click()
    expect(page.get_by_text("Not blocked any more")).to_be_visible()
    expect(button(page, "Block")).to_be_visible()


def test_a_certificate_is_blocked_on_the_page_of_all(site: Site) -> None:
    page = site.visit("/console/blocked")
    expect(page.locator("#rows tbody tr")).to_have_count(2)
    page.get_by_label("SHA-256 fingerprint").fill("nonsense")
    button(page, "Block").click()
    expect(page.get_by_text("no SHA-256 fingerprint")).to_be_visible()
    page.get_by_label("SHA-256 fingerprint").fill("ab" * 32)
    button(page, "Block").click()
    page.get_by_role("dialog").get_by_role("button", name="Block").click()
    expect(page.locator("#rows tbody tr")).to_have_count(3)
    page.get_by_role("button", name="Unblock 0A1F").click()
    page.get_by_role("dialog").get_by_role("button", name="Unblock").click()
    expect(page.locator("#rows tbody tr")).to_have_count(2)


def test_a_token_is_shown_once_and_ended(site: Site) -> None:
    page = site.visit("/console/tokens")
    page.get_by_label("Name").fill("nightly")
    page.get_by_label("Role").select_option("operator")
    button(page, "Make token").click()
    expect(page.get_by_text("ost_new0_shown_once")).to_be_visible()
    page.goto(f"{site.base}/console/tokens")
    expect(page.get_by_text("ost_new0_shown_once")).to_have_count(0)
    button(page, "Revoke nightly").click()
    button(page, "End it").click()
    expect(page.get_by_text("The token has ended.")).to_be_visible()
    assert not site.desk.tokens.items[-1].active


def test_a_viewer_sees_everything_and_no_button_that_changes(site: Site) -> None:
    page = site.visit(AUTH, role=Role.VIEWER)
    expect(page.get_by_text("devices-ca").first).to_be_visible()
    for path in (
        AUTH,
        "/console/names",
        "/console/certificates/2",
        "/console/gateway",
    ):
        page.goto(site.base + path)
        buttons = page.locator("main button")
        names = {buttons.nth(at).inner_text() for at in range(buttons.count())}
        assert names <= {"Search", "Test", "Copy", ""}, (path, names)


def test_a_damaged_store_is_announced_on_every_page_and_recovered(site: Site) -> None:
    site.desk.state_view = replace(
        sample.SOUND, state=StoreState.DAMAGED, detail="devices-ca.pem: checksum differs"
    )
    page = site.visit("/console/audit")
    expect(page.get_by_role("alert")).to_contain_text("checksum differs")
    page.get_by_role("link", name="State and recovery").click()
    button(page, "Recover the trust store").click()
    button(page, "Recover").click()
    expect(page.get_by_text("was built anew")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_damaged_database_is_recovered_where_it_is_announced(site: Site) -> None:
    site.desk.state_view = replace(
        sample.SOUND, database=StoreState.DAMAGED, database_detail="page 3 can't be read"
    )
    page = site.visit("/console/gateway")
    expect(page.get_by_role("alert")).to_contain_text("page 3 can't be read")
    button(page, "Recover the trust store").click()
    expect(sheet(page)).to_contain_text("goes back to its last good copy")
    button(page, "Recover").click()
    expect(page.get_by_text("was built anew")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_everything_is_changed_without_javascript_too(site: Site) -> None:
    page = site.visit(AUTH, java_script_enabled=False)
    page.get_by_label("Report only").check()
    button(page, "Preview and save").click()
    expect(
        page.get_by_role("heading", name="Change client certificate authentication")
    ).to_be_visible()
    button(page, "Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert site.desk.view.policy.report_only.value
    page.get_by_label("Add distinguished names").fill("nonsense\nCN=b,O=Example")
    button(page, "Preview and add").first.click()
    expect(page.locator("#patterns-fault")).to_contain_text("/patterns/0")
    page.get_by_label("Add distinguished names").fill("CN=a,O=Example\nCN=b,O=Example")
    button(page, "Preview and add").first.click()
    button(page, "Add").click()
    assert site.desk.names_list[-2:] == ["CN=a,O=Example", "CN=b,O=Example"]
    page.goto(f"{site.base}/console/events")
    site.desk.event_list.append(sample.event(9, 0, Reason.WEAK_KEY))
    page.get_by_role("link", name="Reload").click()
    expect(page.locator("#event-rows tr")).to_have_count(5)


def test_the_colours_are_chosen_and_remembered(site: Site) -> None:
    page = site.visit(color_scheme="light")
    light, dark = "rgb(244, 246, 247)", "rgb(16, 22, 26)"
    expect(page.locator("body")).to_have_css("background-color", light)
    button(page, "Dark").click()
    expect(page.locator("body")).to_have_css("background-color", dark)
    page.goto(f"{site.base}/console/audit")
    expect(page.locator("body")).to_have_css("background-color", dark)
    expect(button(page, "Dark")).to_have_attribute("aria-pressed", "true")
