"""The public listener beside a gateway: served whatever happens to its process, and no longer."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ostiary.supervisor.binary import EngineBinary
from ostiary.x509.pem import read_crls
from tests.daemon.gateway import Certificates, World, free_port, world
from tests.doors.cli_rig import call

pytestmark = pytest.mark.daemon

_PATIENCE = 90


@pytest.fixture
def ours(any_engine: EngineBinary) -> Iterator[World]:
    """A gateway with a public listener, and no authority yet."""

    def with_listener(document: dict[str, Any], made: Certificates) -> None:
        document["admin"] = {"enabled": False}
        document["pki"] = {"port": free_port()}

    with world(any_engine, lambda made: {"default": made.entry()}, with_listener) as made:
        yield made


def ca(made: World, *words: object) -> None:
    done = call("ca", *words, "--state", made.gateway.state)
    assert done.code == 0, done.said


def until(look: Callable[[], bool], made: World) -> None:
    end = time.monotonic() + _PATIENCE
    while not look():
        assert time.monotonic() < end, made.gateway.program_log()[-3000:]
        time.sleep(0.05)


def below(pid: int) -> list[int]:
    """Processes that this one started, and those that they did."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [one for child in map(int, children) for one in (child, *below(child))]


def command_of(pid: int) -> bytes:
    """Empty once it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def server_of(gateway: int) -> int:
    """The process that serves the public listener; 0 while there is none."""
    found = (one for one in below(gateway) if b"publishing.serving" in command_of(one))
    return next(found, 0)


def test_it_is_served_again_after_its_death_and_ends_with_the_gateway(ours: World) -> None:
    url = f"http://127.0.0.1:{ours.gateway.config['pki']['port']}"
    with httpx.Client(base_url=url, trust_env=False, timeout=_PATIENCE) as client:
        # Whoever asks early waits: the port is open before there is anything to serve.
        assert "no certificate authority here yet" in client.get("/").text
        ca(ours, "init", "Ours", "--alone", "--publish", url)
        until(lambda: client.get("/").text.count("answers</span>") == 2, ours)
        first = server_of(ours.gateway.process.pid)
        os.kill(first, signal.SIGKILL)
        until(lambda: server_of(ours.gateway.process.pid) not in {0, first}, ours)
    with httpx.Client(base_url=url, trust_env=False, timeout=_PATIENCE) as client:
        assert len(read_crls(client.get("/crl/all.pem").content)) == 2
    assert '"event": "pki-ended"' in ours.gateway.program_log()
    gateway = ours.gateway.process
    left = below(gateway.pid)
    assert server_of(gateway.pid) in left
    gateway.kill()
    gateway.wait(60)
    until(lambda: not any(map(command_of, left)), ours)
