"""The token of a described request: where a step finds it, and what it is worth there.

Judged by the functions that the agent judges by, with the keys at hand; nobody is asked by network.
"""

from collections.abc import Callable, Collection, Mapping
from typing import TypeAlias, assert_never

from ostiary.compiler.profiles import tests_of
from ostiary.compiler.routes import Route
from ostiary.compiler.tokens import AsksToken, same_token, sources_of, token_judgement
from ostiary.config.model.document import Document
from ostiary.config.model.policies.tokens import IntrospectAction
from ostiary.consumers.judging import Bad, Good, Judgement, Verdict
from ostiary.consumers.model import CredentialType
from ostiary.consumers.ports import Directory
from ostiary.consumers.reason import CredentialReason
from ostiary.consumers.tokens import Bearer, TokenJudgement, TokenVerdict, judge_signed
from ostiary.jose.claims import LONGEST_TOKEN
from ostiary.jose.keys import VerificationKey
from ostiary.jose.tokens import knows, read_head
from ostiary.services.credentials import Judged, Proof, after_scheme, as_if_shown
from ostiary.services.requests import Request
from ostiary.services.token_sources import FixedKeys, Introspection, PublishedKeys, TokenSource

AskAboutToken: TypeAlias = Callable[[TokenJudgement, Bearer], TokenVerdict | None]
"""Judges a token as it was sent; None: only somebody else could tell."""

KeysAtHand: TypeAlias = Callable[[PublishedKeys], Collection[VerificationKey]]
"""The published keys that count at the moment; none: they could not be had."""


def token_judgement_of(
    document: Document, pipeline: str, route: Route, action: AsksToken
) -> TokenJudgement:
    """What a step of the pipeline judges by, for requests of this route."""
    bound = document.pipelines[pipeline]
    source = sources_of(pipeline, bound)[same_token(action)]
    return token_judgement(action, source, route.scopes, tests_of(bound))


def judged_token(
    action: AsksToken,
    judgement: TokenJudgement,
    request: Request,
    proof: Proof,
    ask: AskAboutToken,
) -> Judged | None:
    """What stands in the request counts first, then what is shown beside it.

    None: it has a token, and what that is worth only an authorization server can tell.
    """
    found = token_in(action, request)
    token = found or proof.token.encode()
    if not token:
        return _as_if(judgement, proof)
    shown = "the token in the request" if found else "the token that was given"
    if len(token) > LONGEST_TOKEN:
        return Judged(Bad(CredentialReason.TOKEN_TOO_LONG), shown)
    # Facts are there of admitted certificates only.
    certificate = request.facts.fingerprint.upper() if request.facts is not None else None
    verdict = ask(judgement, Bearer(token, certificate))
    return None if verdict is None else Judged(_verdict(verdict), shown)


def token_in(action: AsksToken, request: Request) -> bytes:
    """The token as the engine finds it (``compiler.token_rules``); empty for none."""
    if isinstance(action, IntrospectAction):
        return after_scheme(request.header_values("authorization"), "Bearer")
    if action.scheme:
        return after_scheme(request.header_values("authorization"), action.scheme)
    field = action.jwt_extractor_field or ""
    if action.jwt_extractor == "header":
        return after_scheme(request.header_values(field.lower()), "")
    return request.parameter(field).encode()


def judge_by_keys_at_hand(
    sources: Mapping[str, TokenSource],
    published: KeysAtHand | None,
    directory: Directory,
    now: float,
) -> AskAboutToken:
    """Judges at ``now`` (Unix seconds), as the agent does. ``published``: None where nobody fetches
    keys."""

    def ask(judgement: TokenJudgement, bearer: Bearer) -> TokenVerdict | None:
        keys = _keys(sources.get(judgement.source), published, bearer.token)
        if keys is None:
            return None
        if not keys:
            return TokenVerdict(reason=CredentialReason.ISSUER_UNREACHABLE)
        try:
            return judge_signed(judgement, bearer, keys, directory, now)
        except OSError:
            return TokenVerdict(reason=CredentialReason.NO_ANSWER)

    return ask


def _keys(
    source: TokenSource | None, published: KeysAtHand | None, token: bytes
) -> Collection[VerificationKey] | None:
    """The keys for a token; None where somebody would have to be asked first."""
    match source:
        case FixedKeys(keys=keys):
            return keys
        case PublishedKeys():
            at_hand = published(source) if published is not None else None
            head = read_head(token)
            new = at_hand and head is not None and not knows(head, at_hand)
            return None if new else at_hand
        case Introspection() | None:
            return None
        case _:
            assert_never(source)


def _verdict(found: TokenVerdict) -> Verdict:
    if found.reason is not None:
        return Bad(found.reason, found.known)
    if found.known is None:
        raise AssertionError("an admitted token is somebody's")
    return Good(found.known, found.passed)


def _as_if(judgement: TokenJudgement, proof: Proof) -> Judged:
    """Tokens that name no stored credential are nobody's whom anybody knows here."""
    asked = Judgement(type=CredentialType.JWT, scopes=judgement.scopes, tests=judgement.tests)
    return as_if_shown(asked, proof.as_if or () if judgement.stored else ())
