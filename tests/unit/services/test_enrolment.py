"""The listener for enrolment, from the document to the engine's files."""

import pytest

from ostiary.compiler.bundle import Place
from ostiary.kernel.problems import ConfigRefused
from ostiary.services.prepare import Prepared
from tests.unit.services import support
from tests.unit.services.support import TEXT

PLACE = Place(folder="/f", run_folder="/r", revision=1, dual_stack=False)


def prepared(est: str) -> Prepared:
    return support.prepared(f"{TEXT}pki: {{port: 8081, est: {{port: 8447{est}}}}}\n")


def test_the_certificate_of_https_is_shared_unless_there_is_another() -> None:
    shared = prepared("").bundle(PLACE).files
    other = prepared(", tls: {key: site.key, cert: site.crt}").bundle(PLACE).files
    assert shared["est.pem"] == other["est.pem"]
    assert shared["est.pem"].count(b"-----BEGIN CERTIFICATE-----") == 1
    assert b"PRIVATE KEY" in shared["est.pem"]


def test_nobody_can_say_himself_who_he_is() -> None:
    engine = prepared("").bundle(PLACE).files["haproxy.cfg"].decode()
    listener = engine.split("frontend ost_est\n")[1].split("\n\n")[0]
    assert "bind *:8447 ssl crt '/f/est.pem' " in listener
    for header in ("X-Ostiary-Client-Address", "X-Ostiary-Client-Fingerprint"):
        assert f"http-request set-header {header} %[" in listener
    assert "server python unix@/r/est.sock" in engine


def test_without_enrolment_there_is_nothing_of_it() -> None:
    files_of = support.prepared().bundle(PLACE).files
    assert "est.pem" not in files_of


@pytest.mark.parametrize(
    ("est", "word"),
    [
        (", registrars: ['CN']", "registrars"),
        (", registrars: [7, '']", "registrars"),
        (", tls: {key: foreign.key, cert: site.crt}", "key"),
        (", tls: {key: nowhere, cert: nowhere}", "nowhere"),
        (", colour: red", "colour"),
        (", approval: perhaps", "approval"),
    ],
)
def test_what_can_not_be_is_refused_at_its_place(est: str, word: str) -> None:
    with pytest.raises(ConfigRefused) as refused:
        prepared(est)
    assert any(word in str(one) and "pki.est" in one.path for one in refused.value.problems)
