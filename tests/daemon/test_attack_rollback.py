"""A database that is older than what acted lets nobody in again; a person has to say so first."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.admin_rig import Api
from tests.daemon.gateway import Certificates, Running, World, free_port, world
from tests.doors.rig import ostiary

pytestmark = pytest.mark.daemon


def entries(made: Certificates) -> dict[str, Any]:
    entry = made.entry(made.a)
    return {"default": {key: value for key, value in entry.items() if key != "ca"}}


@pytest.fixture
def distrusting(any_engine: EngineBinary) -> Iterator[World]:
    """A was trusted when the last good copy was made, and is no more; then it was killed."""

    def managed(document: dict[str, Any], _made: Certificates) -> None:
        document["https"]["options"] = {}
        document["admin"] = {"port": free_port()}

    with world(any_engine, entries, managed) as made:
        gateway = made.gateway
        with Api(gateway.state) as api:
            trusted = api.trust(api.upload("partners", made.a.pem))
            api.trust(api.upload("others", made.b.pem))
            api.change("PATCH", "/gateway", {"type": "certificate", "required": True})
            assert api.change("POST", "/truststore/verify")["database"] == "sound"
            assert gateway.status(made.good, "default.example", "/open/x") == 200
            api.change("DELETE", f"/trusted/{trusted}")
            assert gateway.status(made.good, "default.example", "/open/x") == 403
        gateway.process.kill()
        gateway.process.wait()
        yield made


def damaged(state: Path) -> None:
    file = state / "ostiary.db"
    file.with_name("ostiary.db-wal").unlink(missing_ok=True)
    file.write_bytes(b"no database at all" * 1000)


def taken_away(state: Path) -> None:
    for file in state.glob("ostiary.db*"):
        file.unlink()


def older(state: Path) -> None:
    (state / "ostiary.db").write_bytes((state / "ostiary.db.last-good").read_bytes())
    (state / "ostiary.db-wal").unlink(missing_ok=True)


@pytest.mark.parametrize("harm", [damaged, taken_away, older])
def test_a_gateway_does_not_start_with_less_than_it_had_acknowledged(
    distrusting: World, harm: Callable[[Path], None]
) -> None:
    gateway = distrusting.gateway
    harm(gateway.state)
    for _ in range(2):
        gateway.launch()
        assert gateway.process.wait(60) == 1
        assert "changes made since are missing" in gateway.program_log()
        assert "ostiary trust recover" in gateway.program_log()


def test_a_stopped_gateway_changes_nothing_until_somebody_accepts_the_loss(
    distrusting: World,
) -> None:
    gateway = distrusting.gateway
    damaged(gateway.state)
    added = _ostiary(gateway, "dn", "add", "CN=good,**")
    assert added[0] == 1
    assert "changes made since are missing" in added[1]
    assert _ostiary(gateway, "trust", "recover")[0] == 0
    assert _ostiary(gateway, "trust", "remove", "partners")[0] == 0
    gateway.start()
    assert gateway.status(distrusting.good, "default.example", "/open/x") == 403
    assert gateway.status(distrusting.of_b, "default.example", "/open/x") == 200


def _ostiary(gateway: Running, *words: str) -> tuple[int, str]:
    """Exit code, and all it said."""
    where = ("-c", gateway.folder / "gateway.config.yml", "--state", gateway.state)
    done = ostiary(*words, *where)
    return done.code, done.out + done.err
