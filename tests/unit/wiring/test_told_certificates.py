"""What the engine was told of certificates is known, or it is known that it isn't."""

from uuid import UUID

from ostiary.consumers.certificates import CertificateRule
from ostiary.consumers.changes import Changed
from ostiary.consumers.model import CredentialType
from ostiary.wiring.told_certificates import ToldCertificates
from tests.unit.consumers.test_tied import credential
from tests.unit.trust.names.model import facts

NOW = 1_000
NOTHING = Changed()


def named(name: str) -> Changed:
    return Changed(credentials=frozenset({(CredentialType.CERTIFICATE, name)}))


def test_rows_are_found_by_all_that_could_change_them() -> None:
    told = ToldCertificates()
    one, two = facts("CN=a", fingerprint="ab" * 32, serial=10), facts("CN=b", serial=2)
    told.note(one, [credential(1, "a"), credential(2, "b")], (7, "x"), now=NOW, until=NOW + 9)
    told.note(one, [credential(1, "a"), credential(2, "b")], (8, "x"), now=NOW, until=NOW + 9)
    told.note(two, [], (7, "y"), now=NOW, until=NOW + 9)
    mine = frozenset({(7, "x"), (8, "x")})
    assert told.rows_of(named("a"), NOW, []) == mine
    assert told.rows_of(named("b"), NOW, []) == mine
    assert told.rows_of(Changed(consumers=frozenset({UUID(int=2)})), NOW, []) == mine
    assert told.rows_of(named("c"), NOW, []) == frozenset()
    rules = (CertificateRule(fingerprint="AB" * 32), CertificateRule(issuer="CN=x", serial="02"))
    assert told.rows_of(NOTHING, NOW, [_with(rules[0])]) == mine
    assert told.rows_of(NOTHING, NOW, [_with(rules[1])]) == {(7, "y")}
    assert told.rows_of(NOTHING, NOW, [_with(CertificateRule(dns="*"))]) == {*mine, (7, "y")}


def _with(rule: CertificateRule):  # type: ignore[no-untyped-def] # short
    one = credential(3, "c")
    return type(one)(known=one.known, rules=(rule,))


def test_what_another_credential_had_to_say_before_is_forgotten() -> None:
    told = ToldCertificates()
    one = facts("CN=a")
    told.note(one, [credential(1, "a")], (7, "x"), now=NOW, until=NOW + 9)
    told.note(one, [credential(2, "b")], (7, "x"), now=NOW, until=NOW + 9)
    assert told.rows_of(named("a"), NOW, []) == frozenset()
    assert told.rows_of(named("b"), NOW, []) == {(7, "x")}


def test_when_something_had_to_be_forgotten_nobody_says_what_there_is() -> None:
    told = ToldCertificates(capacity=2)
    for serial in range(3):
        who = facts("CN=a", fingerprint=f"{serial:064x}")
        told.note(who, [], (7, f"{serial}"), now=NOW, until=NOW + 10 + serial)
    assert told.rows_of(named("a"), NOW, []) is None
    assert told.rows_of(named("a"), NOW + 10, []) == frozenset()


def test_too_many_rows_of_one_are_forgotten_together() -> None:
    told = ToldCertificates()
    one = facts("CN=a")
    for number in range(256):
        told.note(one, [credential(1, "a")], (7, f"{number}"), now=NOW, until=NOW + 9)
    found = told.rows_of(named("a"), NOW, [])
    assert found is not None
    assert len(found) == 256
    told.note(one, [credential(1, "a")], (7, "more"), now=NOW, until=NOW + 9)
    assert told.rows_of(named("a"), NOW, []) is None
    told.note(one, [credential(1, "a")], (7, "later"), now=NOW + 9, until=NOW + 20)
    assert told.rows_of(named("a"), NOW + 9, []) == {(7, "later")}
