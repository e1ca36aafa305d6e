"""Starting: what is said, what is refused, and what a damaged state folder does."""

import json
import os
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.gateway import Running, World, mixed, world
from tests.daemon.life import Log


@pytest.fixture(scope="module")
def shared(any_engine: EngineBinary) -> Iterator[World]:
    with world(any_engine, mixed) as it:
        yield it


@pytest.fixture
def stopped(shared: World) -> World:
    """The world after its gateway has ended."""
    if shared.gateway.process.poll() is None:
        assert shared.gateway.stop() == 0
    return shared


def refused(gateway: Running, code: int = 2) -> str:
    """Launch; it must end with this code and without a traceback. What it said."""
    start = len(gateway.program_log())
    ready = (gateway.folder / "out.log").read_bytes().count(b"ready\n")
    gateway.launch()
    assert gateway.process.wait(60) == code
    said = gateway.program_log()[start:]
    assert "Traceback" not in said
    assert (gateway.folder / "out.log").read_bytes().count(b"ready\n") == ready
    return said


def another(it: World, **places: Path) -> Running:
    """A second gateway with the first one's configuration, in a folder of its own."""
    folder = places["folder"]
    config = json.loads(json.dumps(it.gateway.config))
    return Running(folder=folder, config=config)


def test_the_start_says_which_engine_runs_and_why(engine_binary: EngineBinary) -> None:
    with world(engine_binary, mixed) as it:
        # The first start also shows the admin token, which is for people.
        log = it.gateway.program_log().splitlines()
        assert it.gateway.status(it.good, "strict.example") == 200
    lines = [json.loads(line) for line in log if line.startswith("{")]
    (chosen,) = [line for line in lines if line["event"] == "engine-chosen"]
    assert chosen["version"].startswith(engine_binary.version_text.split("-")[0])
    assert chosen["why"]
    assert "binary" in chosen["why"] or "engine" in chosen["why"]
    serving = [number for number, line in enumerate(lines) if line["event"] == "serving"]
    assert serving
    assert serving[-1] > lines.index(chosen)


def test_a_second_gateway_on_the_same_state_folder_is_refused(shared: World) -> None:
    first = shared.gateway
    if first.process.poll() is not None:
        first.start()
    second = Running(folder=first.folder, config=first.config)
    said = refused(second)
    assert f"in use by process {first.process.pid}" in said
    assert "state folder" in said
    assert first.status(shared.good, "strict.example") == 200


def test_a_port_in_use_is_refused_and_its_holder_named(stopped: World) -> None:
    gateway = stopped.gateway
    with socket.create_server(("127.0.0.1", gateway.https)):
        said = refused(gateway)
    assert f"127.0.0.1:{gateway.https}" in said
    assert re.search(r"process \d+ \(.+\) listens there", said)
    gateway.start()
    assert gateway.status(stopped.good, "strict.example") == 200


def test_on_a_single_core_operators_are_let_in_all_the_same(stopped: World) -> None:
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        stopped.gateway.start()
    finally:
        os.sched_setaffinity(0, cores)
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(30)
        asking.connect(str(stopped.gateway.state / "run" / "admin.sock"))
        asking.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert asking.recv(64).startswith(b"HTTP/1.1 200")


def test_a_bad_configuration_is_refused_and_nothing_is_touched(
    stopped: World, tmp_path: Path
) -> None:
    gateway = another(stopped, folder=tmp_path)
    (tmp_path / "out.log").touch()
    (tmp_path / "err.log").touch()
    gateway.config["https"]["tls"]["default"]["crt"] = "typo.pem"
    said = refused(gateway)
    assert re.search(r"gateway.config.yml:\d+:\d+: error: .*crt", said)
    assert not gateway.state.exists()


def _damage_intermediates(state: Path) -> None:
    (state / "intermediates.pem").write_bytes(b"ostiary-intermediates 1 sha256=00\nrubbish")


def _replace_intermediates_by_a_folder(state: Path) -> None:
    (state / "intermediates.pem").unlink(missing_ok=True)
    (state / "intermediates.pem").mkdir()


def _leave_half_a_revision(state: Path) -> None:
    for name in ("r999.partial", "r998.trash"):
        (state / "revisions" / name / "deep").mkdir(parents=True)
        (state / "revisions" / name / "deep" / "haproxy.cfg").write_text("global\n")
    (state / "revisions" / ".counter.abc.partial-write").write_text("7")


def _leave_sockets(state: Path) -> None:
    for name in ("agent.sock", "agent.sock.new", "master.sock", "https-strict.sock"):
        path = state / "run" / name
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(path))


def _lose_the_link(state: Path) -> None:
    (state / "run" / "haproxy.cfg").unlink()
    (state / "run" / "haproxy.cfg").symlink_to("nowhere")
    (state / "run" / ".haproxy.cfg.link").symlink_to("nowhere")


def _lose_the_revisions(state: Path) -> None:
    for folder in (state / "revisions").glob("r[0-9]*"):
        for file in sorted(folder.rglob("*"), reverse=True):
            file.rmdir() if file.is_dir() else file.unlink()
        folder.rmdir()


@pytest.mark.parametrize(
    "damage",
    [
        _damage_intermediates,
        _replace_intermediates_by_a_folder,
        _leave_half_a_revision,
        _leave_sockets,
        _lose_the_link,
        _lose_the_revisions,
    ],
)
def test_the_next_start_just_works_after(stopped: World, damage: Callable[[Path], None]) -> None:
    gateway = stopped.gateway
    damage(gateway.state)
    gateway.start()
    assert gateway.status(stopped.good, "strict.example") == 200
    assert gateway.status(stopped.stranger, "a.example") == 403
    left = [one.name for one in (gateway.state / "revisions").iterdir()]
    assert not [name for name in left if name.endswith((".partial", ".trash", "-write"))]


@pytest.mark.parametrize("marker", ["promoted", "counter"])
def test_a_damaged_marker_is_told_with_the_way_out_which_works(stopped: World, marker: str) -> None:
    gateway = stopped.gateway
    path = gateway.state / "revisions" / marker
    path.write_bytes(b"rubbish")
    said = refused(gateway, code=1)
    assert str(path) in said
    assert "remove it" in said
    path.unlink()
    gateway.start()
    assert gateway.status(stopped.good, "strict.example") == 200


@pytest.mark.parametrize("part", ["", "run", "revisions", "lock"])
def test_a_state_folder_that_can_not_be_written_is_refused_with_its_name(
    stopped: World, tmp_path: Path, part: str
) -> None:
    gateway = another(stopped, folder=tmp_path)
    (tmp_path / "out.log").touch()
    (tmp_path / "err.log").touch()
    in_the_way = gateway.state / part if part else gateway.state
    in_the_way.parent.mkdir(parents=True, exist_ok=True)
    if part == "lock":
        in_the_way.mkdir()
    else:
        in_the_way.write_text("a file where a folder belongs")
    said = refused(gateway, code=1)
    assert str(in_the_way) in said
    assert "can't be" in said


def test_a_disk_that_fills_while_serving_refuses_the_change_and_serves_on(stopped: World) -> None:
    gateway = stopped.gateway
    gateway.start()
    revisions = gateway.state / "revisions"
    away = revisions.with_name("away")
    revisions.rename(away)
    revisions.write_text("no room")
    log = Log(gateway)
    gateway.process.send_signal(1)
    said = str(log.wait("change-not-applied")["error"])
    assert str(revisions) in said
    assert gateway.status(stopped.good, "strict.example") == 200
    revisions.unlink()
    away.rename(revisions)
    log = Log(gateway)
    gateway.process.send_signal(1)
    log.wait("change-applied")
