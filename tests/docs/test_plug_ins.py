"""The page about plug-ins, followed to the letter, and what it shows of the example."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ostiary.wiring.inspecting import offering
from tests.daemon.upstream import Upstream
from tests.docs.pages import ROOT, blocks
from tests.docs.readers import needs
from tests.docs.walkthrough import Walk
from tests.support.plugins import EXAMPLE, importable, install_example
from tests.support.ports import free_port

PAGE = ROOT / "docs" / "how-to" / "plug-ins.md"


@pytest.mark.daemon
def test_a_reader_who_follows_the_page_gets_the_answers_it_prints(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    needs("curl", "bash")
    folder = Path(tempfile.mkdtemp(prefix="ost-"))
    install_example(folder / "site")
    paths = (folder / "site", EXAMPLE / "src", *os.environ.get("PYTHONPATH", "").split(":"))
    monkeypatch.setenv("PYTHONPATH", ":".join(map(str, paths)))
    try:
        with (
            Upstream() as upstream,
            Walk(folder, {"8080": free_port(), "3000": upstream.port}) as walk,
        ):
            walk.follow(blocks(PAGE))
            assert walk.compared == 3
    finally:
        shutil.rmtree(folder)


def test_the_example_installs_and_its_own_tests_pass(tmp_path: Path) -> None:
    site = tmp_path / "site"
    offline = ("--no-deps", "--no-index", "--no-build-isolation", "--quiet")
    copy = shutil.copytree(EXAMPLE, tmp_path / "plugin")
    install = [sys.executable, "-m", "pip", "install", *offline, "--target", str(site), str(copy)]
    subprocess.run(install, check=True, timeout=120)
    with importable(site):
        assert "ostiary-office-hours" in offering()
    paths = (str(site), *sys.path)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(copy / "tests")],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": ":".join(paths)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "8 passed" in done.stdout


def test_what_the_page_shows_is_in_the_example() -> None:
    suffixes = {".py", ".toml"}
    files = [one.read_text() for one in EXAMPLE.rglob("*") if one.suffix in suffixes]
    shown = [block.text for block in blocks(PAGE) if "example" in block.marks]
    assert len(shown) == 3
    assert all(any(text in file for file in files) for text in shown)
