"""Whoever is named by a fingerprint does not step out of the name by another encoding."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import context
from tests.daemon.gateway import Certificates, World, world
from tests.support.pki import pem_of
from tests.support.twins import CURVES, twin_of

pytestmark = pytest.mark.daemon

SITE = "a.example"


def denying(document: dict[str, Any], made: Certificates) -> None:
    document["clientCertificateAuth"] = {
        "type": "certificate",
        "required": True,
        "trustedCertificates": [str(made.a.certificate_file)],
    }
    named = {"fingerprint": made.good.certificate.fingerprint}
    document["apiEndpoints"]["denied"] = {
        "paths": "/denied/*",
        "clientCertificateAuth": {"deny": [named]},
    }
    document["pipelines"]["open"]["apiEndpoints"].append("denied")


@pytest.fixture(scope="module")
def denied(engine_binary: EngineBinary) -> Iterator[World]:
    with world(engine_binary, lambda made: {"default": made.entry()}, denying) as made:
        yield made


@dataclass
class Shown:
    chain_file: Path
    key_file: Path


def test_the_twin_of_a_denied_certificate_is_denied(denied: World, tmp_path: Path) -> None:
    twin = twin_of(denied.good, CURVES["ec"])
    file = tmp_path / "twin.pem"
    file.write_bytes(pem_of(twin))
    with denied.gateway.connect(context(Shown(file, denied.good.key_file)), SITE) as client:
        assert client.ask("/open/x", SITE).status == 200, "it is as good as the other one"
        assert client.ask("/denied/x", SITE).status == 403
    other = denied.kit.client(denied.a, "other")
    assert denied.gateway.status(other, SITE, "/denied/x") == 200
