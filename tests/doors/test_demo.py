"""``ostiary demo``: every promise is tried, on both engines, and nothing is left behind."""

import json
import signal
import socket
import stat
import subprocess
import time
from pathlib import Path

import httpx
import pytest
import yaml

from tests.doors.rig import environment, ostiary
from tests.support import nursery

pytestmark = pytest.mark.daemon


def test_the_demo_keeps_every_promise_and_leaves_nothing(engine: Path, short_folder: Path) -> None:
    done = ostiary("demo", "--once", "--json", "--engine", engine, TMPDIR=str(short_folder))
    assert done.code == 0, done
    told = done.json
    assert told["ok"] is True
    assert told["engine"]["path"] == str(engine)
    got = {trial["name"]: trial["got"] for trial in told["trials"]}
    assert got["no certificate"] == "403"
    assert got["trusted certificate"] == "200"
    assert got["no certificate, TLS session resumed (Express Gateway: 403 200)"] == "403 403"
    assert got["strict name, no certificate"].startswith("handshake refused: ")
    assert "certificate required" in got["strict name, no certificate"]
    assert "certificate expired" in got["strict name, expired certificate"]
    assert len(got) == 15
    assert all(trial["ok"] for trial in told["trials"])
    assert not list(short_folder.iterdir())


def test_the_demo_needs_no_curl_and_keeps_its_folder_when_asked(short_folder: Path) -> None:
    kept, programs = short_folder / "kept", short_folder / "bin"
    programs.mkdir()
    engines = [Path(folder) / "haproxy" for folder in ("/usr/sbin", "/usr/local/sbin", "/sbin")]
    for found in filter(Path.is_file, engines):
        (programs / "haproxy").symlink_to(found)
        break
    done = ostiary("demo", "--once", "--keep", kept, PATH=str(programs), TMPDIR=str(short_folder))
    assert done.code == 0, done
    assert "✗" not in done.out
    assert f"cd {kept}" in done.out
    assert "curl --cacert rootCA.pem --cert client.crt --key client.key" in done.out
    assert "access.log" in done.out
    lines = (kept / "access.log").read_text().splitlines()
    requests = [json.loads(line) for line in lines if '"event":"request"' in line]
    assert sum(one["resumed"] in ("1", 1, True) for one in requests) == 2
    for key in kept.glob("*.key"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    again = ostiary("demo", "--once", "--keep", kept)
    assert again.code == 2
    assert "not an empty folder" in again.err


def test_ctrl_c_ends_the_demo_and_cleans_up(short_folder: Path) -> None:
    temporary = short_folder / "tmp"
    temporary.mkdir()
    with (short_folder / "out").open("wb") as out, (short_folder / "err").open("wb") as err:
        demo = subprocess.Popen(
            nursery.command("demo"),
            env=environment(TMPDIR=str(temporary)),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )
    try:
        end = time.monotonic() + 90
        while b"stays up" not in (short_folder / "err").read_bytes():
            assert demo.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)
        (folder,) = temporary.iterdir()
        config = folder / "gateway.config.yml"
        port = yaml.safe_load(config.read_text())["admin"]["port"]
        console = f"http://127.0.0.1:{port}/console"
        assert httpx.get(console, follow_redirects=True).status_code == 200
        assert (folder / "state/admin.token").is_file()
        command = (
            "client-auth set --type certificate --required -c gateway.config.yml --state state"
        )
        assert command in (short_folder / "out").read_text()
        tried = ostiary(*command.split(), cwd=folder)
        assert tried.code == 0, tried
    finally:
        demo.send_signal(signal.SIGINT)
        code = demo.wait(60)
    assert code == 0
    assert not list(temporary.iterdir())
    shown = (short_folder / "out").read_text()
    assert "Tried just now" in shown
    assert console in shown


def test_a_taken_port_and_a_missing_engine_are_refused_before_anything(short_folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = ostiary("demo", "--once", "--port", port, TMPDIR=str(short_folder))
    assert done.code == 2
    assert f"127.0.0.1:{port}" in done.err
    done = ostiary("demo", "--once", "--engine", "/nowhere/haproxy", TMPDIR=str(short_folder))
    assert done.code == 2
    assert "does not run" in done.err
    assert not list(short_folder.iterdir())
