"""The tutorial, followed to the letter against the real gateway."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, blocks
from tests.docs.readers import needs
from tests.docs.walkthrough import Walk
from tests.support.ports import free_port

TUTORIAL = ROOT / "docs" / "tutorial.md"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for unix sockets (107 bytes)."""
    made = Path(tempfile.mkdtemp(prefix="ostiary-"))
    yield made
    shutil.rmtree(made)


@pytest.mark.daemon
def test_a_reader_who_follows_the_tutorial_gets_the_answers_it_prints(folder: Path) -> None:
    needs("openssl", "curl", "bash")
    with Walk(folder, {"4444": free_port(), "3000": free_port()}, installed=True) as walk:
        walk.follow(blocks(TUTORIAL))
        assert walk.compared >= 9
