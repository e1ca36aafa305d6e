"""The page about JavaScript in pipelines, followed to the letter."""

import pytest

from tests.docs.pages import ROOT
from tests.docs.readers import beside_a_service, needs

PAGE = ROOT / "docs" / "how-to" / "expressions.md"


@pytest.mark.daemon
def test_a_reader_who_follows_the_page_gets_the_answers_it_prints() -> None:
    needs("curl", "bash")
    with beside_a_service(PAGE) as (walk, upstream):
        assert walk.compared == 2
        orders = [one for one in upstream.seen if "GIFT" in one.path]
        assert dict(orders[0].headers)["x-kind"] == "gift"
