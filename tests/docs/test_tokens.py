"""The page about tokens, followed to the letter."""

import pytest

from ostiary.consumers.reason import CredentialReason
from tests.docs.pages import ROOT, prose
from tests.docs.readers import beside_a_service, needs

PAGE = ROOT / "docs" / "how-to" / "tokens.md"


@pytest.mark.daemon
def test_a_reader_who_follows_the_page_gets_the_answers_it_prints() -> None:
    needs("curl", "bash", "openssl")
    with beside_a_service(PAGE) as (walk, _):
        assert walk.compared == 3


def test_the_page_has_every_reason_of_tokens() -> None:
    page = prose(PAGE)
    ours = [one for one in CredentialReason if 20 <= one.code < 40]
    assert len(ours) == 8
    assert all(f"`{reason.value}`" in page for reason in ours)
