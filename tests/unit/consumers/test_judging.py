"""Whose a credential is, whether it is good here, and that nothing tells who exists."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.consumers.judging import Bad, ConsumerTest, Good, Judgement, ScopeTest, judge
from ostiary.consumers.model import Consumer, ConsumerKind, Credential, CredentialType, Known
from ostiary.consumers.reason import CredentialReason

KEY, BASIC = CredentialType.KEY_AUTH, CredentialType.BASIC_AUTH
ADA = Consumer(id=UUID(int=1), kind=ConsumerKind.USER, name="ada", active=True)
APP = Consumer(id=UUID(int=2), kind=ConsumerKind.APP, name="ada", active=True)
DECOYS = dict.fromkeys(CredentialType, "decoy")


class Directory:
    def __init__(self, **known: Known) -> None:
        self.known = known

    def find(self, kind: CredentialType, name: str) -> Known | None:
        found = self.known.get(name)
        return found if found and found.credential.type is kind else None


class Verify:
    """What is kept is the secret itself; says what was compared."""

    def __init__(self) -> None:
        self.compared: list[tuple[str, str]] = []

    def __call__(self, kept: str, given: str) -> bool:
        self.compared.append((kept, given))
        return kept == given


def known(consumer: Consumer = ADA, *scopes: str, active: bool = True) -> Known:
    credential = Credential(
        type=KEY, id="k", secret="right", scopes=frozenset(scopes), active=active
    )
    return Known(consumer=consumer, credential=credential)


def judged(one: Known, sent: bytes = b"k:right", **more: object) -> Good | Bad:
    judgement = Judgement(type=KEY, **more)  # type: ignore[arg-type]  # what the test says
    return judge(judgement, sent, Directory(k=one), Verify(), DECOYS)


def test_a_good_credential_tells_its_consumer() -> None:
    assert judged(known()) == Good(known(), 0)


@pytest.mark.parametrize(
    ("one", "sent", "reason"),
    [
        (known(), b"k:wrong", CredentialReason.WRONG),
        (known(), b"other:right", CredentialReason.WRONG),
        (known(), b"k:right:more", CredentialReason.WRONG),
        (known(active=False), b"k:right", CredentialReason.INACTIVE),
        (known(replace(ADA, active=False)), b"k:right", CredentialReason.INACTIVE),
        (known(active=False), b"k:wrong", CredentialReason.WRONG),
        (known(), b"k", CredentialReason.MALFORMED),
        (known(), b":right", CredentialReason.MALFORMED),
        (known(), b"k:", CredentialReason.MALFORMED),
        (known(), b"k:\xff", CredentialReason.MALFORMED),
        (known(), b"k:right\x00", CredentialReason.MALFORMED),
        (known(), b"k:" + b"x" * 5000, CredentialReason.MALFORMED),
    ],
)
def test_a_bad_one_tells_why(one: Known, sent: bytes, reason: CredentialReason) -> None:
    found = judged(one, sent)
    assert isinstance(found, Bad)
    assert found.reason is reason
    assert (found.known is None) == (reason is not CredentialReason.INACTIVE)


def test_all_scopes_of_the_endpoint_must_be_held() -> None:
    wanted = frozenset({"read", "write"})
    assert isinstance(judged(known(ADA, "read", "write", "more"), scopes=wanted), Good)
    assert judged(known(ADA, "read"), scopes=wanted) == Bad(
        CredentialReason.SCOPE_MISSING, known(ADA, "read")
    )


def test_conditions_are_told_as_bits() -> None:
    tests = (
        ConsumerTest(frozenset({"ada"})),
        ScopeTest(frozenset({"a", "b"})),
        ConsumerTest(frozenset({str(APP.id)})),
        ScopeTest(frozenset({"a"})),
    )
    assert judged(known(ADA, "a"), tests=tests) == Good(known(ADA, "a"), 0b1001)
    # An app's name is its owner's to choose: it stands for no user.
    assert judged(known(APP, "a", "b"), tests=tests) == Good(known(APP, "a", "b"), 0b1110)


def test_who_does_not_exist_costs_a_comparison_all_the_same() -> None:
    verify = Verify()
    assert judge(Judgement(type=KEY), b"no:x", Directory(), verify, DECOYS) == Bad(
        CredentialReason.WRONG
    )
    assert verify.compared == [("decoy", "x")]


def test_the_decoy_s_secret_lets_nobody_in() -> None:
    found = judge(Judgement(type=KEY), b"no:decoy", Directory(), Verify(), DECOYS)
    assert found == Bad(CredentialReason.WRONG)


def test_an_id_tells_judgements_apart_and_stays_the_same() -> None:
    judgements = [
        Judgement(type=KEY),
        Judgement(type=BASIC),
        Judgement(type=KEY, scopes=frozenset({"a"})),
        Judgement(type=KEY, scopes=frozenset({"a", "b"})),
        Judgement(type=KEY, scopes=frozenset({"a\0b"})),
        Judgement(type=KEY, tests=(ScopeTest(frozenset({"a"})),)),
        Judgement(type=KEY, tests=(ConsumerTest(frozenset({"a"})),)),
        Judgement(type=KEY, tests=(ScopeTest(frozenset("a")), ScopeTest(frozenset("b")))),
        Judgement(type=KEY, tests=(ScopeTest(frozenset("b")), ScopeTest(frozenset("a")))),
        Judgement(type=KEY, tests=(ScopeTest(frozenset({"a", "b"})),)),
    ]
    assert len({one.id for one in judgements}) == len(judgements)
    assert (
        Judgement(type=KEY, scopes=frozenset("ab")).id
        == Judgement(type=KEY, scopes=frozenset("ba")).id
    )


@given(st.binary(max_size=40))
def test_whatever_is_sent_is_judged(sent: bytes) -> None:
    for kind in (KEY, BASIC):
        found = judge(Judgement(type=kind), sent, Directory(k=known()), Verify(), DECOYS)
        assert isinstance(found, Bad)
