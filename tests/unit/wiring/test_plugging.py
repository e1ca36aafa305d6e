"""What plug-ins see of a request, and what becomes of their answers."""

from datetime import UTC
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from ostiary.agent.steps import StepAnswer, StepQuestion
from ostiary.compiler.asks import Ask, Outcome
from ostiary.plugins.answers import Checked, Goes, Holds, Refused
from ostiary.plugins.call import Kind, PluginCall
from ostiary.wiring.plugging import answer_of, certificate_of, request_of
from tests.support.pki import Kit

CALL = PluginCall(
    kind=Kind.POLICY, name="n", package="p", version="1", parameters="{}", headers=("x-a", "x-b")
)
ASK = Ask(CALL, "p", 0, {7: {"apiEndpointName": "orders"}})
QUESTION = StepQuestion(
    ask=ASK.id,
    method="POST",
    secure=True,
    url="/a/b?c=d?e",
    original="/",
    headers="host: a.example:8443\r\nx-a: 1\r\nx-a:  \udcfc \r\nx-empty:\r\n\r\n",
    client="192.0.2.1",
    consumer="",
    id="the-id",
    admitted=False,
    certificate=b"",
    route=7,
    variables="",
    body=None,
)


def test_a_request_is_told_by_its_parts() -> None:
    request = request_of(ASK, QUESTION)
    assert (request.scheme, request.host) == ("https", "a.example:8443")
    assert (request.path, request.query) == ("/a/b", "c=d?e")
    assert request.headers["x-a"] == ("1", "\xfc")
    assert request.headers["x-empty"] == ("",)
    assert (request.api, request.client, request.id) == ("orders", "192.0.2.1", "the-id")


def test_a_certificate_is_told_by_its_facts(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "a,b"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "north"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "south"),
        ]
    )
    made = kit.client(kit.root("root"), "client", subject=name, dns=["a.example"], serial=10)
    told = certificate_of(made.certificate.der)
    assert told.subject == "OU=south,OU=north,CN=a\\,b"
    assert told.names == {"CN": ("a,b",), "OU": ("north", "south")}
    assert told.issuer == "CN=root"
    assert told.alternative_names == ("DNS:a.example",)
    assert told.serial == "0A"
    assert told.fingerprint == made.certificate.fingerprint
    assert told.not_after == made.certificate.not_after
    assert told.not_before is not None
    assert told.not_before.tzinfo is UTC


@pytest.mark.parametrize(
    ("checked", "answer"),
    [
        (Holds(True), StepAnswer(outcome=Outcome.TRUE)),
        (Holds(False), StepAnswer(outcome=Outcome.FALSE)),
        (Goes({"x-b": "1"}), StepAnswer(outcome=Outcome.DONE, headers={1: "1"})),
        (Goes({"x-a": None}), StepAnswer(outcome=Outcome.DONE, headers={0: None})),
        (Refused(429, "why"), StepAnswer(outcome=Outcome.REFUSED, status=429, text="why")),
    ],
)
def test_an_answer_becomes_variables(checked: Checked, answer: StepAnswer) -> None:
    assert answer_of(CALL, checked) == answer
