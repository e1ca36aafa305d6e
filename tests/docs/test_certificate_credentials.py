"""The page about certificate credentials, followed to the letter beside a gateway set up by it."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from ostiary.compiler.client_cert_steps import answer_of
from ostiary.consumers.reason import CredentialReason
from tests.daemon.gateway import Certificates, world
from tests.docs.pages import ROOT, blocks, prose
from tests.docs.readers import Quick, engine, needs
from tests.support.ports import free_port

PAGE = ROOT / "docs" / "how-to" / "certificate-credentials.md"


@pytest.mark.daemon
def test_a_reader_who_follows_the_page_gets_the_answers_it_prints(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    needs("curl", "bash")
    (written,) = (block.text for block in blocks(PAGE) if block.language == "yaml")

    def change(document: dict[str, Any], made: Certificates) -> None:
        del document["policies"]
        told = yaml.safe_load(written)
        kept = ("clientCertificateAuth", "apiEndpoints", "pipelines")
        document.update({name: told[name] for name in kept})
        document["admin"] = {"port": free_port()}
        document["https"]["options"] = {}
        document["serviceEndpoints"]["backend"] = document["serviceEndpoints"].pop("service")
        shutil.copy(made.a.certificate_file, made.a.folder / "clients-ca.pem")

    with world(engine(), lambda made: {"default": made.entry()}, change) as made:
        folder: Path = made.folder
        for name, client in (("client", made.good), ("new", made.kit.client(made.a, "later"))):
            shutil.copy(client.chain_file, folder / f"{name}.crt")
            shutil.copy(client.key_file, folder / f"{name}.key")
        monkeypatch.chdir(folder)
        surroundings = {"OSTIARY_STATE": str(made.gateway.state)}
        with Quick(folder, surroundings, {"4444": made.gateway.https}) as walk:
            walk.follow(blocks(PAGE))
            assert walk.compared == 6


def test_the_page_has_every_reason_that_is_of_certificates_with_its_status() -> None:
    page = PAGE.read_text()
    others = {CredentialReason.WRONG, CredentialReason.MALFORMED, CredentialReason.TOO_MANY}
    of_tokens = {one for one in CredentialReason if 20 <= one.code < 40}
    for reason in set(CredentialReason) - others - of_tokens:
        assert f"| {answer_of(reason)[0]} | `{reason.value}` |" in page, reason
    assert "`would_refuse`" in prose(PAGE)
