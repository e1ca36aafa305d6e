"""Steps that ask for a credential: what becomes of the request by its verdict.

``services.pipeline_steps`` tells the same of described requests; a change here is a change there.
"""

from collections.abc import Iterator
from typing import assert_never

from ostiary.compiler import credential_names as names
from ostiary.compiler.answers import problem
from ostiary.compiler.profiles import Authenticating
from ostiary.compiler.stage import Acting
from ostiary.config.model.auth_policies import BasicAuthAction, KeyAuthAction
from ostiary.consumers.reason import CredentialReason
from ostiary.haproxy.quote import word

CONSUMER_HEADER = "eg-consumer-id"
"""Express Gateway's name for it, in requests to services and, for nobody, in responses."""
WANTED = "Valid credentials are required to access the resource."
SCOPE_LACKS = "The credential lacks a scope that the resource requires."
UNDECIDED = "The credential can't be judged at the moment. Try again."
TOO_MANY = "Too many wrong credentials. Try again later."
RETRY_SECONDS = 60
_UNJUDGED = f"{CredentialReason.NO_ANSWER.code} {CredentialReason.TOO_MANY.code}"
"""Codes that refuse also with passThrough."""


def status_of(action: Authenticating, reason: CredentialReason) -> int:
    """What a refusal is answered with. Express Gateway's basic-auth has no 403."""
    match reason:
        case CredentialReason.NO_ANSWER:
            return 503
        case CredentialReason.TOO_MANY:
            return 429
        case CredentialReason.SCOPE_MISSING:
            return 403 if isinstance(action, KeyAuthAction) else 401
        case _:
            return 401


def challenge(action: Authenticating) -> str:
    """What a 401 names as the way to authenticate (RFC 9110 section 11.6.1)."""
    match action:
        case BasicAuthAction():
            return 'Basic realm="API", charset="UTF-8"'
        case KeyAuthAction():
            return f'{action.scheme or "apiKey"} realm="API"'
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
        acting.do(f"return {answer}", f"{{ var({code}) -m int {reason.code} }}")
    if not action.pass_through:
        acting.do(f"return {_unauthorized(action)}", f"!{good}")
        return
    acting.do(f"set-var({names.ANONYMOUS}) bool(true)", f"!{good}")
    acting.stage.answer(
        f"http-after-response set-header {CONSUMER_HEADER} anonymous "
        f"if {{ var({names.ANONYMOUS}) -m bool }}"
    )


def _refusals(action: Authenticating) -> Iterator[tuple[CredentialReason, str]]:
    yield CredentialReason.NO_ANSWER, problem(503, UNDECIDED)
    yield CredentialReason.TOO_MANY, f"{problem(429, TOO_MANY)} hdr Retry-After {RETRY_SECONDS}"
    if not action.pass_through and status_of(action, CredentialReason.SCOPE_MISSING) == 403:
        yield CredentialReason.SCOPE_MISSING, problem(403, SCOPE_LACKS)


def _unauthorized(action: Authenticating) -> str:
    return f"{problem(401, WANTED)} hdr WWW-Authenticate {word(challenge(action))}"
