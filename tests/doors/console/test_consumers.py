"""Consumers, pipelines and the tester: pages over a real management, with and without scripts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
import pytest
from playwright.sync_api import expect

from ostiary.consumers.model import CredentialType
from ostiary.store.database.records import Role
from tests.doors.console.conftest import Site
from tests.doors.console.fake import Desk
from tests.doors.console.guests import KEY, SECRET, Guests
from tests.doors.console.rig import application, serving
from tests.doors.console.test_lock import CSRF
from tests.support.desk import DeskRig

PAGE = "/console/consumers"
ADA = "/users/ada"


@dataclass
class Real:
    """A management that isn't made up."""

    guests: Guests = field(default_factory=Guests)

    @property
    def rig(self) -> DeskRig:
        return self.guests.rig

    def as_management(self) -> Any:
        return self.rig.management


@pytest.fixture(scope="module")
def real() -> Iterator[Real]:
    """One for all tests, as it takes a second to make: each has consumers of its own."""
    made = Real()
    database = made.rig.database
    yield made
    database.close()


@pytest.fixture(scope="module")
def base(real: Real) -> Iterator[str]:
    with serving(application(cast(Desk, real))) as address:
        yield address


@pytest.fixture
def asking(base: str) -> Iterator[httpx.Client]:
    """Somebody without scripts."""
    with httpx.Client(base_url=base, cookies={"who": "admin"}, follow_redirects=True) as asking:
        yield asking


@pytest.fixture
def site(base: str, real: Real, chromium: Any) -> Iterator[Site]:
    made = Site(cast(Desk, real), base, chromium, [], [])
    yield made
    for context in made.opened:
        context.close()
    assert made.troubles == []


def send(asking: httpx.Client, path: str, status: int = 200, **fields: Any) -> str:
    answer = asking.post(f"{PAGE}{path}", data={"csrf": CSRF, **fields})
    assert answer.status_code == status, answer.text
    return answer.text


def credential(real: Real, name: str) -> Any:
    found = real.rig.management.consumers.credentials.page(limit=100).items
    return next(one for one in found if one.name == name)


def test_a_user_is_made_described_switched_and_removed(asking: httpx.Client, real: Real) -> None:
    users = real.rig.management.consumers.users
    shown = send(asking, "", username="jdoe", firstname="Jane", email="jane@example.com")
    assert "It is made." in shown
    one = users.one("jdoe")
    assert (one.firstname, one.email) == ("Jane", "jane@example.com")
    where = f"/users/{one.id}"
    assert "Saved." in send(asking, where, firstname="J.", email="jane@example.com")
    assert users.one("jdoe").firstname == "J."
    assert "Nothing was different" in send(asking, where, firstname="J.", email="jane@example.com")
    looked = send(asking, f"{where}/status")
    assert "Deactivate user jdoe" in looked
    assert users.one("jdoe").active, "it was only looked at"
    assert "Deactivated: the next request" in send(asking, f"{where}/status", step="save")
    assert not users.one("jdoe").active
    assert "Active again." in send(asking, f"{where}/status", active="1")
    assert "with its apps and credentials" in send(asking, f"{where}/remove")
    assert "Removed." in send(asking, f"{where}/remove", step="save")
    assert asking.get(f"{PAGE}{where}").status_code == 404
    actions = [line.action for line in real.rig.management.audit.page(action="user.").items]
    assert actions[:5] == [
        *("user.remove", "user.activate", "user.deactivate", "user.change", "user.create")
    ]


@pytest.mark.parametrize(
    ("path", "fields", "status", "field_", "said"),
    [
        ("", {"username": "a:b"}, 422, "username", "colon"),
        ("", {"username": "ada"}, 422, "username", "ada"),
        ("", {"username": "x", "email": "nowhere"}, 422, "email", "no address"),
        ("/users/ada", {"email": "nowhere"}, 422, "about-email", "no address"),
        (f"{ADA}/credentials", {"type": "basic-auth"}, 422, "type", "active basic-auth"),
        (f"{ADA}/credentials", {"type": "nothing"}, 422, "type", "no such type"),
        (f"{ADA}/credentials", {"type": "key-auth", "id": KEY}, 422, "type", KEY),
        (f"{ADA}/credentials", {"type": "key-auth", "id": "a b"}, 422, "cred-id", "give"),
        (f"{ADA}/credentials", {"type": "key-auth", "secret": "a:"}, 422, "cred-secret", "a colon"),
        (f"{ADA}/credentials", {"type": "certificate"}, 422, "rules", "names nobody"),
        (
            f"{ADA}/credentials",
            {"type": "certificate", "rule.dns": "a.example", "validFrom": "soon"},
            *(422, "validFrom", "no time"),
        ),
        ("/credentials/3/dates", {"validUntil": "soon"}, 422, "validUntil", "no time"),
        ("/credentials/3/rules", {"rule.serial": "0A"}, 422, "rules", "without its issuer"),
        ("/scopes", {"scopes": 'a"b'}, 422, "scopes", "scope"),
        ("/scopes", {"scopes": "reports"}, 422, "scopes", "reports"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_at_its_field(
    asking: httpx.Client, path: str, fields: dict[str, str], status: int, field_: str, said: str
) -> None:
    shown = send(asking, path, status, **fields)
    told = re.search(rf'<div id="{field_}-fault">(.*?)</div>', shown, re.DOTALL)
    assert told, shown
    assert said in told[1]


def test_a_secret_is_shown_once_and_is_right(asking: httpx.Client, real: Real) -> None:
    shown = send(
        asking, "/users/grace/credentials", type="key-auth", scopes=["orders:read", "reports"]
    )
    told = re.search(r'<code id="secret">([^<]*)</code>', shown)
    assert told
    name, secret = told[1].split(":")
    assert "shown once: copy it now" in shown
    one = credential(real, name)
    assert one.scopes == ("orders:read", "reports")
    for path in (f"{PAGE}/users/{one.consumer}", f"{PAGE}/credentials/{one.id}", "/console/audit"):
        assert secret not in asking.get(path).text
    shown = send(asking, "/users/grace/credentials", type="basic-auth", secret="my own one")
    assert '<code id="secret">grace:my own one</code>' in shown


def test_a_certificate_credential_has_rules_and_dates(asking: httpx.Client, real: Real) -> None:
    pem = real.rig.kit.client(None, "grace").pem.decode()
    fields = {"type": "certificate", "id": "grace-phone", "pasted": pem, "secret": "ignored"}
    shown = send(asking, "/users/grace/credentials", **fields, validUntil="2030-01-31T12:00")
    assert 'id="secret"' not in shown
    one = credential(real, "grace-phone")
    assert list(one.rules[0]) == ["fingerprint"]
    assert one.valid_until.isoformat() == "2030-01-31T12:00:00+00:00"
    where = f"/credentials/{one.id}"
    send(asking, f"{where}/rules", **{"rule.dns": "grace.example.com", "rule.issuer": "CN=CA"})
    assert credential(real, "grace-phone").rules[1] == {
        "issuer": "CN=CA",
        "dns": "grace.example.com",
    }
    assert "Take a rule from" in send(asking, f"{where}/rules", remove="0")
    send(asking, f"{where}/rules", remove="0", step="save")
    send(asking, f"{where}/dates", validFrom="", validUntil="")
    one = credential(real, "grace-phone")
    assert (len(one.rules), one.valid_until) == (1, None)
    send(asking, f"{where}/scopes", add="reports")
    assert credential(real, "grace-phone").scopes == ("reports",)
    send(asking, f"{where}/scopes", remove="reports")
    assert credential(real, "grace-phone").scopes == ()
    send(asking, f"{where}/status", step="save")
    assert not credential(real, "grace-phone").active
    assert "Removed." in send(asking, f"{where}/remove", step="save")


def test_apps_belong_to_users_and_follow_them(asking: httpx.Client, real: Real) -> None:
    apps = real.rig.management.consumers.apps
    send(asking, "", username="admiral")
    assert "It is made." in send(asking, "/users/admiral/apps", name="compiler")
    one = apps.one("compiler")
    send(asking, f"/apps/{one.id}", name="linker", redirect_uri="https://linker.example/cb")
    assert apps.one("linker").redirect_uri == "https://linker.example/cb"
    send(asking, "/users/admiral/status", step="save")
    assert not apps.one("linker").active
    told = send(asking, f"/apps/{one.id}/status", 409, active="1")
    assert "activate the user first" in told
    assert "linker" in asking.get(f"{PAGE}/apps?q=LINK").text
    shown = asking.get(f"{PAGE}/apps?user={one.user}").text
    assert "linker" in shown
    assert "mobile" not in shown


def test_scopes_are_made_and_taken_from_all(asking: httpx.Client, real: Real) -> None:
    scopes = real.rig.management.consumers.scopes
    send(asking, "/scopes", scopes="  a:b   c/d ")
    assert {"a:b", "c/d"} <= set(scopes.all())
    one = credential(real, KEY)
    send(asking, f"/credentials/{one.id}/scopes", add="a:b")
    assert "a:b" in credential(real, KEY).scopes
    assert "from every credential that has it" in send(asking, "/scopes/remove", scope="a:b")
    send(asking, "/scopes/remove", scope="a:b", step="save")
    assert credential(real, KEY).scopes == one.scopes


def test_a_long_list_comes_page_by_page_and_is_searched(asking: httpx.Client, real: Real) -> None:
    with real.rig.database.begin() as work:
        for number in range(120):
            made = real.guests.consumer(f"user-{number:03}")
            work.consumers.add(made, at=real.rig.clock.now)
    first = asking.get(PAGE, params={"q": "user-"}).text
    assert first.count('data-label="Username"') == 50
    assert "120 in all" in first
    cursor = re.search(r'name="cursor" value="([^"]*)"', first)
    assert cursor
    second = asking.get(PAGE, params={"q": "user-", "cursor": cursor[1]}).text
    assert second.count('data-label="Username"') == 50
    assert "user-050" in second
    found = asking.get(PAGE, params={"q": "USER-11"}).text
    assert found.count('data-label="Username"') == 10


def test_a_viewer_looks_and_changes_nothing(asking: httpx.Client, real: Real) -> None:
    asking.cookies.set("who", Role.VIEWER.value)
    for path in ("", "/apps", "/scopes", "/users/ada", "/credentials/1"):
        shown = asking.get(f"{PAGE}{path}").text
        assert f'method="post" action="{PAGE}' not in shown
    before = real.rig.management.settings.revision()
    for path in ("", "/users/ada", "/users/ada/status", "/users/ada/remove", "/users/ada/apps"):
        send(asking, path, 403, username="x", name="x", firstname="x", step="save")
    for path in ("/users/ada/credentials", "/credentials/1/remove", "/credentials/1/status"):
        send(asking, path, 403, type="key-auth", step="save")
    send(asking, "/scopes", 403, scopes="x")
    assert real.rig.management.settings.revision() == before
    assert asking.post(f"{PAGE}/users/ada/remove", data={"step": "save"}).status_code == 403


@pytest.mark.parametrize("path", ["/guests/ada", "/users/nobody", "/credentials/99", "/apps/none"])
def test_who_is_not_there_is_told_so(asking: httpx.Client, path: str) -> None:
    assert asking.get(f"{PAGE}{path}").status_code == 404


def test_pipelines_are_listed_and_drawn(asking: httpx.Client) -> None:
    listed = asking.get("/console/pipelines").text
    assert [one in listed for one in ("orders", "shop", "none: 404")] == [True] * 3
    assert "shop" not in asking.get("/console/pipelines?q=device").text
    drawn = asking.get("/console/pipeline?name=orders").text
    for words in (
        "not tlsClientAuthenticated and pathMatch",
        "answers 403",
        "asks the agent",
        "http://10.0.3.12:8080/api",
        "url=https%3A%2F%2Fapi.example.com%2Forders%2F",
    ):
        assert words in drawn.replace("&#39;", "'")
    assert "no pipeline names this API" in asking.get("/console/pipeline?name=old").text
    assert asking.get("/console/pipeline?name=none").status_code == 404


def test_a_request_is_tested_without_scripts(asking: httpx.Client) -> None:
    def walk(status: int = 200, **fields: str) -> str:
        sent = {"csrf": CSRF, "url": "https://api.example.com/orders/7", **fields}
        answer = asking.post("/console/explain", data=sent)
        assert answer.status_code == status
        return answer.text

    shown = walk(key=f"{KEY}:{SECRET}")
    assert SECRET not in shown
    assert "What the service gets" in shown
    assert shown.count(">skipped<") == 1
    shown = walk(key=f"{KEY}:wrong")
    assert (shown.count(">refused<"), shown.count(">not reached<")) == (1, 3)
    assert "401" in shown
    assert "What the service gets" in walk(consumer="ada")
    assert "no such" in walk(422, consumer="nobody") or "nobody" in walk(422, consumer="nobody")
    assert "no address" in walk(422, client="here")
    asking.cookies.set("who", Role.VIEWER.value)
    assert "needs the role operator" in walk(403, key=f"{KEY}:{SECRET}")


def test_the_form_asks_for_what_the_type_has(site: Site) -> None:
    page = site.visit(f"{PAGE}/users/grace")
    page.get_by_text("Make a credential").click()
    kind, secret = page.get_by_label("Type"), page.get_by_label("Secret")
    name, dns = page.get_by_label("Name", exact=True), page.get_by_label("DNS name")
    expect(name).to_be_visible()
    expect(dns).to_be_hidden()
    kind.select_option(CredentialType.BASIC_AUTH.value)
    expect(name).to_be_hidden()
    kind.select_option(CredentialType.CERTIFICATE.value)
    expect(secret).to_be_hidden()
    dns.fill("grace.example.com")
    page.get_by_role("button", name="Make credential").click()
    expect(page.get_by_text("The certificate credential is made.")).to_be_visible()


def test_a_request_is_tested_from_the_picture_of_its_api(site: Site) -> None:
    page = site.visit("/console/pipeline?name=orders")
    page.get_by_role("link", name="Test a request").click()
    expect(page.get_by_label("URL", exact=True)).to_have_value(
        re.compile(r"https://api\.example\.com/orders/")
    )
    page.get_by_text("API key, password, token or consumer").click()
    page.get_by_label("API key", exact=True).fill(f"{KEY}:{SECRET}")
    page.get_by_role("button", name="Explain").click()
    expect(page.locator("#result .flow .acted")).to_have_count(5)
    expect(page.locator("#result .flow .skipped")).to_have_count(1)
    expect(page.get_by_label("The request")).to_contain_text("eg-consumer-id")
