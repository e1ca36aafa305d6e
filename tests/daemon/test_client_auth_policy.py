"""Type certificate end to end: required, names, what APIs override, report-only; and changes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import Connection, context
from tests.daemon.gateway import Certificates, World, world
from tests.daemon.life import apply, processes, refuse, rewrite, until
from tests.support.pki import Made

pytestmark = pytest.mark.daemon

REQUIRED = "Certificate authorization required to access the resource."
REFUSED = "Certificate validation failed. You are not allowed to access the resource."
APIS: dict[str, dict[str, Any]] = {
    "api": {},
    "anybody": {"required": False},
    "nobodys": {"trustedDistinguishedNames": ["CN=somebody-else"]},
    "everyones": {"trustedDistinguishedNames": []},
    "denied": {"deny": [{"distinguishedName": "CN=good"}]},
    "watched": {"trustedDistinguishedNames": ["CN=somebody-else"], "reportOnly": True},
}


def policed(document: dict[str, Any], made: Certificates) -> None:
    """Everybody must show a certificate of A or B whose name begins with g."""
    document["https"]["options"] = {}
    document["clientCertificateAuth"] = {
        "type": "certificate",
        "required": True,
        "trustedCertificates": [str(made.b.certificate_file)],
        "trustedDistinguishedNames": ["CN=g*"],
    }
    document["apiEndpoints"] = {
        name: {"paths": f"/{name}/*"} | ({"clientCertificateAuth": own} if own else {})
        for name, own in APIS.items()
    }
    proxying = {"proxy": [{"action": {"serviceEndpoint": "service"}}]}
    document["pipelines"] = {"all": {"apiEndpoints": list(APIS), "policies": [proxying]}}


@pytest.fixture(scope="module")
def policy(engine_binary: EngineBinary) -> Iterator[World]:
    with world(engine_binary, lambda made: {"default": made.entry(made.a)}, policed) as made:
        yield made


def shown(world: World, who: str) -> Made | None:
    return {"good": world.good, "of-b": world.of_b, "stranger": world.stranger}.get(who)


@pytest.mark.parametrize(
    ("api", "good", "of_b", "stranger", "nobody"),
    [
        ("api", 200, 403, 403, 401),
        ("anybody", 200, 403, 403, 200),
        ("nobodys", 403, 403, 403, 401),
        ("everyones", 200, 200, 403, 401),
        ("denied", 403, 403, 403, 401),
        ("watched", 200, 200, 200, 200),
        ("no-such-api", 404, 403, 403, 401),
    ],
)
def test_each_api_judges_by_its_own_policy_or_the_gateways(
    policy: World, api: str, good: int, of_b: int, stranger: int, nobody: int
) -> None:
    found = {
        who: policy.gateway.status(shown(policy, who), "default.example", f"/{api}/x")
        for who in ("good", "of-b", "stranger", "nobody")
    }
    assert found == {"good": good, "of-b": of_b, "stranger": stranger, "nobody": nobody}


def test_one_connection_is_judged_anew_for_each_api(policy: World) -> None:
    with policy.gateway.connect(context(policy.of_b), "default.example") as client:
        paths = ("everyones", "api", "everyones", "nobodys", "watched", "everyones")
        found = [client.ask(f"/{path}/x", "default.example").status for path in paths]
    assert found == [200, 403, 200, 403, 200, 200]


def test_refusals_have_the_seeds_words(policy: World) -> None:
    for who, detail in ((None, REQUIRED), (policy.stranger, REFUSED)):
        with policy.gateway.connect(context(who), "default.example") as client:
            reply = client.ask("/api/x", "default.example")
            assert reply.headers["content-type"] == "application/problem+json"
            assert json.loads(reply.body)["detail"] == detail


def test_plain_http_does_not_get_round_a_required_certificate(policy: World) -> None:
    def status(api: str) -> int:
        with Connection(policy.gateway.http, None) as client:
            return client.ask(f"/{api}/x", "default.example").status

    assert (status("api"), status("anybody"), status("watched")) == (401, 200, 200)
    assert status("no-such-api") == 401


def test_what_is_only_reported_is_told_with_its_reason(policy: World) -> None:
    before = len(policy.gateway.access_log())
    assert policy.gateway.status(policy.good, "default.example", "/watched/told") == 200
    line = policy.gateway.logged(lambda one: one.get("path") == "/watched/told", after=before)
    assert line["would_refuse"] == "name-not-trusted"


def test_an_untrusted_name_is_in_the_log_and_not_in_the_answer(policy: World) -> None:
    before = len(policy.gateway.access_log())
    assert policy.gateway.status(policy.of_b, "default.example", "/api/name") == 403
    line = policy.gateway.logged(lambda one: one.get("path") == "/api/name", after=before)
    assert line["reason"] == "name-not-trusted"


@pytest.fixture
def fresh(engine_binary: EngineBinary) -> Iterator[World]:
    with world(engine_binary, lambda made: {"default": made.entry(made.a)}, policed) as made:
        yield made


def test_names_act_at_once_on_open_connections_without_a_reload(fresh: World) -> None:
    gateway, auth = fresh.gateway, fresh.gateway.config["clientCertificateAuth"]
    workers = [one.pid for one in processes(gateway).workers]

    with gateway.connect(context(fresh.of_b), "default.example") as client:

        def status() -> int:
            return client.ask("/anybody/x", "default.example").status

        assert status() == 403
        auth["trustedDistinguishedNames"].append("CN=of-b")
        rewrite(gateway)
        until(lambda: status() == 200, 10)
        auth["trustedDistinguishedNames"].remove("CN=of-b")
        rewrite(gateway)
        until(lambda: status() == 403, 10)
    assert [one.pid for one in processes(gateway).workers] == workers


def test_trusted_certificates_act_without_a_reload(fresh: World) -> None:
    gateway, auth = fresh.gateway, fresh.gateway.config["clientCertificateAuth"]
    workers = [one.pid for one in processes(gateway).workers]
    with gateway.connect(context(fresh.of_b), "default.example") as client:
        assert client.ask("/everyones/x", "default.example").status == 200
        auth["trustedCertificates"] = []
        assert apply(gateway, lambda: rewrite(gateway))["reloaded"] is False
        assert client.ask("/everyones/x", "default.example").status == 403
    assert [one.pid for one in processes(gateway).workers] == workers


def test_another_type_acts_after_a_reload_and_loses_no_connection(fresh: World) -> None:
    gateway, auth = fresh.gateway, fresh.gateway.config["clientCertificateAuth"]
    with gateway.connect(context(fresh.good), "default.example") as client:
        assert client.ask("/api/x", "default.example").status == 200
        auth["required"] = False
        assert apply(gateway, lambda: rewrite(gateway))["reloaded"] is True
        assert client.ask("/api/x", "default.example").status == 200
    assert gateway.status(None, "default.example", "/api/x") == 200
    auth.clear()
    auth["type"] = "none"
    assert apply(gateway, lambda: rewrite(gateway))["reloaded"] is True
    assert gateway.status(fresh.stranger, "default.example", "/nobodys/x") == 200


def test_a_pattern_that_cannot_be_read_changes_nothing_and_is_told_at_its_line(
    fresh: World,
) -> None:
    gateway = fresh.gateway
    gateway.config["clientCertificateAuth"]["trustedDistinguishedNames"].append("CN=")
    gateway.config["clientCertificateAuth"]["trustedDistinguishedNames"].append("nonsense")
    problem = refuse(gateway, lambda: rewrite(gateway))
    assert "clientCertificateAuth.trustedDistinguishedNames[" in problem
    assert gateway.status(fresh.good, "default.example", "/api/x") == 200
    assert gateway.status(fresh.of_b, "default.example", "/api/x") == 403
