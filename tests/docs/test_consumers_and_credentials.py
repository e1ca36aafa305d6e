"""The page about consumers, followed to the letter; its commands speak to a listener of ours."""

from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from tests.docs.readers import at_a_desk
from tests.support.desk import make_desk

PAGE = ROOT / "docs/how-to/consumers-and-credentials.md"


def test_a_reader_who_follows_the_page_gets_the_answers_it_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "reader"
    folder.mkdir()
    monkeypatch.chdir(folder)
    with at_a_desk(make_desk(tmp_path), folder, PAGE) as walk:
        assert walk.compared == 5
