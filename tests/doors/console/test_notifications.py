"""The page of notifications: what was told, how webhooks are doing, a test of one."""

from playwright.sync_api import expect

from ostiary.store.database.records import Role
from tests.doors.console.conftest import Site

PAGE = "/console/notifications"


def test_a_receiver_in_trouble_is_seen_at_a_glance_and_tested(site: Site) -> None:
    page = site.visit(PAGE)
    row = page.get_by_role("row").filter(has_text="audit-trail").first
    expect(row).to_contain_text("Failing")
    expect(row).to_contain_text("no answer within 15 s")
    page.get_by_role("button", name="Test audit-trail").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("The receiver refused it. Status 500")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Test ops").click()
    expect(dialog).to_contain_text("The receiver took it. Status 204")


def test_topics_can_be_chosen_and_the_particulars_opened(site: Site) -> None:
    page = site.visit(PAGE)
    page.get_by_label("About").select_option("client.*")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("laptop stolen, ticket 4711").first).to_be_visible()
    expect(page.get_by_text("has expired")).to_have_count(0)
    page.get_by_text("All of it").first.click()
    expect(page.get_by_label("Particulars").first).to_contain_text('"count": 1')


def test_who_only_looks_has_no_button(site: Site) -> None:
    page = site.visit(PAGE, role=Role.VIEWER)
    expect(page.get_by_role("button", name="Test ops")).to_have_count(0)


def test_without_webhooks_the_page_says_where_they_are_named(site: Site) -> None:
    site.desk.notifications.hooks = ()
    site.desk.notifications.sent = ()
    site.desk.notifications.notices = ()
    page = site.visit(PAGE)
    expect(page.get_by_text("No webhook is set up")).to_be_visible()
    expect(page.get_by_text("There was nothing to tell yet")).to_be_visible()
