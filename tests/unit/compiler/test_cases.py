"""Each case file holds. ``UPDATE_CASES=1`` writes what is made below the dashes; read it then."""

import os

import pytest

from tests.support.cases import DASHES, Case, cases


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.path.stem)
def test_a_document_becomes_what_its_case_shows(case: Case) -> None:
    if os.environ.get("UPDATE_CASES"):
        case.path.write_text(case.document + DASHES + case.made)
    else:
        assert case.made == case.expected


def test_there_are_cases_and_each_says_what_it_shows() -> None:
    assert len(cases()) >= 20
    assert [case.path.stem for case in cases() if not case.document.startswith("# ")] == []
