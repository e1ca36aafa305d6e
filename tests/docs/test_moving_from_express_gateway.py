"""The page about moving here, followed to the letter with the files of an Express Gateway."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Block, blocks
from tests.docs.walkthrough import Walk
from tests.doors.cli_rig import call
from tests.doors.rig import House

PAGE = ROOT / "docs/how-to/moving-from-express-gateway.md"
FIXTURES = ROOT / "tests/vectors/express_gateway"


class Within(Walk):
    """Runs commands of ours within this process: starting each takes longer than all they do."""

    def _run(self, block: Block, text: str) -> None:
        said = ""
        for line in text.strip().splitlines():
            program, *words = shlex.split(line)
            assert program == "ostiary"
            done = call(*words)
            assert str(done.code) == block.marks.get("exit", "0"), f"{block}: {line}\n{done.said}"
            said += done.err + done.out
        self._said = re.sub(r" *\n", "\n", said)


@pytest.mark.daemon
def test_a_reader_who_follows_the_page_gets_the_answers_it_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(FIXTURES, tmp_path, dirs_exist_ok=True)
    house = House(tmp_path)
    certs = tmp_path / "shop/certs"
    certs.mkdir()
    for name, made in (
        ("shop.key", "site.key"),
        ("shop.crt", "site.crt"),
        ("partners.crt", "root.crt"),
    ):
        shutil.copy(house.folder / made, certs / name)
    house.config.unlink()
    monkeypatch.chdir(tmp_path)
    with Within(tmp_path, {}) as walk:
        walk.follow(blocks(PAGE))
        assert walk.compared == 4
