"""From an answer to variables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.agent.answers import Answer, actions_for
from ostiary.spoe.actions import Scope, set_var
from ostiary.spoe.values import Kind, encode_integer, encode_value


@given(st.integers(0, 255), st.integers(0, 2**32 - 1))
def test_an_answer_sets_both_variables_of_the_transaction(code: int, until: int) -> None:
    expected = set_var(Scope.TRANSACTION, "code", encode_integer(Kind.UINT32, code)) + set_var(
        Scope.TRANSACTION, "until", encode_integer(Kind.UINT32, until)
    )
    assert actions_for(Answer(code=code, until=until)) == expected


def test_a_told_chain_is_a_text_of_the_connection() -> None:
    silent = actions_for(Answer(code=1, until=9))
    told = actions_for(Answer(code=1, until=9, chain=":MAA=:, :MAA=:"))
    assert told == silent + set_var(Scope.SESSION, "chain", encode_value(":MAA=:, :MAA=:"))


@pytest.mark.parametrize(("code", "until"), [(-1, 0), (256, 0), (1, -1), (1, 2**32)])
def test_an_answer_that_no_table_can_hold_is_not_made(code: int, until: int) -> None:
    with pytest.raises(ValueError, match="doesn't fit"):
        Answer(code=code, until=until)
