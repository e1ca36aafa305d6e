"""What ``ostiary check`` says about patterns in conditions."""

import pytest

from ostiary.kernel.problems import ConfigRefused, Severity
from ostiary.services.condition_checks import advise_conditions
from tests.unit.services.support import TEXT, prepared


def text(condition: str) -> str:
    return TEXT.replace("{name: method, methods: [POST]}", condition)


def test_a_pattern_that_can_not_be_read_is_told_at_its_item() -> None:
    nested = "{name: not, condition: {name: clientCertificate, subject: [CN=a, 'CN=b,oops']}}"
    with pytest.raises(ConfigRefused) as refused:
        prepared(text(nested))
    (line,) = [str(one) for one in refused.value.problems if one.severity is Severity.ERROR]
    assert "condition.condition.subject[1]: 'CN=b,oops' can't be used: column 6" in line


@pytest.mark.parametrize("given", ["serial: xyz", "issuer: '*'"])
def test_so_are_the_other_kinds(given: str) -> None:
    with pytest.raises(ConfigRefused, match="can't be used"):
        prepared(text(f"{{name: clientCertificate, {given}}}"))


def test_a_pattern_that_fits_nobody_is_told_and_one_for_many_is_taken_as_meant() -> None:
    loaded = prepared(text("{name: clientCertificate, subject: ['C=gb,**', 'C=GB,**']}")).loaded
    (line,) = map(str, advise_conditions(loaded))
    assert "subject[0]: unlikely to match: `C=gb`" in line
