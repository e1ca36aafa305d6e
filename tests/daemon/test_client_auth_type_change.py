"""The type of client certificate authentication changes, and who stays allowed does not notice."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import context
from tests.daemon.gateway import Certificates, World, world
from tests.daemon.life import apply, rewrite, until
from tests.daemon.load import Load

pytestmark = pytest.mark.daemon

SITE = "a.example"
NONE = {"type": "none"}
CERTIFICATE = {"type": "certificate", "required": True}
HEADER = {
    "type": "header",
    "required": False,
    "headerName": "X-Client-Cert",
    "trustedProxies": ["127.0.0.9"],
}


def settings(document: dict[str, Any], made: Certificates) -> None:
    document["https"]["options"] = {}
    document["clientCertificateAuth"] = {
        **CERTIFICATE,
        "trustedCertificates": [str(made.a.certificate_file)],
    }
    document["apiEndpoints"]["own"] = {
        "host": SITE,
        "paths": "/own/*",
        "clientCertificateAuth": {"trustedDistinguishedNames": ["CN=good"]},
    }
    document["pipelines"]["open"]["apiEndpoints"].append("own")


@pytest.fixture(scope="module")
def changing(engine_binary: EngineBinary) -> Iterator[World]:
    with world(engine_binary, lambda made: {"default": made.entry()}, settings) as made:
        yield made


def change_to(it: World, auth: dict[str, Any]) -> None:
    trusted = it.gateway.config["clientCertificateAuth"]["trustedCertificates"]
    it.gateway.config["clientCertificateAuth"] = {**auth, "trustedCertificates": trusted}
    apply(it.gateway, lambda: rewrite(it.gateway))


@pytest.mark.parametrize("path", ["/open/x", "/own/x"])
def test_whoever_stays_allowed_is_served_while_the_type_changes(changing: World, path: str) -> None:
    load = Load(changing, path)
    threads = [
        load.keep("new", load.newcomer(SITE)),
        load.keep("kept", load.regular(SITE, 0.002)),
        load.keep("kept too", load.regular(SITE, 0.01)),
        load.keep("h2", load.multiplexer(SITE)),
    ]
    for auth in (NONE, CERTIFICATE, HEADER, CERTIFICATE):
        change_to(changing, auth)
        for kind, count in dict(load.answers).items():
            until(lambda kind=kind, count=count: load.answers[kind] > count + 3)  # type: ignore[misc]
    load.ending.set()
    for thread in threads:
        thread.join(60)
    assert load.faults == []


def test_whoever_is_no_longer_trusted_is_not_served_by_the_workers_before(changing: World) -> None:
    with changing.gateway.connect(context(changing.good), SITE) as connection:
        assert connection.ask("/own/x", SITE).status == 200
        changing.gateway.config["apiEndpoints"]["own"]["clientCertificateAuth"] = {
            "trustedDistinguishedNames": ["CN=somebody else"]
        }
        change_to(changing, HEADER | {"required": True})
        with contextlib.suppress(EOFError, OSError):
            assert connection.ask("/own/x", SITE).status == 403
