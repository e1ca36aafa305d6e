"""The service is told the chain that was verified, and no other (RFC 9440 section 2.3)."""

import base64
import signal
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
import yaml

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import context
from tests.daemon.gateway import Certificates, World, mixed, world
from tests.support.pki import Made

pytestmark = pytest.mark.daemon

NAME = "Client-Cert-Chain"
FORGED = [(NAME, ":MAA=:"), ("client_cert_chain", ":MAA=:"), ("CLIENT-CERT-CHAIN", ":MAA=:")]


@pytest.fixture(scope="module")
def telling(engine_binary: EngineBinary) -> Iterator[World]:
    def name(document: dict[str, Any], _: Certificates) -> None:
        document["identity"] = {"headers": {"clientCertChain": NAME}}

    with world(engine_binary, mixed, name) as made:
        yield made


def told(telling: World) -> list[bytes]:
    """What the service was told with the last request; empty without the header."""
    values = telling.upstream.last().all(NAME)
    assert len(values) < 2, values
    items = values[0].split(", ") if values else []
    assert all(item[0] == item[-1] == ":" for item in items), items
    return [base64.b64decode(item[1:-1], validate=True) for item in items]


def below(telling: World, length: int, prefix: str) -> Made:
    """A client with this many intermediates between itself and A."""
    return telling.kit.client(telling.kit.chain_of(telling.a, length, prefix), f"{prefix}-client")


def test_the_chain_is_told_as_it_was_verified(telling: World) -> None:
    client = below(telling, 2, "two")
    extra = telling.kit.root("unrelated")
    client.chain_file.write_bytes(client.chain_file.read_bytes() + extra.pem)
    for sni in ("a.example", "strict.example"):
        for _ in range(2):  # its verdict is remembered for the second connection
            with telling.gateway.connect(context(client), sni) as connection:
                for _ in range(2):
                    assert connection.ask("/api/x", sni, headers=FORGED).status == 200
                    assert told(telling) == list(client.chain)
                    assert telling.upstream.last().one("Client-Cert")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_chain_is_told_on_a_resumed_session_too(
    telling: World, version: ssl.TLSVersion
) -> None:
    client = below(telling, 1, f"resumed{version.name}")
    tls = context(client, version=version)
    with telling.gateway.connect(tls, "a.example") as first:
        assert first.ask("/api/x", "a.example").status == 200
        session = first.session
    with telling.gateway.connect(tls, "a.example", session=session) as second:
        assert second.resumed
        for _ in range(2):
            assert second.ask("/api/x", "a.example").status == 200
            assert told(telling) == list(client.chain)


def test_streams_of_one_connection_are_each_told(telling: World) -> None:
    client = below(telling, 1, "streams")
    second = telling.gateway.http2(client, "a.example")
    with second.connection:
        before = len(telling.upstream.seen)
        streams = [second.request("/api/x", "a.example") for _ in range(8)]
        assert {second.read(stream).status for stream in streams} == {200}
    seen = telling.upstream.seen[before:]
    expected = f":{base64.b64encode(client.chain[0]).decode()}:"
    assert [one.one(NAME) for one in seen] == [expected] * 8


@pytest.mark.parametrize("who", ["good", "stranger", "of_b", "none"])
def test_who_has_no_verified_intermediates_has_no_such_header(telling: World, who: str) -> None:
    tls = context(getattr(telling, who, None))
    path = "/api/x" if who == "good" else "/open/x"
    with telling.gateway.connect(tls, "a.example") as connection:
        for _ in range(2):
            assert connection.ask(path, "a.example", headers=FORGED).status == 200
            assert not telling.upstream.last().all(NAME)
    with telling.gateway.connect() as plain:
        assert plain.ask("/open/x", "a.example", headers=FORGED).status == 200
    assert not telling.upstream.last().all(NAME)


def test_a_stranger_s_own_chain_is_not_told(telling: World) -> None:
    stranger = telling.kit.client(
        telling.kit.intermediate(telling.kit.root("their-root"), "their-middle"), "theirs"
    )
    with telling.gateway.connect(context(stranger), "a.example") as connection:
        assert connection.ask("/open/x", "a.example").status == 200
    assert not telling.upstream.last().all(NAME)
    assert not telling.upstream.last().all("Client-Cert")


def test_a_chain_near_the_limit_fits_beside_a_large_request(telling: World) -> None:
    middle = telling.kit.intermediate(telling.a, "large-middle", padding=5_000)
    client = telling.kit.client(middle, "large-client")
    filler = [(f"X-Filler-{number}", "x" * 1_000) for number in range(20)]
    with telling.gateway.connect(context(client), "a.example") as connection:
        assert connection.ask("/api/x", "a.example", headers=filler).status == 200
    assert told(telling) == [middle.der]
    assert len(telling.upstream.last().one(NAME) or "") > 7_000


def test_a_chain_beyond_the_limit_is_left_out_and_logged(telling: World) -> None:
    middle = telling.kit.intermediate(telling.a, "huge-middle", padding=7_000)
    client = telling.kit.client(middle, "huge-client")
    with telling.gateway.connect(context(client), "a.example") as connection:
        assert connection.ask("/api/x", "a.example").status == 200
    seen = telling.upstream.last()
    assert not seen.all(NAME)
    assert seen.one("X-Client-Cert-Subject-DN") == "CN=huge-client"
    assert "chain-too-long" in telling.gateway.program_log()


def test_without_the_agent_nobody_is_admitted_without_the_chain(telling: World) -> None:
    client = below(telling, 1, "alone")
    with telling.gateway.connect(context(client), "strict.example") as before:
        assert before.ask("/api/x", "strict.example").status == 200
        telling.gateway.process.send_signal(signal.SIGSTOP)
        try:
            # The verdict is remembered, the chain is not known on a new connection.
            assert telling.gateway.status(client, "strict.example") == 503
            assert telling.gateway.status(client, "a.example") == 403
            assert before.ask("/api/x", "strict.example", headers=FORGED).status == 200
            assert told(telling) == list(client.chain)
        finally:
            telling.gateway.process.send_signal(signal.SIGCONT)


def test_an_open_connection_is_told_the_chain_of_the_newest_verdict(
    engine_binary: EngineBinary,
) -> None:
    def name(document: dict[str, Any], _: Certificates) -> None:
        document["identity"] = {"headers": {"clientCertChain": NAME}}

    with world(engine_binary, mixed, name) as telling, ExitStack() as closing:
        of_a = telling.kit.intermediate(telling.a, "cross-a", common_name="cross")
        of_b = telling.kit.intermediate(telling.b, "cross-b", common_name="cross", key=of_a.key)
        # It ends soon, so that each verdict on it, old and new, is good until the same second.
        ends = telling.kit.now + timedelta(minutes=10)
        client = telling.kit.client(of_a, "crossed", not_after=ends)
        client.chain_file.write_bytes(client.pem + of_a.pem + of_b.pem)
        tls = context(client)
        opened = [telling.gateway.connect(tls, "a.example") for _ in range(3)]
        for connection in opened:
            closing.enter_context(connection)
        for connection in opened[:2]:
            assert connection.ask("/api/x", "a.example").status == 200
            assert told(telling) == [of_a.der]
        telling.gateway.config["https"]["tls"]["a.example"]["ca"] = [
            str(telling.b.certificate_file)
        ]
        file = telling.gateway.folder / "gateway.config.yml"
        file.write_text(yaml.safe_dump(telling.gateway.config, sort_keys=False))
        until = time.monotonic() + 30
        while "change-applied" not in telling.gateway.program_log():
            assert time.monotonic() < until
            time.sleep(0.02)
        # The first to ask has the verdict judged again; the others find it remembered.
        for connection in opened:
            assert connection.ask("/api/x", "a.example").status == 200
            assert told(telling) == [of_b.der]
