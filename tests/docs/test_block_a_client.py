"""The page about blocking, followed to the letter beside a running gateway."""

import shutil
from pathlib import Path

import pytest

from ostiary.store.database.blocked import MOST_BLOCKED
from tests.daemon.gateway import world
from tests.docs.pages import ROOT, blocks, prose
from tests.docs.readers import engine, needs
from tests.docs.walkthrough import Walk

PAGE = ROOT / "docs" / "how-to" / "block-a-client.md"


@pytest.mark.daemon
def test_a_reader_who_follows_the_page_gets_the_answers_it_prints(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    needs("curl", "bash")
    with world(engine(), lambda made: {"default": made.entry(made.a)}) as made:
        folder: Path = made.folder
        shutil.copy(made.good.chain_file, folder / "client.crt")
        shutil.copy(made.good.key_file, folder / "client.key")
        monkeypatch.setenv("OSTIARY_STATE", str(made.gateway.state))
        with Walk(folder, {"4444": made.gateway.https}) as walk:
            walk.follow(blocks(PAGE))
            assert walk.compared == 2


def test_the_page_has_the_limit_as_it_is() -> None:
    assert f"at most {MOST_BLOCKED:,}" in prose(PAGE)
