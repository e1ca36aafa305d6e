"""The page about many consumers, followed to the letter."""

import os
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, blocks
from tests.docs.test_consumers_and_credentials import Quick
from tests.doors.admin_client import token
from tests.doors.served import served
from tests.support.desk import make_desk

PAGE = ROOT / "docs/how-to/a-million-credentials.md"


def test_a_reader_who_follows_the_page_gets_the_answers_it_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk(tmp_path)
    folder = tmp_path / "reader"
    folder.mkdir()
    made = desk.kit.client(None, "client")
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
                assert walk.compared == 3
    finally:
        desk.database.close()
