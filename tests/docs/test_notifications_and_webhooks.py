"""The page about notifications, followed to the letter: its receiver verifies what it gets."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ostiary.kernel.notices import Topic
from ostiary.management.noticing import SEEN_WITHIN
from ostiary.services.list_news import MOST_COMPARED, MOST_NAMED
from ostiary.store.database.deliveries import MOST_DELIVERIES
from ostiary.store.database.notifications import MOST_NOTIFICATIONS
from tests.docs.pages import ROOT, blocks, prose
from tests.docs.readers import needs
from tests.docs.walkthrough import Walk
from tests.support.ports import free_port

PAGE = ROOT / "docs" / "how-to" / "notifications-and-webhooks.md"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for unix sockets (107 bytes)."""
    made = Path(tempfile.mkdtemp(prefix="ostiary-"))
    yield made
    shutil.rmtree(made)


@pytest.mark.daemon
def test_a_reader_of_the_page_is_told_of_a_block_by_a_receiver_of_his_own(folder: Path) -> None:
    needs("openssl", "bash")
    with Walk(folder, {"8080": free_port(), "9000": free_port()}) as walk:
        walk.follow(blocks(PAGE))
        assert walk.compared == 2


def test_the_page_has_all_topics_and_the_limits_as_they_are() -> None:
    page = prose(PAGE)
    assert [one.value for one in Topic if f"`{one.value}`" not in page] == []
    for limit in (MOST_NOTIFICATIONS, MOST_DELIVERIES, MOST_COMPARED):
        assert f"{limit:,}" in page
    assert f"the first {MOST_NAMED}" in page
    assert f"the last {SEEN_WITHIN.days} days" in page
