"""From an answer to variables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.agent.answers import Answer, actions_for
from ostiary.agent.facts import Facts
from ostiary.spoe.actions import Scope, set_var
from ostiary.spoe.values import Kind, encode_integer, encode_value


@given(st.integers(0, 255), st.integers(0, 2**32 - 1))
def test_an_answer_sets_three_variables_of_the_transaction(code: int, until: int) -> None:
    numbers = {"code": code, "until": until, "would": 0}
    expected = b"".join(
        set_var(Scope.TRANSACTION, name, encode_integer(Kind.UINT32, number))
        for name, number in numbers.items()
    )
    assert actions_for(Answer(code=code, until=until)) == expected


def test_what_a_report_only_policy_would_refuse_for_is_told_beside_the_admission() -> None:
    would = set_var(Scope.TRANSACTION, "would", encode_integer(Kind.UINT32, 25))
    assert would in actions_for(Answer(code=1, until=9, would=25))


def test_the_facts_of_a_certificate_in_a_header_come_with_the_verdict() -> None:
    facts = Facts(header="AB", subject="CN=a", fingerprint="FE", certificate="MAA=").actions
    told = actions_for(Answer(code=1, until=9, facts=facts))
    assert told == actions_for(Answer(code=1, until=9)) + facts
    text = set_var(Scope.TRANSACTION, "facts", encode_value("FE\tCN=a\t\t"))
    assert facts == text + set_var(Scope.TRANSACTION, "der", encode_value("MAA="))


def test_a_told_chain_is_a_text_of_the_request() -> None:
    silent = actions_for(Answer(code=1, until=9))
    told = actions_for(Answer(code=1, until=9, chain=":MAA=:, :MAA=:"))
    assert told == silent + set_var(Scope.TRANSACTION, "chain", encode_value(":MAA=:, :MAA=:"))


@pytest.mark.parametrize(("code", "until"), [(-1, 0), (256, 0), (1, -1), (1, 2**32)])
def test_an_answer_that_no_table_can_hold_is_not_made(code: int, until: int) -> None:
    with pytest.raises(ValueError, match="doesn't fit"):
        Answer(code=code, until=until)


def test_a_reason_that_no_table_can_hold_is_not_told() -> None:
    with pytest.raises(ValueError, match="doesn't fit"):
        Answer(code=1, until=1, would=256)


def test_what_conditions_ask_about_the_certificate_comes_in_numbered_variables() -> None:
    told = actions_for(Answer(code=1, until=9, marks=(5, 2**31 - 1)))
    numbers = {"m0": 5, "m1": 2**31 - 1}
    assert told == actions_for(Answer(code=1, until=9)) + b"".join(
        set_var(Scope.TRANSACTION, name, encode_integer(Kind.UINT32, number))
        for name, number in numbers.items()
    )
