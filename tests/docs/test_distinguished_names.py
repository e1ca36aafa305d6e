"""Each row in the tables of distinguished names holds."""

import re
from collections.abc import Iterator

import pytest

from ostiary.trust.names.facts import Facts
from ostiary.trust.names.index import NameIndex, Passed
from ostiary.trust.names.reading import parse_pattern
from ostiary.trust.names.refusal import PatternRefused
from ostiary.trust.names.rules import NameRules, rule_of
from ostiary.x509.structure import AlternativeNames, Attribute, Names
from tests.docs.pages import ROOT

TEXT = (ROOT / "docs/how-to/distinguished-names.md").read_text()


def rows(head: str) -> Iterator[list[str]]:
    """The cells of the table with this head, without their backquotes."""
    _, found, rest = TEXT.partition(f"{head}\n")
    assert found, f"no table begins {head!r}"
    for line in rest.split("\n")[1:]:
        if not line.startswith("|"):
            return
        yield [re.sub(r"^`(.*)`$", r"\1", cell.strip()) for cell in line.strip("|").split("|")]


def facts(subject: str = "", alternatives: AlternativeNames | None = None) -> Facts:
    """A subject as it is printed: read by the pattern's reader, which unescapes it."""
    elements = parse_pattern(subject).elements if subject else ()
    rdns = tuple((Attribute(one.oid, one.glob),) for one in elements)
    others = alternatives or AlternativeNames()
    names = Names(subject=rdns, issuer=(), alternatives=others, policies=())
    return Facts(names=names, serial=1, fingerprint="00" * 32)


SUBJECTS = list(rows("| pattern | subject | |"))
REFUSED = list(rows("| pattern | why |"))
ALTERNATIVES = list(rows("| test | name in the certificate | |"))


@pytest.mark.parametrize(("pattern", "subject", "says"), SUBJECTS)
def test_a_pattern_fits_or_not_as_written(pattern: str, subject: str, says: str) -> None:
    assert says.startswith(("fits", "does not"))
    verdict = NameIndex(NameRules(patterns=(pattern,))).judge(facts(subject))
    assert isinstance(verdict, Passed) == says.startswith("fits")


@pytest.mark.parametrize(("pattern", "why"), REFUSED)
def test_a_pattern_is_refused_as_written(pattern: str, why: str) -> None:
    assert why
    with pytest.raises(PatternRefused):
        parse_pattern(pattern)


@pytest.mark.parametrize(("test", "value", "says"), ALTERNATIVES)
def test_a_rule_fits_or_not_as_written(test: str, value: str, says: str) -> None:
    assert says in {"fits", "does not"}
    kind, _, pattern = test.partition(": ")
    rules = NameRules(allow=(rule_of(**{kind: pattern}),))
    verdict = NameIndex(rules).judge(facts("", AlternativeNames(**{kind: (value,)})))
    assert isinstance(verdict, Passed) == (says == "fits")


def test_the_tables_are_not_empty() -> None:
    assert len(SUBJECTS) > 20
    assert len(REFUSED) >= 5
    assert len(ALTERNATIVES) >= 10
