"""The page about changing the configuration, followed to the letter."""

from pathlib import Path

import pytest

from ostiary.store.database.records import Role
from tests.docs.pages import ROOT, blocks
from tests.docs.walkthrough import Walk
from tests.doors.admin_client import token
from tests.doors.served import served
from tests.support.desk import make_desk

PAGE = ROOT / "docs/how-to/change-the-configuration-by-api.md"


def test_a_reader_who_follows_the_page_gets_the_answers_it_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *rest = blocks(PAGE)
    desk = make_desk(tmp_path, first.text)
    bearer = token(desk, Role.OPERATOR)["Authorization"].removeprefix("Bearer ")
    monkeypatch.setenv("OSTIARY_ADMIN_TOKEN", bearer)
    try:
        with served(desk) as url, Walk(desk.kit.folder, {}) as walk:
            monkeypatch.setenv("OSTIARY_ADMIN_URL", url)
            walk.follow(rest)
            assert walk.compared == 5
    finally:
        desk.database.close()
