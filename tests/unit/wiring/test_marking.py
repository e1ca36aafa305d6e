"""What conditions are of a certificate is told beside its verdict, or the verdict is no."""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from ostiary.trust.decision import Admitted, Refused
from ostiary.trust.names.marks import CertificateTest, Marks
from ostiary.trust.reason import Reason
from ostiary.wiring.marking import Marking
from tests.support.pki import Kit


def asks(name: str) -> Marks:
    return Marks([CertificateTest((("distinguished_name", (f"CN={name}",)),))])


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return Kit(tmp_path)


def admitted(kit: Kit, **odd: x509.Name) -> Admitted:
    made = kit.client(kit.root("root"), "one", **odd)
    return Admitted((made.certificate,), kit.now + timedelta(hours=1))


def test_workers_that_drain_are_told_by_their_own_conditions(kit: Kit) -> None:
    marking, decision = Marking(), admitted(kit)
    old, new = asks("one"), asks("two")
    marking.answer_by(old)
    marking.answer_by(new)
    assert marking.mark(old.id, decision) == (decision, (1,))
    assert marking.mark(new.id, decision) == (decision, (0,))


def test_conditions_that_nobody_knows_are_no_answer(kit: Kit) -> None:
    marking, decision = Marking(), admitted(kit)
    marking.answer_by(first := asks("one"))
    for one in range(8):
        marking.answer_by(asks(f"later{one}"))
    for asked in (first.id, "unheard-of"):
        refused, marks = marking.mark(asked, decision)
        assert isinstance(refused, Refused)
        assert (refused.reason, refused.until, marks) == (Reason.NO_ANSWER, None, ())


def test_nobody_passes_by_names_that_can_not_be_judged(kit: Kit) -> None:
    units = [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "u") for _ in range(65)]
    decision = admitted(kit, subject=x509.Name(units))
    marking = Marking()
    marking.answer_by(marks := asks("one"))
    refused, _ = marking.mark(marks.id, decision)
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.until) == (Reason.NAME_NOT_TRUSTED, decision.until)


def test_a_refusal_stays_one(kit: Kit) -> None:
    refused = Refused(Reason.REVOKED, "", kit.now)
    assert Marking().mark("any", refused) == (refused, ())
