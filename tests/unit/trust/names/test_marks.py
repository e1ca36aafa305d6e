"""What conditions ask about certificates, as bits."""

from pathlib import Path

import pytest

from ostiary.trust.names.facts import Facts, facts_of
from ostiary.trust.names.marks import CertificateTest, Marks
from ostiary.trust.names.refusal import PatternRefused
from ostiary.x509.certificate import parse
from tests.support.pki import Kit
from tests.support.twins import CURVES, twin_of


def asked(**given: tuple[str, ...]) -> CertificateTest:
    return CertificateTest(tuple(given.items()))


@pytest.fixture
def facts(tmp_path: Path) -> Facts:
    kit = Kit(tmp_path)
    return facts_of(kit.client(kit.root("root"), "one", serial=255).certificate)


def test_all_that_is_given_must_hold_each_for_one_of_its_texts(facts: Facts) -> None:
    marks = Marks(
        [
            asked(distinguished_name=("CN=two", "CN=o*"), issuer=("CN=root",)),
            asked(distinguished_name=("CN=one",), issuer=("CN=other",)),
            asked(serial=("ff",)),
            asked(dns=("*.example",)),
        ]
    )
    assert marks.of(facts) == (0b101,)


def test_the_thirty_second_test_begins_another_number(facts: Facts) -> None:
    tests = [asked(distinguished_name=(f"CN=x{one}",)) for one in range(30)]
    marks = Marks([*tests, asked(serial=("ff",)), asked(distinguished_name=("CN=one",))])
    assert marks.numbers == 2
    assert marks.of(facts) == (1 << 30, 1)
    assert max(marks.of(facts)) < 2**31


def test_without_tests_there_is_nothing_to_tell(facts: Facts) -> None:
    assert not Marks(())
    assert Marks(()).of(facts) == ()


def test_their_id_is_that_of_the_tests_in_their_order() -> None:
    one, two = asked(dns=("a",)), asked(dns=("b",))
    assert Marks([one, two]).id == Marks([one, two]).id
    assert len({Marks(tests).id for tests in ([one, two], [two, one], [one], [])}) == 4


def test_nobody_steps_out_of_a_fingerprint_by_another_encoding(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    made = kit.client(kit.root("root"), "one")
    twin = facts_of(parse(twin_of(made, CURVES["ec"])))
    assert twin.fingerprint != made.certificate.fingerprint
    marks = Marks([asked(fingerprint=(made.certificate.fingerprint.upper(),))])
    assert marks.of(twin) == (1,)


def test_a_pattern_that_can_not_be_read_is_refused() -> None:
    with pytest.raises(PatternRefused):
        Marks([asked(distinguished_name=("nonsense",))])
