"""What plug-ins see of a request, and what becomes of their answers."""

import asyncio
import time
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from ostiary.agent.steps import StepAnswer, StepQuestion
from ostiary.compiler.asks import Ask, Outcome
from ostiary.plugins.answers import Checked, Goes, Holds, Refused
from ostiary.plugins.call import Kind, PluginCall
from ostiary.wiring.plugging import Plugging, answer_of, certificate_of, request_of
from ostiary.wiring.plugin_metrics import PluginCollector
from tests.support.pki import Kit
from tests.support.plugins import importable, install

COUNTING = """
import asyncio
from ostiary.plugins import Continue, PerCredential, Policy
class Counting(Policy):
    lifetime = PerCredential(60)
    def headers(self): return ["x-count"]
    async def decide(self, request, identity):
        global count
        count += 1
        await asyncio.sleep(0.05)
        if identity.consumer == "bad":
            raise RuntimeError("no")
        return Continue(set_headers={"x-count": str(count)})
count = 0
"""
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


def test_an_answer_is_remembered_as_long_as_it_says_and_until_the_configuration_changes(
    tmp_path: Path,
) -> None:
    install(tmp_path, "counting", {"counts": COUNTING}, policies={"counting": "counts:Counting"})
    clock = [0.0]
    call = replace(
        CALL, name="counting", package="counting", version="1.0", headers=("x-count",), lifetime=60
    )

    async def look(plugging: Plugging) -> None:
        async def count(consumer: str = "") -> str | None:
            question = replace(QUESTION, consumer=consumer)
            until = time.monotonic() + 30
            while (answer := await plugging(ASK, call, question)).outcome is None:
                assert time.monotonic() < until  # its process has just been begun
            return answer.headers.get(0)

        plugging.have([call])
        assert await asyncio.gather(*(count() for _ in range(20))) == ["1"] * 20
        assert (await count("other"), await count()) == ("2", "1")
        clock[0] = 59.9
        assert await count() == "1"
        clock[0] = 60.1
        assert await count() == "3"
        plugging.have([call])
        assert await count() == "4"
        assert (await count("bad"), await count("bad"), await count("new")) == (None, None, "7")
        metrics = {
            (sample.labels["outcome"], sample.value)
            for metric in PluginCollector(lambda: plugging.counters).collect()
            for sample in metric.samples
            if sample.name == "ostiary_plugin_calls_total"
        }
        assert {("failed", 2.0)} < metrics
        (process,) = plugging.processes.values()
        plugging.have([])
        assert plugging.processes == {}
        await plugging.end()
        assert not Path(f"/proc/{process}").exists()

    async def run() -> None:
        plugging = Plugging(lambda: clock[0])
        try:
            await look(plugging)
        finally:
            await plugging.end()

    with importable(tmp_path):
        asyncio.run(run())


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
