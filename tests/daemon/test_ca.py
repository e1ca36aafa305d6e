"""Our own authority and the running gateway: issued is let in, revoked is shut out, at once."""

import contextlib
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon import gateway
from tests.daemon.admin_rig import Api
from tests.daemon.clients import Connection, context
from tests.daemon.gateway import Certificates, World, free_port, nobody_to_ask, world
from tests.doors.cli_rig import call

pytestmark = pytest.mark.daemon

SNI = "default.example"


class Files:
    """What ``context`` needs of a client: its files in a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self.chain_file = folder / f"{name}.crt"
        self.key_file = folder / f"{name}.key"


@contextlib.contextmanager
def with_authority(binary: EngineBinary) -> Iterator[World]:
    """Every client must show a certificate; the lists are those of an authority in its folder."""

    def begun(document: dict[str, Any], made: Certificates) -> None:
        folder = made.kit.folder
        ca(folder, "init", "Ours", "--alone", "--crl", folder / "ours.crl")
        document["admin"] = {"port": free_port()}
        document["engine"] = {"drainTimeoutMs": 10_000}
        document["https"]["options"] = {"crl": [str(folder / "ours.crl")]}
        document["clientCertificateAuth"] = {"type": "certificate", "required": True}

    with world(binary, lambda made: {"default": made.entry()}, begun) as made:
        yield made


@pytest.fixture
def ours(engine_binary: EngineBinary) -> Iterator[World]:
    with with_authority(engine_binary) as made:
        yield made


def ca(folder: Path, *words: object) -> None:
    done = call("ca", *words, "--state", folder / "state")
    assert done.code == 0, done.said


def issued(made: World, name: str, *words: object) -> Any:
    ca(made.folder, "issue", name, "--out", made.folder, *words)
    return Files(made.folder, name)


def trust_the_root(made: World) -> None:
    """As ``ca init`` does when it is not told to be alone."""
    state = made.gateway.state
    root = state / "ca" / "root.crt"
    done = call("trust", "add", root, "--state", state, "-c", made.folder / "gateway.config.yml")
    assert done.code == 0, done.said
    assert "stopped" not in done.err


def answer(connection: Connection) -> int:
    """The status; 0 where the connection was closed instead, as it may be after a change."""
    try:
        return connection.ask("/api/x", SNI).status
    except (EOFError, ConnectionError, ssl.SSLError):
        return 0


def is_refused(connection: Connection) -> None:
    """Requests on the same connection until it is let in no more."""
    until = time.monotonic() + 30
    while (status := answer(connection)) not in {403, 0}:
        assert (status, time.monotonic() < until) == (200, True)
        time.sleep(0.02)


def test_who_is_issued_is_let_in_and_who_is_revoked_is_refused_on_the_open_connection(
    ours: World,
) -> None:
    gateway = ours.gateway
    good, gone = issued(ours, "good"), issued(ours, "gone")
    assert gateway.status(good, SNI) == 403
    trust_the_root(ours)
    tls = context(gone)
    with gateway.connect(tls, SNI) as idle, gateway.connect(context(good), SNI) as other:
        assert [one.ask("/api/x", SNI).status for one in (idle, other)] == [200, 200]
        session = idle.session
        ca(ours.folder, "revoke", "gone", "--reason", "keyCompromise")
        is_refused(idle)
        served = len(ours.upstream.seen)
        with gateway.connect(tls, SNI, session=session) as resumed:
            assert answer(resumed) == 403
        assert gateway.status(gone, SNI) == 403
        assert len(ours.upstream.seen) == served
        with nobody_to_ask(ours):
            assert answer(other) == 200, "what is remembered of the others still counts"
    assert gateway.status(good, SNI) == 200
    gateway.logged(lambda line: line.get("reason") == "revoked")


def test_a_new_issuing_authority_takes_over_with_no_change_at_the_gateway(ours: World) -> None:
    trust_the_root(ours)
    old = issued(ours, "old")
    assert ours.gateway.status(old, SNI) == 200
    ca(ours.folder, "rotate")
    new = issued(ours, "new", "--key", "rsa")
    assert [ours.gateway.status(one, SNI) for one in (old, new)] == [200, 200]
    ca(ours.folder, "revoke", "Ours issuing 1", "--reason", "cACompromise")
    with ours.gateway.connect(context(old), SNI) as connection:
        is_refused(connection)
    assert ours.gateway.status(new, SNI) == 200


_SLOW = (
    "from ostiary.supervisor.watch import Watch; "
    "Watch.__init__.__kwdefaults__['interval'] = 3600; "
    "from ostiary.cli import main; main()"
)


def started_slow(*words: object, **more: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", _SLOW, *map(str, words)], **more)


def test_who_was_revoked_is_refused_when_the_command_returns(
    any_engine: EngineBinary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a gateway that would notice within the hour that a file has changed."""
    monkeypatch.setattr(gateway, "nursery", SimpleNamespace(start=started_slow))
    with with_authority(any_engine) as ours, contextlib.ExitStack() as stack:
        trust_the_root(ours)
        lines = {
            name: stack.enter_context(ours.gateway.connect(context(issued(ours, name)), SNI))
            for name in ("command", "api")
        }
        assert {answer(one) for one in lines.values()} == {200}
        ca(ours.folder, "revoke", "command")
        assert answer(lines["command"]) == 403
        assert answer(lines["api"]) == 200
        with Api(ours.gateway.state) as api:
            (one,) = api.get("/ca/certificates", search="api")["items"]
            api.change("POST", f"/ca/certificates/{one['serial']}/revoke", {})
        assert answer(lines["api"]) == 403
