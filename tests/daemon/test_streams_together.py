"""Streams of one connection run at the same time, and each is told of its own certificate.

They share the connection's variables, and HAProxy reads several answers of the agent before the
rules of the first stream go on: whatever an answer says must belong to its request alone.
"""

import base64
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from ostiary.agent.answers import Answer
from ostiary.agent.desk import Answering
from ostiary.agent.facts import Facts, header_hash
from ostiary.agent.questions import Question
from ostiary.compiler.bundle import EntryMaterial, Materials
from ostiary.compiler.scopes import HEADER_ENTRY, api_id, scope_of
from ostiary.supervisor.binary import EngineBinary
from tests.daemon.agent_rig import agent
from tests.daemon.clients import Connection, Http2, context
from tests.daemon.compiled import carried
from tests.daemon.forwarding import BALANCER, HEADER, forwarding, in_header
from tests.daemon.gateway import Certificates, World, free_port
from tests.daemon.upstream import Upstream
from tests.support.pki import Kit, Made

pytestmark = pytest.mark.daemon

STREAMS = 50
CHAIN = "Client-Cert-Chain"

Told = dict[str, tuple[str, str, str, str]]
"""By path: what the service was told of certificate, chain, subject and fingerprint."""


def telling_chains(document: dict[str, object], _: Certificates) -> None:
    document["identity"] = {"headers": {"clientCertChain": CHAIN}}


@pytest.fixture(scope="module", params=["facts", "facts-and-chain"])
def balanced(
    engine_binary: EngineBinary, request: pytest.FixtureRequest
) -> Iterator[tuple[World, bool]]:
    chain = request.param != "facts"
    with forwarding(engine_binary, telling_chains if chain else None, required=True) as made:
        yield made, chain


@contextmanager
def balancer(world: World) -> Iterator[Http2]:
    port, tls = world.gateway.https, context(alpn=["h2"])
    with Connection(port, tls, sni="default.example", source=BALANCER) as connection:
        yield Http2(connection)


def asked_together(client: Http2, paths: dict[str, list[tuple[str, str]]]) -> dict[str, int]:
    """The statuses by path, of requests that leave in one piece."""
    client.flush, flush = lambda: None, client.flush  # type: ignore[method-assign] # sent below
    streams = {path: client.request(path, headers=headers) for path, headers in paths.items()}
    client.flush = flush  # type: ignore[method-assign] # its own again
    client.flush()
    return {path: client.read(stream).status for path, stream in streams.items()}


def test_each_stream_of_a_balancer_is_told_of_its_own_client(balanced: tuple[World, bool]) -> None:
    world, chain = balanced
    issuers = [world.kit.intermediate(world.a, f"middle{chain}{number}") for number in range(5)]
    clients = [
        world.kit.client(issuers[number % 5] if chain else world.a, f"client{chain}{number}")
        for number in range(STREAMS)
    ]
    with balancer(world) as connection:
        for turn in range(6):  # asked for the first time, and with verdicts that are remembered
            wanted = {f"/api/{turn}/{number}": one for number, one in enumerate(clients)}
            order = list(wanted)
            Random(turn).shuffle(order)
            before = len(world.upstream.seen)
            found = asked_together(
                connection,
                {path: [(HEADER.lower(), header_of(wanted[path]))] for path in order},
            )
            assert found == dict.fromkeys(order, 200)
            assert told(world, before) == {
                path: expected(one, chain=chain) for path, one in wanted.items()
            }


def header_of(client: Made) -> str:
    """With its intermediates, where it has any: F5's form of several certificates is PEM."""
    if not client.chain:
        return in_header(client)
    pem = client.pem + b"".join(pem_of(one) for one in client.chain)
    return pem.decode().replace("\n", "%0A").replace("+", "%2B").replace(" ", "%20")


def pem_of(der: bytes) -> bytes:
    text = base64.encodebytes(der).replace(b"\n", b"")
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return b"\n".join([b"-----BEGIN CERTIFICATE-----", *lines, b"-----END CERTIFICATE-----", b""])


def told(world: World, after: int) -> Told:
    return {
        one.path: (
            one.one("Client-Cert") or "",
            one.one(CHAIN) or "",
            one.one("X-Client-Cert-Subject-DN") or "",
            one.one("X-Client-Cert-SHA256") or "",
        )
        for one in world.upstream.seen[after:]
    }


def expected(client: Made, *, chain: bool) -> tuple[str, str, str, str]:
    above = ", ".join(f":{base64.b64encode(one).decode()}:" for one in client.chain)
    subject = client.certificate.subject
    return (
        f":{in_header(client)}:",
        above if chain else "",
        subject,
        client.certificate.fingerprint,
    )


SCOPES = ("one", "two", "three", "plain")
DOCUMENT = """
https:
  port: {port}
  hostname: 127.0.0.1
  tls: {{default: {{key: k.pem, cert: c.pem}}}}
clientCertificateAuth: {{{auth}}}
identity: {{headers: {{clientCertChain: Client-Cert-Chain}}}}
apiEndpoints:
  one: {{paths: /one/*, clientCertificateAuth: {{trustedDistinguishedNames: ["CN=a"]}}}}
  two: {{paths: /two/*, clientCertificateAuth: {{trustedDistinguishedNames: ["CN=b"]}}}}
  three: {{paths: /three/*, clientCertificateAuth: {{trustedDistinguishedNames: ["CN=c"]}}}}
  plain: {{paths: /plain/*}}
serviceEndpoints: {{s: {{url: "http://127.0.0.1:{service}"}}}}
pipelines:
  p:
    apiEndpoints: [one, two, three, plain]
    policies: [proxy: {{action: {{serviceEndpoint: s}}}}]
"""
BY_HEADER = "type: header, headerName: X-Client-Cert, trustedProxies: [127.0.0.1]"
BY_HANDSHAKE = "type: certificate, required: true"
ENDS = [0, 2_000_000_000]
"""Verdicts that are not remembered, and such that are: each until the same second."""


@contextmanager
def one_connection(
    binary: EngineBinary, folder: Path, auth: str, answer: Answering
) -> Iterator[tuple[Http2, Upstream]]:
    """The compiled rules, an agent that answers by ``answer``, and a client with a certificate."""
    kit = Kit(folder)
    root = kit.root("root")
    server = kit.server(root, "server", dns=["default.example"])
    entry = EntryMaterial(
        certificate=server.chain_file.read_bytes(), key=server.key_file.read_bytes(), anchors=()
    )
    port, tls = free_port(), context(kit.client(root, "client"), alpn=["h2"])
    materials = Materials(entries={"default": entry})
    with Upstream() as service, agent(folder, answer):
        text = DOCUMENT.format(port=port, service=service.port, auth=auth)
        with (
            carried(binary, text, folder, port, materials),
            Connection(port, tls, sni="default.example") as connection,
        ):
            yield Http2(connection), service


def seldom(question: Question) -> None:
    """Wait with some answers, so that HAProxy gets those behind them in the same packet."""
    if zlib.crc32(repr(question).encode()) % 10 == 0:
        time.sleep(0.01)


def listed(text: str) -> str:
    """A made-up chain, that says whose it is."""
    return f":{base64.b64encode(text.encode()).decode()}:"


@pytest.mark.parametrize("until", ENDS)
def test_each_stream_is_told_the_chain_that_its_own_policy_verified(
    engine_binary: EngineBinary, run_folder: Path, until: int
) -> None:
    names = {api_id(api): api for api in SCOPES[:3]}

    def answer(question: Question) -> Answer:
        seldom(question)
        own = names.get(question.entry.partition(".")[2], "plain")
        return Answer(code=1, until=until, chain=listed(own))

    with one_connection(engine_binary, run_folder, BY_HANDSHAKE, answer) as (client, service):
        for turn in range(6):
            paths = [f"/{SCOPES[number % 4]}/{turn}/{number}" for number in range(STREAMS)]
            Random(turn).shuffle(paths)
            found = asked_together(client, {path: [] for path in paths})
            assert found == dict.fromkeys(paths, 200)
    assert len(service.seen) == 6 * STREAMS
    for one in service.seen:
        assert one.one(CHAIN) == listed(one.path.split("/")[1])


@pytest.mark.parametrize("until", ENDS)
def test_answers_that_come_in_one_packet_are_each_for_one_stream(
    engine_binary: EngineBinary, run_folder: Path, until: int
) -> None:
    def answer(question: Question) -> Answer:
        assert question.header
        seldom(question)
        value = question.header.value
        facts = Facts(
            header=header_hash(value),
            subject=f"CN=of {value.decode()}",
            fingerprint=header_hash(b"of " + value),
            certificate=base64.b64encode(value).decode(),
        )
        chain = listed(f"{question.entry} {value.decode()}")
        return Answer(code=1, until=until, chain=chain, facts=facts.actions)

    scopes = {api: scope_of(HEADER_ENTRY, api) for api in SCOPES[:3]} | {"plain": HEADER_ENTRY}
    with one_connection(engine_binary, run_folder, BY_HEADER, answer) as (client, service):
        for turn in range(6):
            paths = [f"/{SCOPES[number % 4]}/{turn}/{number % 20}/{number}" for number in range(50)]
            Random(turn).shuffle(paths)
            asked = {path: [(HEADER.lower(), path.split("/")[3])] for path in paths}
            assert asked_together(client, asked) == dict.fromkeys(paths, 200)
    assert len(service.seen) == 6 * 50
    for one in service.seen:
        _, api, _, value, _ = one.path.split("/")
        assert one.one("Client-Cert") == listed(value)
        assert one.one("X-Client-Cert-Subject-DN") == f"CN=of {value}"
        assert one.one("X-Client-Cert-SHA256") == header_hash(b"of " + value.encode()).lower()
        assert one.one(CHAIN) == listed(f"{scopes[api]} {value}")
