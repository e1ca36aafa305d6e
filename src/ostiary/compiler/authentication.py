"""Steps that ask for a credential: what becomes of the request by its verdict.

``services.pipeline_steps`` tells the same of described requests; a change here is a change there.
"""

from collections.abc import Iterator
from typing import assert_never

from ostiary.compiler import credential_names as names
from ostiary.compiler.answers import problem
from ostiary.compiler.profiles import Authenticating
from ostiary.compiler.stage import Acting
from ostiary.compiler.token_answers import (
    SENTENCES_FILE,
    bearer,
    header,
    insufficient_scope,
    invalid_token,
    missing,
    sentences_file,
)
from ostiary.config.model.auth_policies import BasicAuthAction, KeyAuthAction
from ostiary.config.model.policies.tokens import IntrospectAction, JwtAction
from ostiary.consumers.reason import CredentialReason

CONSUMER_HEADER = "eg-consumer-id"
"""Express Gateway's name for it, in requests to services and, for nobody, in responses."""
WANTED = "Valid credentials are required to access the resource."
NOT_ACCEPTED = "The token is not accepted."
SCOPE_LACKS = "The credential lacks a scope that the resource requires."
UNDECIDED = "The credential can't be judged at the moment. Try again."
TOO_MANY = "Too many wrong credentials. Try again later."
RETRY_SECONDS = 60
_UNJUDGED = " ".join(str(one.code) for one in CredentialReason if one.unjudged)
"""Codes that refuse also with passThrough."""


def status_of(action: Authenticating, reason: CredentialReason) -> int:
    """What a refusal is answered with. Express Gateway's basic-auth has no 403."""
    match reason:
        case CredentialReason.NO_ANSWER | CredentialReason.ISSUER_UNREACHABLE:
            return 503
        case CredentialReason.TOO_MANY:
            return 429
        case CredentialReason.SCOPE_MISSING:
            return 401 if isinstance(action, BasicAuthAction) else 403
        case _:
            return 401


def challenge(action: Authenticating) -> str:
    """What a 401 names as the way to authenticate (RFC 9110 section 11.6.1)."""
    match action:
        case BasicAuthAction():
            return 'Basic realm="API", charset="UTF-8"'
        case KeyAuthAction():
            return f'{action.scheme or "apiKey"} realm="API"'
        case JwtAction() | IntrospectAction():
            return bearer(action)
        case _:
            assert_never(action)


def authentication_rules(action: Authenticating, acting: Acting) -> None:
    """Note the consumer, tell the service, refuse who has none.

    Whoever could not be judged is refused also with passThrough: "we can't tell" is not "nobody".
    """
    number = acting.stage.setting.profiles.number(action)
    code = names.code_of_profile(number)
    good = f"{{ var({code}) -m int 1 }}"
    acting.do(f"set-var({names.CONSUMER}) var({names.who_of_profile(number)})", good)
    if acting.stage.algebra.tests:
        passed = names.passed_of_profile(number)
        acting.do(f"set-var({names.CONSUMER_PASSED}) var({passed})", good)
    acting.do(f"set-header {CONSUMER_HEADER} %[var({names.CONSUMER})]", good)
    acting.do(f"set-var({names.OUTCOME}) var({code})")
    refused = f"{{ var({code}) -m int {_UNJUDGED} }}" if action.pass_through else f"!{good}"
    # Refusals are told to the gateway itself, which listens for this level.
    acting.do("set-log-level err", refused)
    for reason, answer in _refusals(action):
        acting.do(f"return {answer}", f"{{ var({code}) -m int {reason} }}")
    if not action.pass_through:
        _unauthorized(action, code, acting, f"!{good}")
        return
    acting.do(f"set-var({names.ANONYMOUS}) bool(true)", f"!{good}")
    acting.stage.answer(
        f"http-after-response set-header {CONSUMER_HEADER} anonymous "
        f"if {{ var({names.ANONYMOUS}) -m bool }}"
    )


def _refusals(action: Authenticating) -> Iterator[tuple[str, str]]:
    """Codes, and what is answered."""
    statuses = {one: status_of(action, one) for one in CredentialReason}
    undecided = " ".join(str(one.code) for one, status in statuses.items() if status == 503)
    yield undecided, problem(503, UNDECIDED)
    too_many = f"{problem(429, TOO_MANY)} hdr Retry-After {RETRY_SECONDS}"
    yield str(CredentialReason.TOO_MANY.code), too_many
    lacks = CredentialReason.SCOPE_MISSING
    if not action.pass_through and statuses[lacks] == 403:
        told = ""
        if isinstance(action, JwtAction | IntrospectAction):
            told = f" {header(insufficient_scope(action))}"
        yield str(lacks.code), f"{problem(403, SCOPE_LACKS)}{told}"


def _unauthorized(action: Authenticating, code: str, acting: Acting, refused: str) -> None:
    answer = f"return {problem(401, WANTED)} {header(challenge(action))}"
    if not isinstance(action, JwtAction | IntrospectAction):
        acting.do(answer, refused)
        return
    acting.do(answer, missing(code))
    acting.stage.files[SENTENCES_FILE] = sentences_file()
    said = invalid_token(action, code, acting.stage.setting.path_of(SENTENCES_FILE))
    acting.do(f"return {problem(401, NOT_ACCEPTED)} {header(said)}", refused)
