"""Whose a certificate is, held against a plain telling of the rule."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.consumers.certificates import CertificateCredential, CertificateRule
from ostiary.consumers.model import Consumer, ConsumerKind, Credential, CredentialType, Known
from ostiary.consumers.reason import CredentialReason
from ostiary.consumers.tied import Owned, Unowned, until, whose

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOURS = st.none() | st.integers(-3, 3)


def credential(
    owner: int = 1,
    name: str = "a",
    *scopes: str,
    active: bool = True,
    living: bool = True,
    begin: int | None = None,
    end: int | None = None,
) -> CertificateCredential:
    return CertificateCredential(
        known=Known(
            consumer=Consumer(
                id=UUID(int=owner), kind=ConsumerKind.USER, name=f"user{owner}", active=living
            ),
            credential=Credential(
                type=CredentialType.CERTIFICATE, id=name, scopes=frozenset(scopes), active=active
            ),
        ),
        rules=(CertificateRule(fingerprint="ab" * 32),),
        valid_from=None if begin is None else NOW + timedelta(hours=begin),
        valid_until=None if end is None else NOW + timedelta(hours=end),
    )


CREDENTIALS = st.lists(
    st.builds(
        credential,
        st.integers(1, 3),
        st.sampled_from("abc"),
        st.sampled_from(["read", "write"]),
        active=st.booleans(),
        living=st.booleans(),
        begin=HOURS,
        end=HOURS,
    ),
    max_size=6,
)


def counts(one: CertificateCredential, at: datetime) -> bool:
    return (
        one.known.credential.active
        and one.known.consumer.active
        and not (one.valid_from and at < one.valid_from)
        and not (one.valid_until and one.valid_until <= at)
    )


@settings(max_examples=400, deadline=None)
@given(CREDENTIALS)
def test_it_is_the_one_consumer_s_whose_credentials_count(
    fitting: list[CertificateCredential],
) -> None:
    good = [one for one in fitting if counts(one, NOW)]
    owners = {one.known.consumer.id for one in good}
    found = whose(fitting, NOW)
    if len(owners) == 1:
        assert isinstance(found, Owned)
        assert found.known.consumer.id in owners
        assert found.known.credential.scopes == {
            scope for one in good for scope in one.known.credential.scopes
        }
        return
    assert isinstance(found, Unowned)
    if owners:
        expected = CredentialReason.AMBIGUOUS
    elif not fitting:
        expected = CredentialReason.NOBODYS
    elif any(
        not (one.valid_from and one.valid_from > NOW)
        and not (one.valid_until and one.valid_until <= NOW)
        for one in fitting
    ):
        expected = CredentialReason.INACTIVE
    else:
        expected = CredentialReason.OUT_OF_DATE
    assert found.reason is expected


@settings(max_examples=400, deadline=None)
@given(CREDENTIALS)
def test_until_the_next_date_the_answer_stays(fitting: list[CertificateCredential]) -> None:
    end = until(fitting, NOW)
    later = [NOW + timedelta(minutes=30 * step) for step in range(1, 9)]
    for at in later:
        if end is None or at < end:
            assert whose(fitting, at) == whose(fitting, NOW)
    assert end is None or end > NOW


def test_the_order_of_the_credentials_decides_about_no_one() -> None:
    both = [credential(1, "a", "read"), credential(2, "b", "write")]
    for fitting in (both, both[::-1]):
        found = whose(fitting, NOW)
        assert isinstance(found, Unowned)
        assert found.reason is CredentialReason.AMBIGUOUS
        assert "user1" in found.detail
        assert "user2" in found.detail


def test_a_hand_over_has_no_moment_of_two_owners_and_none_of_nobody() -> None:
    fitting = [credential(1, "old", end=1), credential(2, "new", begin=1)]
    at = until(fitting, NOW)
    assert at == NOW + timedelta(hours=1)
    before, after = whose(fitting, NOW), whose(fitting, at)
    assert isinstance(before, Owned)
    assert isinstance(after, Owned)
    assert (before.known.credential.id, after.known.credential.id) == ("old", "new")


def test_many_that_fit_are_told_in_few_words() -> None:
    found = whose([credential(1, f"c{n}", active=False) for n in range(9)], NOW)
    assert isinstance(found, Unowned)
    assert found.detail.endswith("and 5 more")
