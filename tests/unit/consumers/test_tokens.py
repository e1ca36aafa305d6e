"""Is a token good, whose is it, and until when?"""

from dataclasses import replace
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest

from ostiary.consumers.judging import ConsumerTest, ScopeTest
from ostiary.consumers.model import Consumer, ConsumerKind, Credential, CredentialType, Known
from ostiary.consumers.reason import CredentialReason
from ostiary.consumers.tokens import TokenJudgement, consumer_of, judge_token
from ostiary.jose.claims import Bound, Claims

MINE, OTHER = "A" * 64, "B" * 64
ADA = Known(
    consumer=Consumer(id=UUID(int=7), kind=ConsumerKind.USER, name="ada", active=True),
    credential=Credential(
        type=CredentialType.JWT, id="sub-1", scopes=frozenset({"read"}), active=True
    ),
)
STORED = TokenJudgement(policy="jwt", source="orders/0", stored=True)
CLAIMED = TokenJudgement(policy="jwt", source="orders/0")
NOW = 1_000.0


class Directory:
    """Knows one credential."""

    def __init__(self, known: Known = ADA) -> None:
        self.known = known

    def find(self, kind: CredentialType, name: str) -> Known | None:
        assert kind is CredentialType.JWT
        return self.known if name == self.known.credential.id else None


class Nobody:
    """Must not be asked."""

    def find(self, kind: CredentialType, name: str) -> Known | None:
        raise AssertionError("asked for a stored credential")


def test_a_stored_credential_tells_consumer_scopes_and_name() -> None:
    judgement = replace(
        STORED,
        scopes=frozenset({"read"}),
        tests=(ConsumerTest(frozenset({"eve"})), ConsumerTest(frozenset({"ada"}))),
    )
    claims = Claims(subject="sub-1", expires=NOW + 5)
    verdict = judge_token(judgement, claims, None, Directory(), NOW)
    assert verdict.reason is None
    assert (verdict.consumer, verdict.passed, verdict.until) == (UUID(int=7), 2, NOW + 5)
    assert verdict.named == (CredentialType.JWT, "sub-1")
    lacking = replace(judgement, scopes=frozenset({"write"}))
    assert (
        judge_token(
            lacking, replace(claims, scopes=frozenset({"write"})), None, Directory(), NOW
        ).reason
        is CredentialReason.SCOPE_MISSING
    )


@pytest.mark.parametrize("part", ["consumer", "credential"])
def test_a_stored_credential_that_is_off_refuses(part: str) -> None:
    known = replace(ADA, **{part: replace(getattr(ADA, part), active=False)})
    verdict = judge_token(STORED, Claims(subject="sub-1"), None, Directory(known), NOW)
    assert verdict.reason is CredentialReason.INACTIVE
    assert verdict.proven


def test_a_subject_that_nobody_has_is_refused_and_can_be_found_again() -> None:
    verdict = judge_token(STORED, Claims(subject="sub-2"), None, Directory(), NOW)
    assert verdict.reason is CredentialReason.WRONG
    assert verdict.named == (CredentialType.JWT, "sub-2")
    assert not verdict.proven
    nobody = judge_token(STORED, Claims(identity="sub-1"), None, Nobody(), NOW)
    assert nobody.reason is CredentialReason.TOKEN_CLAIMS


@pytest.mark.parametrize(
    ("claims", "leeway", "reason", "until"),
    [
        (Claims(expires=NOW), 0, CredentialReason.TOKEN_EXPIRED, None),
        (Claims(expires=NOW + 0.5), 0, None, NOW + 0.5),
        (Claims(expires=NOW), 3, None, NOW + 3),
        (Claims(expires=NOW - 3), 3, CredentialReason.TOKEN_EXPIRED, None),
        (Claims(begins=NOW), 0, None, None),
        (Claims(begins=NOW + 1), 0, CredentialReason.TOKEN_EARLY, NOW + 1),
        (Claims(begins=NOW + 3), 3, None, None),
        (Claims(begins=NOW + 4), 3, CredentialReason.TOKEN_EARLY, NOW + 1),
    ],
)
def test_a_token_counts_from_its_beginning_to_its_end(
    claims: Claims, leeway: int, reason: CredentialReason | None, until: float | None
) -> None:
    verdict = judge_token(replace(CLAIMED, leeway=leeway), claims, None, Nobody(), NOW)
    assert (verdict.reason, verdict.until) == (reason, until)


@pytest.mark.parametrize(
    ("bound", "must", "shown", "good"),
    [
        (None, False, None, True),
        (None, False, MINE, True),
        (None, True, MINE, False),
        (Bound(MINE), False, MINE, True),
        (Bound(MINE), True, MINE, True),
        (Bound(MINE), False, OTHER, False),
        (Bound(MINE), False, None, False),
        (Bound(None), False, None, False),
        (Bound(None), False, MINE, False),
    ],
)
@pytest.mark.parametrize("stored", [True, False])
def test_a_bound_token_needs_its_certificate(
    bound: Bound | None, must: bool, shown: str | None, good: bool, stored: bool
) -> None:
    judgement = replace(STORED if stored else CLAIMED, must_be_bound=must)
    claims = Claims(subject="sub-1", bound=bound)
    verdict = judge_token(judgement, claims, shown, Directory(), NOW)
    assert verdict.reason is (None if good else CredentialReason.TOKEN_BINDING)


def test_issuer_and_audience_must_be_among_those_asked_for() -> None:
    judgement = replace(CLAIMED, issuer=frozenset({"a", "b"}), audience=frozenset({"x", "y"}))
    good = Claims(issuer="b", audience=frozenset({"y", "z"}))
    assert judge_token(judgement, good, None, Nobody(), NOW).reason is None
    for bad in (
        replace(good, issuer="c"),
        replace(good, issuer=""),
        replace(good, audience=frozenset({"z"})),
        replace(good, audience=frozenset()),
    ):
        reason = judge_token(judgement, bad, None, Nobody(), NOW).reason
        assert reason is CredentialReason.TOKEN_CLAIMS


def test_without_a_stored_credential_the_claims_tell() -> None:
    who = uuid5(uuid5(NAMESPACE_URL, "https://a.example"), "carl")
    judgement = replace(
        CLAIMED,
        scopes=frozenset({"read"}),
        tests=(
            ConsumerTest(frozenset({"carl"})),
            ConsumerTest(frozenset({str(who)})),
            ConsumerTest(frozenset({""})),
            ScopeTest(frozenset({"read", "write"})),
        ),
    )
    claims = Claims(
        issuer="https://a.example", identity="carl", scopes=frozenset({"read", "write"})
    )
    verdict = judge_token(judgement, claims, None, Nobody(), NOW)
    assert (verdict.consumer, verdict.passed, verdict.named) == (who, 0b1011, None)
    lacking = judge_token(judgement, replace(claims, scopes=frozenset()), None, Nobody(), NOW)
    assert lacking.reason is CredentialReason.SCOPE_MISSING


def test_ids_made_of_claims_differ_by_issuer_and_name() -> None:
    ids = {
        consumer_of(Claims(issuer=issuer, identity=identity))
        for issuer in ("", "a", "ab")
        for identity in ("", "b", "ab")
    }
    assert len(ids) == 9
    named = "8c0c1f3e-7a11-4c58-9d3c-0f6f54a8a0d1"
    assert consumer_of(Claims(issuer="a", identity=named)) == UUID(named)


def test_the_id_depends_on_everything_that_is_judged_by() -> None:
    judgements = [
        CLAIMED,
        STORED,
        replace(CLAIMED, policy="oauth2-introspect"),
        replace(CLAIMED, source="orders/1"),
        replace(CLAIMED, algorithms=("RS256",)),
        replace(CLAIMED, audience=frozenset({"RS256"})),
        replace(CLAIMED, issuer=frozenset({"RS256"})),
        replace(CLAIMED, scopes=frozenset({"RS256"})),
        replace(CLAIMED, leeway=1),
        replace(CLAIMED, must_be_bound=True),
        replace(CLAIMED, tests=(ScopeTest(frozenset({"RS256"})),)),
    ]
    assert len({one.id for one in judgements}) == len(judgements)
