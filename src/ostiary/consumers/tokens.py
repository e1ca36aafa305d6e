"""Is a token good here, whose is it, and until when?

The token was believed before: its signature, or its issuer's word about it. This is about what it
says.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from ostiary.consumers.changes import Named
from ostiary.consumers.judging import Test, holds, words_of
from ostiary.consumers.model import Consumer, ConsumerKind, Credential, CredentialType, Known
from ostiary.consumers.names import uuid_of
from ostiary.consumers.ports import Directory
from ostiary.consumers.reason import CredentialReason
from ostiary.jose.claims import Bound, Claims
from ostiary.jose.keys import VerificationKey
from ostiary.jose.tokens import Flaw, verify

_LONGEST_NAME: Final = 1_000
_FLAWS: Final = {
    Flaw.MALFORMED: CredentialReason.MALFORMED,
    Flaw.NO_KEY: CredentialReason.TOKEN_SIGNATURE,
    Flaw.SIGNATURE: CredentialReason.TOKEN_SIGNATURE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenJudgement:
    """By what a token is judged: the same for all requests to which the same applies."""

    policy: str
    """``jwt`` or ``oauth2-introspect``."""
    source: str
    """Who vouches for tokens: a name for the keys, or for whom to ask."""
    algorithms: tuple[str, ...] = ()
    """The only ones that may be; none: all that fit the keys."""
    audience: frozenset[str] = frozenset()
    """The token must be for one of these; empty: for anybody."""
    issuer: frozenset[str] = frozenset()
    """Likewise."""
    leeway: int = 0
    """Seconds that clocks may differ by."""
    must_be_bound: bool = False
    """Tokens must be bound to a certificate."""
    stored: bool = False
    """The subject must be the id of a stored ``jwt`` credential: its consumer and scopes count."""
    scopes: frozenset[str] = frozenset()
    """The token, or that credential, must have all of them."""
    tests: tuple[Test, ...] = ()
    """At most ``judging.MOST_TESTS``."""

    @property
    def id(self) -> str:
        """Short and stable, like ``judging.Judgement.id``; says nothing of the keys."""
        parts = ["token", self.policy, self.source, str(self.leeway)]
        parts += [str(self.must_be_bound), str(self.stored)]
        for several in (self.algorithms, self.audience, self.issuer, self.scopes):
            parts += [str(len(several)), *sorted(several)]
        for test in self.tests:
            parts += [type(test).__name__, *sorted(words_of(test))]
        text = "\0".join(f"{len(part)}:{part}" for part in parts)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenVerdict:
    """What came of a token."""

    reason: CredentialReason | None = None
    """Why it isn't good; None: it is."""
    known: Known | None = None
    """Whose it is: by the stored credential, or by what the token itself says."""
    passed: int = 0
    """Which tests hold: bit 0 is the first."""
    named: Named | None = None
    """The stored credential that it names, whether there is one or not."""
    proven: bool = False
    """The stored credential is there: what is told of it is withdrawn when it changes."""
    until: float | None = None
    """The moment at which this changes by itself, Unix seconds."""

    @property
    def consumer(self) -> UUID | None:
        """The id of whoever it is."""
        return self.known.consumer.id if self.known is not None else None


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token as it was sent, and what came with it."""

    token: bytes = field(repr=False)
    certificate: str | None = None
    """SHA-256 (upper-case hex) of the one that the client has shown and that was admitted."""


def judge_signed(
    judgement: TokenJudgement,
    bearer: Bearer,
    keys: Collection[VerificationKey],
    directory: Directory,
    now: float,
) -> TokenVerdict:
    """Judge a signed token by the keys that count for it, at ``now`` (Unix seconds).

    Raises OSError when the directory can't be asked.
    """
    claims = verify(bearer.token, keys, judgement.algorithms)
    if isinstance(claims, Flaw):
        return TokenVerdict(reason=_FLAWS[claims])
    return judge_token(judgement, claims, bearer.certificate, directory, now)


def judge_token(
    judgement: TokenJudgement,
    claims: Claims,
    certificate: str | None,
    directory: Directory,
    now: float,
) -> TokenVerdict:
    """Judge what a token says.

    ``certificate``: SHA-256 (upper-case hex) of the one that the client has shown and that was
    admitted. ``now``: Unix seconds. Raises OSError when the directory can't be asked.
    """
    ends = None if claims.expires is None else claims.expires + judgement.leeway
    begins = None if claims.begins is None else claims.begins - judgement.leeway
    # RFC 7519 sections 4.1.4 and 4.1.5: on or after "exp", and before "nbf".
    if ends is not None and now >= ends:
        return TokenVerdict(reason=CredentialReason.TOKEN_EXPIRED)
    if begins is not None and now < begins:
        return TokenVerdict(reason=CredentialReason.TOKEN_EARLY, until=begins)
    reason = _elsewhere(judgement, claims) or _unbound(judgement, claims.bound, certificate)
    if reason is not None:
        return TokenVerdict(reason=reason)
    if judgement.stored:
        return _by_credential(judgement, claims, directory, ends)
    return _by_claims(judgement, claims, ends)


def _elsewhere(judgement: TokenJudgement, claims: Claims) -> CredentialReason | None:
    wrong_issuer = judgement.issuer and claims.issuer not in judgement.issuer
    wrong_audience = judgement.audience and not judgement.audience & claims.audience
    nobody = judgement.stored and not 0 < len(claims.subject) <= _LONGEST_NAME
    return CredentialReason.TOKEN_CLAIMS if wrong_issuer or wrong_audience or nobody else None


def _unbound(
    judgement: TokenJudgement, bound: Bound | None, certificate: str | None
) -> CredentialReason | None:
    """RFC 8705 section 3: the certificate must match, and who shows none has no use of the token.

    A token that is bound to what can't be seen here is none that anybody may bear, either.
    """
    if bound is None:
        return CredentialReason.TOKEN_BINDING if judgement.must_be_bound else None
    fits = certificate is not None and bound.fingerprint == certificate
    return None if fits else CredentialReason.TOKEN_BINDING


def _by_credential(
    judgement: TokenJudgement, claims: Claims, directory: Directory, ends: float | None
) -> TokenVerdict:
    named = (CredentialType.JWT, claims.subject)
    known = directory.find(*named)
    if known is None:
        return TokenVerdict(reason=CredentialReason.WRONG, named=named)
    reason = None
    if not (known.credential.active and known.consumer.active):
        reason = CredentialReason.INACTIVE
    elif not judgement.scopes <= known.credential.scopes:
        reason = CredentialReason.SCOPE_MISSING
    return TokenVerdict(
        reason=reason,
        known=known,
        passed=_passed(judgement, known),
        named=named,
        proven=True,
        until=ends,
    )


def _passed(judgement: TokenJudgement, known: Known) -> int:
    return sum(1 << bit for bit, test in enumerate(judgement.tests) if holds(test, known))


def _by_claims(judgement: TokenJudgement, claims: Claims, ends: float | None) -> TokenVerdict:
    if not judgement.scopes <= claims.scopes:
        return TokenVerdict(reason=CredentialReason.SCOPE_MISSING, until=ends)
    known = _claimed(claims)
    return TokenVerdict(known=known, passed=_passed(judgement, known), until=ends)


def consumer_of(claims: Claims) -> UUID:
    """The id of whoever a token is for, where no stored credential says it.

    A UUID among the claims is taken as it is, as Express Gateway takes the claim ``id``. For others
    it is made of issuer and name (RFC 9562 section 5.5), always the same for the same:
    ``uuid5(uuid5(NAMESPACE_URL, issuer), name)``.
    """
    named = uuid_of(claims.identity)
    return named or uuid5(uuid5(NAMESPACE_URL, claims.issuer), claims.identity)


def _claimed(claims: Claims) -> Known:
    """The consumer that a token names, as if it were a stored one."""
    who = Consumer(
        id=consumer_of(claims), kind=ConsumerKind.USER, name=claims.identity, active=True
    )
    credential = Credential(
        type=CredentialType.JWT, id=claims.subject, scopes=claims.scopes, active=True
    )
    return Known(consumer=who, credential=credential)
