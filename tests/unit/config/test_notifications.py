"""The section ``notifications``."""

import base64

import pytest

from ostiary.config.load import Loaded, load
from ostiary.kernel.notices import Topic, chosen
from ostiary.kernel.problems import ConfigRefused

SECRET = f"whsec_{base64.b64encode(b'k' * 32).decode()}"
GOOD = f"url: https://hooks.example/in?key=hidden, secret: {SECRET}"


def loaded(section: str, **environ: str) -> Loaded:
    text = f"http: {{port: 8080}}\nnotifications:\n  {section}\n"
    return load(text, "g.yml", environ)


def problems(section: str) -> list[str]:
    with pytest.raises(ConfigRefused) as caught:
        loaded(section)
    return [str(one) for one in caught.value.problems]


def test_left_out_it_warns_of_ends_and_has_no_webhooks() -> None:
    found = load("http: {port: 8080}\n", "g.yml", {}).document.notifications
    assert found.expiry.days == (90, 30, 14, 7, 1)
    assert found.expiry.crl_hours == (24, 4)
    assert found.webhooks == {}


def test_a_webhook_has_its_defaults() -> None:
    found = loaded(f"webhooks: {{ops: {{{GOOD}}}}}")
    webhook = found.document.notifications.webhooks["ops"]
    assert webhook.events == ("*",)
    assert (webhook.timeout_ms, webhook.patience.days) == (15_000, 3)
    assert found.warnings == ()


def test_the_secret_may_come_from_the_environment() -> None:
    section = "webhooks: {ops: {url: 'https://a.example', secret: '${HOOK}'}}"
    assert loaded(section, HOOK=SECRET).document.notifications.webhooks["ops"].secret == SECRET


def test_days_are_put_in_order_and_may_be_none() -> None:
    assert loaded("expiry: {days: [1, 30, 1, 7]}").document.notifications.expiry.days == (30, 7, 1)
    assert loaded("expiry: {days: []}").document.notifications.expiry.days == ()


def test_neither_secret_nor_url_is_shown_with_the_document() -> None:
    document = loaded(f"webhooks: {{ops: {{{GOOD}}}}}").document
    assert SECRET not in repr(document)
    assert "hidden" not in repr(document)


@pytest.mark.parametrize(
    ("webhook", "says"),
    [
        ("url: https://a.example", "no secret given"),
        (f"url: https://a.example, secret: {SECRET}, secretFile: x", "secretFile both given"),
        ("url: https://a.example, secret: hush-hush-and-hush", "does not begin with whsec_"),
        ("url: https://a.example, secret: whsec_aHVzaA==", "must have 24 to 64"),
        (f"url: ftp://a.example, secret: {SECRET}", "isn't a URL"),
        (f"url: 'https://u:hidden@a.example', secret: {SECRET}", "user name or password"),
        (f"url: 'https://a.example/x?key=hidden more', secret: {SECRET}", "the query of the URL"),
        (f"url: 'https://a.example/hidden path', secret: {SECRET}", "the URL can't be used"),
        (f"url: https://a.example, secret: {SECRET}, events: [client.blockd]", "did you mean"),
        (f"url: https://a.example, secret: {SECRET}, events: []", "must not be empty"),
        (f"url: https://a.example, secret: {SECRET}, timeoutMs: 1", "100"),
        (f"url: https://a.example, secret: {SECRET}, giveUpAfter: 3", "isn't a duration"),
        (f"url: https://a.example, secret: {SECRET}, sekret: 1", "sekret"),
    ],
)
def test_what_can_not_be_used_is_told_with_its_place_and_without_the_secret(
    webhook: str, says: str
) -> None:
    (told,) = problems(f"webhooks: {{ops: {{{webhook}}}}}")
    assert told.startswith("g.yml:3:")
    assert says in told
    for secret in ("hush-hush", "aHVzaA", "hidden", SECRET):
        assert secret not in told


def test_a_name_that_could_be_no_label_is_refused() -> None:
    (told,) = problems(f"webhooks: {{'a b': {{{GOOD}}}}}")
    assert "isn't a name for a webhook" in told


def test_plain_http_beyond_this_host_is_pointed_out() -> None:
    for host, warned in (("hooks.example", True), ("127.0.0.1", False), ("localhost", False)):
        found = loaded(f"webhooks: {{a: {{url: 'http://{host}:8000/', secret: {SECRET}}}}}")
        assert any("in the open" in str(one) for one in found.warnings) is warned


def test_a_group_chooses_its_topics() -> None:
    assert chosen(["crl.*"]) == {Topic.CRL_EXPIRING, Topic.CRL_EXPIRED}
    assert chosen(["client.blocked"]) == {Topic.CLIENT_BLOCKED}
    assert chosen(["*"]) == set(Topic)
