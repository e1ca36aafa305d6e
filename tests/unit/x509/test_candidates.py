"""Only the anchors by whose names a path could go are looked at, with the same verdicts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ostiary.x509.candidates import Candidates
from ostiary.x509.certificate import Certificate
from ostiary.x509.verify import PathFault, PathVerifier, VerifiedPath
from tests.support.pki import DAY, SERVER_AUTH, Kit


class _Everything(Candidates):
    """The obviously right choice: all of them."""

    __slots__ = ("_count",)

    def __init__(self, anchors: tuple[Certificate, ...]) -> None:
        super().__init__(anchors)
        self._count = len(anchors)

    def of(self, certificates: Iterable[Certificate]) -> tuple[int, ...]:
        return tuple(range(self._count))


class _Slow(PathVerifier):
    def __init__(self, anchors: tuple[Certificate, ...]) -> None:
        super().__init__(anchors)
        self._candidates = _Everything(anchors)


@dataclass(frozen=True)
class Zoo:
    now: datetime
    certificates: tuple[Certificate, ...] = field(repr=False)


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    """Authorities and clients with everything that makes paths hard to find."""
    kit = Kit(tmp_path_factory.mktemp("zoo"))
    a, b, old = kit.root("a"), kit.root("b"), kit.root("old", not_after=kit.now - DAY)
    mid = kit.intermediate(a, "mid")
    low = kit.intermediate(mid, "low")
    short = kit.intermediate(a, "short", path_length=0)
    below_short = kit.intermediate(short, "below")
    loud = kit.intermediate(a, "loud", common_name="MID", key=mid.key)
    made = [
        a, b, old, mid, low, short, below_short, loud,
        kit.root("a2", common_name="a"),
        kit.root("a-expired", common_name="a", key=a.key, not_after=kit.now - DAY),
        kit.intermediate(b, "mid-by-b", common_name="mid", key=mid.key),
        kit.intermediate(b, "mid-old", common_name="mid", key=mid.key, not_after=kit.now - DAY),
        kit.intermediate(b, "a-by-b", common_name="a", key=a.key),
        kit.intermediate(a, "b-by-a", common_name="b", key=b.key),
        kit.client(a, "of-a"), kit.client(mid, "of-mid"), kit.client(low, "of-low"),
        kit.client(low, "bare", key_identifiers=False),
        kit.client(below_short, "of-below"), kit.client(old, "of-old"),
        kit.client(b, "mid-twin", common_name="mid"),
        kit.client(None, "alone"), kit.client(loud, "of-loud"),
        kit.client(mid, "server", purposes=[SERVER_AUTH]),
        kit.client(mid, "expired", not_after=kit.now - DAY),
        kit.client(a, "forged", signer=b),
    ]  # fmt: skip
    return Zoo(kit.now, tuple(one.certificate for one in made))


_COUNT = 26
_SOME = st.lists(st.integers(0, _COUNT - 1), max_size=9, unique=True)


@given(_SOME, _SOME, st.integers(0, _COUNT - 1), st.sampled_from([0, -2, 60]))
@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_the_verdict_is_the_one_with_all_anchors(
    zoo: Zoo,
    trusted: list[int],
    sent: list[int],
    shown: int,
    days: int,
) -> None:
    certificates = zoo.certificates
    assert len(certificates) == _COUNT
    anchors = tuple(certificates[number] for number in trusted)
    untrusted = tuple(certificates[number] for number in sent)
    leaf, now = certificates[shown], zoo.now + days * DAY
    found = PathVerifier(anchors).verify(leaf, untrusted, now)
    slow = _Slow(anchors).verify(leaf, untrusted, now)
    if any(not one.not_before <= now <= one.not_after for one in anchors):
        # An anchor out of its time is looked for as the cause; one of another name only blurs it.
        assert found == slow or {type(found), type(slow)} == {PathFault}
    else:
        assert found == slow


def test_names_are_compared_as_openssl_does_it_and_not_byte_by_byte(kit: Kit) -> None:
    root = kit.root("Some Root")
    respelled = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, "some  ROOT ", _type=_ASN1Type.PrintableString)]
    )
    anchor = kit.root("respelled", subject=respelled, key=root.key).certificate
    leaf = kit.client(root, "leaf", key_identifiers=False).certificate
    assert anchor.subject_der != root.certificate.subject_der
    found = PathVerifier((kit.root("noise").certificate, anchor)).verify(leaf, (), kit.now)
    assert found == VerifiedPath((leaf, anchor))


def test_an_expired_anchor_of_another_name_does_not_blur_the_cause(kit: Kit) -> None:
    noise = kit.root("noise", not_after=kit.now - DAY).certificate
    leaf = kit.client(kit.root("root"), "leaf").certificate
    alone = PathVerifier(()).verify(leaf, (), kit.now)
    assert isinstance(alone, PathFault)
    assert PathVerifier((noise,)).verify(leaf, (), kit.now) == alone


def test_few_anchors_are_looked_at_whatever_their_number(kit: Kit) -> None:
    roots = [kit.root(f"r{number}").certificate for number in range(40)]
    leaf = kit.client(kit.root("r7", key=kit.root("other").key), "leaf").certificate
    assert Candidates(roots).of([leaf]) == (7,)
    assert Candidates(roots).of([kit.client(None, "stranger").certificate]) == ()


def test_a_store_is_kept_for_one_second_and_no_longer(kit: Kit) -> None:
    root = kit.root("root", not_after=kit.now + DAY)
    leaf = kit.client(root, "leaf", not_after=kit.now + DAY).certificate
    verifier = PathVerifier((root.certificate,))
    assert isinstance(verifier.verify(leaf, (), kit.now + DAY), VerifiedPath)
    assert isinstance(verifier.verify(leaf, (), kit.now + DAY + timedelta(seconds=1)), PathFault)
