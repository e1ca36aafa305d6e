"""The page about enrolment, followed to the letter against the real gateway."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, blocks
from tests.docs.readers import needs
from tests.docs.walkthrough import Walk
from tests.support.ports import free_port

PAGE = ROOT / "docs" / "how-to" / "enrolling-devices.md"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for unix sockets (107 bytes)."""
    made = Path(tempfile.mkdtemp(prefix="ostiary-"))
    yield made
    shutil.rmtree(made)


@pytest.mark.daemon
def test_a_reader_of_the_page_enrols_renews_and_approves(folder: Path) -> None:
    needs("openssl", "curl", "bash")
    ports = {port: free_port() for port in ("4444", "3000", "8080", "8447", "9876")}
    with Walk(folder, ports) as walk:
        walk.follow(blocks(PAGE))
        assert walk.compared == 5
