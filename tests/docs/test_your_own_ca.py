"""The page about one's own authority, followed to the letter against the real gateway."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ostiary.management.authority.profile import read_profile
from tests.docs.pages import ROOT, blocks
from tests.docs.readers import needs
from tests.docs.walkthrough import Walk
from tests.support.ports import free_port

PAGE = ROOT / "docs" / "how-to" / "your-own-ca.md"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for unix sockets (107 bytes)."""
    made = Path(tempfile.mkdtemp(prefix="ostiary-"))
    yield made
    shutil.rmtree(made)


@pytest.mark.daemon
def test_a_reader_of_the_page_issues_revokes_and_sees_it_bite(folder: Path) -> None:
    needs("openssl", "curl", "bash")
    with Walk(folder, {"4444": free_port(), "3000": free_port()}) as walk:
        walk.follow(blocks(PAGE))
        assert walk.compared >= 12


def test_the_profile_on_the_page_is_one() -> None:
    (shown,) = [block.text for block in blocks(PAGE) if "profile" in block.marks]
    profile = read_profile(shown.encode(), "the page")
    assert profile.allowed.dns == ("*.devices.example",)
    assert profile.allowed.ips == ()
