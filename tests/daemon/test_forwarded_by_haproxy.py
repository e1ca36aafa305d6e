"""HAProxy as the balancer in front, set up with the very lines that the preset shows."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ostiary.forwarded.decode import decode
from ostiary.forwarded.formats import PRESETS
from ostiary.forwarded.outcome import Forwarded
from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import Connection, context
from tests.daemon.upstream import Upstream
from tests.support.pki import Kit, Made

pytestmark = pytest.mark.daemon
PRESET = PRESETS["haproxy"]


@dataclass
class Balancer:
    port: int
    upstream: Upstream
    kit: Kit
    root: Made

    def seen(self, client: Made | None, forged: str | None = None) -> list[str]:
        """The values of the header at the service, for one request."""
        headers = [(PRESET.header, forged)] if forged else []
        with Connection(self.port, context(client)) as connection:
            assert connection.ask("/", headers=headers).status == 200
        return self.upstream.last().all(PRESET.header)


@pytest.fixture
def balancer(
    engine_binary: EngineBinary, run_folder: Path, free_port: Callable[[], int]
) -> Iterator[Balancer]:
    kit = Kit(run_folder)
    root = kit.root("clients-ca")
    site = kit.server(root, "site", dns=["default.example"])
    (run_folder / "site.both").write_bytes(
        site.chain_file.read_bytes() + site.key_file.read_bytes()
    )
    port = free_port()
    lines = (
        PRESET.settings.replace(":443", f"127.0.0.1:{port}")
        .replace("site.pem", str(run_folder / "site.both"))
        .replace("clients-ca.pem", str(root.certificate_file))
    )
    with Upstream() as upstream:
        configuration = run_folder / "balancer.cfg"
        configuration.write_text(
            "defaults\n  mode http\n  timeout connect 2s\n  timeout client 5s\n"
            f"  timeout server 5s\nfrontend site\n{lines}  default_backend service\n"
            f"backend service\n  server one 127.0.0.1:{upstream.port}\n"
        )
        process = subprocess.Popen(
            [engine_binary.path, "-db", "-f", configuration],
            env={**os.environ, **engine_binary.environment},
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for(port, process)
            yield Balancer(port, upstream, kit, root)
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        assert process.poll() is None, "the balancer did not start"
        try:
            with Connection(port):
                return
        except OSError:
            time.sleep(0.05)
    pytest.fail("the balancer did not listen")


def test_the_certificate_of_the_client_arrives(balancer: Balancer) -> None:
    client = balancer.kit.client(balancer.root, "client", key="rsa2048")
    (value,) = balancer.seen(client)
    assert decode(value.encode(), PRESET.format) == Forwarded(leaf=client.der)


def test_a_certificate_that_haproxy_does_not_trust_goes_no_further(balancer: Balancer) -> None:
    stranger = balancer.kit.client(None, "stranger")
    with pytest.raises((OSError, EOFError)):
        balancer.seen(stranger)
    assert balancer.upstream.seen == []


def test_what_a_client_forges_is_removed_or_replaced(balancer: Balancer) -> None:
    client = balancer.kit.client(balancer.root, "client")
    assert balancer.seen(None, "forged") == []
    (value,) = balancer.seen(client, "forged")
    assert decode(value.encode(), PRESET.format) == Forwarded(leaf=client.der)


def test_nothing_arrives_without_a_certificate(balancer: Balancer) -> None:
    assert balancer.seen(None) == []
