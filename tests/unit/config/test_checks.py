"""The list of policies is kept to where it is given."""

from tests.unit.config.support import MINIMAL, only, refused, warned


def test_without_a_list_every_policy_may_be_used() -> None:
    assert warned(MINIMAL) == []


def test_a_policy_outside_the_list_is_refused() -> None:
    line = only(refused(MINIMAL + "policies: [terminate]\n"))
    assert "the policy 'proxy' isn't in policies (add proxy to policies)" in line


def test_the_list_may_name_policies_nobody_uses() -> None:
    assert warned(MINIMAL + "policies: [basic-auth, cors, key-auth, oauth2, proxy]\n") == []


def test_an_unknown_name_in_the_list_is_a_warning() -> None:
    assert "did you mean 'proxy'?" in only(warned(MINIMAL + "policies: [proxy, proxxy]\n"))
