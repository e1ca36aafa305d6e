"""The page about consumers, followed to the letter; its commands speak to a listener of ours."""

import os
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Block, blocks
from tests.docs.walkthrough import Walk
from tests.doors.admin_client import token
from tests.doors.cli_rig import call
from tests.doors.served import served
from tests.support.desk import make_desk

PAGE = ROOT / "docs/how-to/consumers-and-credentials.md"


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


def test_a_reader_who_follows_the_page_gets_the_answers_it_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk(tmp_path)
    folder = tmp_path / "reader"
    folder.mkdir()
    made = desk.kit.client(None, "client")
    shutil.copy(made.certificate_file, folder / "client.crt")
    monkeypatch.chdir(folder)
    try:
        with served(desk) as url:
            surroundings = {
                "OSTIARY_ADMIN_URL": url,
                "OSTIARY_ADMIN_TOKEN": token(desk)["Authorization"].removeprefix("Bearer "),
                "OSTIARY_ADMIN_CA": os.fspath(made.certificate_file),
            }
            with Quick(folder, surroundings) as walk:
                walk.follow(blocks(PAGE))
                assert walk.compared == 5
    finally:
        desk.database.close()
