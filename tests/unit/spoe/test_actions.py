"""What an ACK carries."""

import pytest

from ostiary.spoe.actions import Scope, set_var, set_var_head, unset_var
from ostiary.spoe.values import encode_value


def test_a_variable_is_set_as_the_manual_writes_it() -> None:
    wire = set_var(Scope.TRANSACTION, "code", encode_value(1))
    assert wire == b"\x01\x03\x02\x04code\x04\x01"


@pytest.mark.parametrize(("scope", "byte"), list(zip(Scope, range(5), strict=True)))
def test_each_scope_has_its_byte(scope: Scope, byte: int) -> None:
    assert set_var_head(scope, "v")[2] == byte


def test_a_variable_is_unset_as_the_manual_writes_it() -> None:
    assert unset_var(Scope.PROCESS, "ip") == b"\x02\x02\x00\x02ip"
