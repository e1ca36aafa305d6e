"""The page about tokens, followed to the letter."""

import shutil
import tempfile
from pathlib import Path

import pytest

from ostiary.consumers.reason import CredentialReason
from tests.daemon.upstream import Upstream
from tests.docs.pages import ROOT, blocks, prose
from tests.docs.walkthrough import Walk
from tests.support.ports import free_port

PAGE = ROOT / "docs" / "how-to" / "tokens.md"


@pytest.mark.daemon
def test_a_reader_who_follows_the_page_gets_the_answers_it_prints() -> None:
    for tool in ("curl", "bash", "openssl"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    folder = Path(tempfile.mkdtemp(prefix="ost-"))
    try:
        with (
            Upstream() as upstream,
            Walk(folder, {"8080": free_port(), "3000": upstream.port}) as walk,
        ):
            walk.follow(blocks(PAGE))
            assert walk.compared == 3
    finally:
        shutil.rmtree(folder)


def test_the_page_has_every_reason_of_tokens() -> None:
    page = prose(PAGE)
    ours = [one for one in CredentialReason if 20 <= one.code < 40]
    assert len(ours) == 8
    assert all(f"`{reason.value}`" in page for reason in ours)
