"""Which APIs a client called is known, also where all of them share the gateway's policy."""

from typing import Any

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.admin_rig import Api
from tests.daemon.clients import context
from tests.daemon.forwarding import HEADER, forwarding, in_header, peer
from tests.daemon.gateway import Certificates, world
from tests.daemon.life import until
from tests.daemon.test_admin_changes import entries, managed

pytestmark = pytest.mark.daemon


def called(api: Api, name: str) -> dict[str, int]:
    """Who called an API, and how many requests each made in all."""
    return {one["subject"]: one["count"] for one in api.get("/clients", api=name)["items"]}


def before_long(api: Api, wanted: dict[str, dict[str, int]]) -> None:
    """Until that is told of each API; the engine's tables are read each 10 s."""
    until(
        lambda: {name: called(api, name) for name in wanted} == wanted,
        60,
        f"never {wanted}: {api.get('/clients')}",
    )


def test_a_kept_connection_s_apis_are_all_told(any_engine: EngineBinary) -> None:
    with world(any_engine, entries, managed) as made, Api(made.gateway.state) as api:
        gateway = made.gateway
        api.trust(api.upload("partners", made.a.pem))
        api.change("PATCH", "/gateway", {"type": "certificate"})
        with gateway.connect(context(made.good), "default.example") as connection:
            for path in ("/open/x", "/open/x", "/nowhere", "/api/x", "/api/x", "/open/x"):
                connection.ask(path)
        assert gateway.status(made.stranger, "default.example", "/api/x") == 403
        before_long(api, {"open": {"CN=good": 6}, "api": {"CN=good": 6, "CN=stranger": 1}})
        # One with several APIs is shown once in a preview of what holds for all of them.
        done = api.change("POST", "/names", {"patterns": ["CN=x"]}, dryRun=True)
        told = [(one["subject"], one["api"]) for one in done["preview"]["examples"]]
        assert told == [("CN=good", "")]


def test_an_api_is_told_after_it_had_a_policy_of_its_own(any_engine: EngineBinary) -> None:
    with world(any_engine, entries, managed) as made, Api(made.gateway.state) as api:
        api.trust(api.upload("partners", made.a.pem))
        api.change("PATCH", "/gateway", {"type": "certificate"})
        api.change("PATCH", "/apis/open", {"required": True})
        assert made.gateway.status(made.good, "default.example", "/open/x") == 200
        assert made.gateway.status(made.good, "default.example", "/api/x") == 200
        before_long(api, {"open": {"CN=good": 2}, "api": {"CN=good": 2}})


def test_who_would_be_refused_where_that_is_only_reported_is_told_so(
    any_engine: EngineBinary,
) -> None:
    def reporting(document: dict[str, Any], made: Certificates) -> None:
        managed(document, made)
        document["clientCertificateAuth"] = {"type": "certificate"}
        document["apiEndpoints"]["open"]["clientCertificateAuth"] = {
            "reportOnly": True,
            "trustedDistinguishedNames": ["CN=nobody"],
        }

    with world(any_engine, lambda made: {"default": made.entry(made.a)}, reporting) as made:
        gateway = made.gateway
        with Api(gateway.state) as api:
            for who in (made.good, made.stranger):
                assert gateway.status(who, "default.example", "/open/x") == 200
            assert gateway.status(made.of_b, "default.example", "/api/x") == 403
            until(lambda: len(api.get("/clients")["items"]) == 3, 30, "never three")
            names = ("subject", "admitted", "wouldRefuse", "reason")
            found = [tuple(one[name] for name in names) for one in api.get("/clients")["items"]]
            assert sorted(found) == [
                ("CN=good", True, True, "name-not-trusted"),
                ("CN=of-b", False, False, "issuer-missing"),
                ("CN=stranger", True, True, "issuer-missing"),
            ]
            passed = api.get("/clients", admitted=True)["items"]
            assert {one["subject"] for one in passed} == {"CN=good", "CN=stranger"}
            done = api.change("PATCH", "/apis/api", {"reportOnly": True}, dryRun=True)
            assert done["preview"]["newlyRefused"] == 0


def test_each_client_in_a_header_has_its_own_apis(engine_binary: EngineBinary) -> None:
    def seen(document: dict[str, Any], _made: object) -> None:
        document["admin"] = {"enabled": False}

    with forwarding(engine_binary, seen) as made, Api(made.gateway.state) as api:
        other = made.kit.client(made.a, "other")
        with peer(made) as balancer:
            for client, path in ((made.good, "/open/x"), (other, "/open/x"), (other, "/api/x")):
                shown = [(HEADER, in_header(client))]
                assert balancer.ask(path, headers=shown).status == 200
        before_long(api, {"open": {"CN=good": 1, "CN=other": 2}, "api": {"CN=other": 2}})
