"""The access log in a file: appended to over restarts, and whole after it was cut by logrotate."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.gateway import World, world
from tests.daemon.life import apply, rewrite, until

pytestmark = pytest.mark.daemon


@pytest.fixture
def logging(engine_binary: EngineBinary, tmp_path: Path) -> Iterator[tuple[World, Path]]:
    file = tmp_path / "access.log"
    file.write_text('{"path": "/before"}\n')

    def settings(document: dict[str, object], _: object) -> None:
        document["logs"] = {"access": str(file)}

    with world(engine_binary, lambda made: {"default": made.entry(made.a)}, settings) as made:
        yield made, file


def paths(file: Path) -> list[str]:
    """Of every request; HAProxy also tells in prose that it starts."""
    lines = file.read_bytes().splitlines()
    return [json.loads(line)["path"] for line in lines if not line.startswith(b"Proxy ")]


def asked(site: World, file: Path, path: str) -> list[str]:
    """Ask, and wait for the line."""
    assert site.gateway.status(site.good, "a.example", path) == 200
    until(lambda: file.read_bytes().endswith(b"\n") and path in paths(file))
    return paths(file)


def test_lines_are_appended_after_a_restart_and_a_reload(logging: tuple[World, Path]) -> None:
    site, file = logging
    assert asked(site, file, "/open/1") == ["/before", "/open/1"]
    site.gateway.stop()
    site.gateway.start()
    assert asked(site, file, "/open/2") == ["/before", "/open/1", "/open/2"]
    site.gateway.config["apiEndpoints"]["more"] = {"paths": "/more"}
    apply(site.gateway, lambda: rewrite(site.gateway))
    assert asked(site, file, "/open/3") == ["/before", "/open/1", "/open/2", "/open/3"]


def test_a_file_that_was_cut_goes_on_at_its_start(logging: tuple[World, Path]) -> None:
    site, file = logging
    for turn in ("first", "reloaded"):
        asked(site, file, f"/open/{turn}")
        until(lambda: appends(site.gateway.process.pid, file))
        file.write_bytes(b"")
        assert asked(site, file, f"/open/{turn}/cut") == [f"/open/{turn}/cut"]
        site.gateway.config["apiEndpoints"]["more"] = {"paths": "/more"}
        if turn == "first":
            apply(site.gateway, lambda: rewrite(site.gateway))


def appends(pid: int, file: Path) -> bool:
    """Whether the process's descriptor of the file has O_APPEND (02000, fcntl.h)."""
    (number,) = (
        one.name for one in Path(f"/proc/{pid}/fd").iterdir() if one.resolve() == file.resolve()
    )
    told = Path(f"/proc/{pid}/fdinfo/{number}").read_text()
    flags = next(line.split()[1] for line in told.splitlines() if line.startswith("flags"))
    return bool(int(flags, 8) & 0o2000)
