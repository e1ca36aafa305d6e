"""The page about JavaScript in pipelines, followed to the letter."""

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.daemon.upstream import Upstream
from tests.docs.pages import ROOT, blocks
from tests.docs.walkthrough import Walk
from tests.support.ports import free_port

PAGE = ROOT / "docs" / "how-to" / "expressions.md"


@pytest.mark.daemon
def test_a_reader_who_follows_the_page_gets_the_answers_it_prints() -> None:
    for tool in ("curl", "bash"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    folder = Path(tempfile.mkdtemp(prefix="ost-"))
    try:
        with (
            Upstream() as upstream,
            Walk(folder, {"8080": free_port(), "3000": upstream.port}) as walk,
        ):
            walk.follow(blocks(PAGE))
            assert walk.compared == 2
            orders = [one for one in upstream.seen if "GIFT" in one.path]
            assert dict(orders[0].headers)["x-kind"] == "gift"
    finally:
        shutil.rmtree(folder)
