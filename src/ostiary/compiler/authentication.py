"""Steps that ask for a credential: what becomes of the request by its verdict.

``services.way`` tells of requests without credentials; a change here is a change there.
"""

from collections.abc import Iterator
from typing import assert_never

from ostiary.compiler import credential_names as names
from ostiary.compiler.answers import problem
from ostiary.compiler.expressions import Algebra, Expression, Literal, literal
from ostiary.compiler.profiles import Authenticating, Profiles
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


def finding_rules(
    action: Authenticating, profiles: Profiles, algebra: Algebra, expression: Expression
) -> None:
    """Note the consumer for what comes after; ``expression`` says for which requests."""
    number = profiles.number(action)
    who, passed = names.who_of_profile(number), names.passed_of_profile(number)
    good = literal(f"{{ var({names.code_of_profile(number)}) -m int 1 }}")
    tail = _if(algebra, algebra.every([expression, good]))
    algebra.rules.append(f"http-request set-var({names.CONSUMER}) var({who}){tail}")
    if algebra.tests:
        rule = f"http-request set-var({names.CONSUMER_PASSED}) var({passed}){tail}"
        algebra.rules.append(rule)


def forgetting_rules() -> list[str]:
    """No consumer was found yet."""
    return [f"http-request unset-var({name})" for name in (names.CONSUMER, names.CONSUMER_PASSED)]


def step_rules(
    action: Authenticating, profiles: Profiles, algebra: Algebra, expression: Expression
) -> None:
    """Note the consumer, tell the service, refuse who has none.

    Whoever could not be judged is refused also with passThrough: "we can't tell" is not "nobody".
    """
    # The condition may ask for the consumer that is about to be noted.
    expression = algebra.spill(expression)
    finding_rules(action, profiles, algebra, expression)
    code = names.code_of_profile(profiles.number(action))
    good = literal(f"{{ var({code}) -m int 1 }}")
    header = f"http-request set-header {CONSUMER_HEADER} %[var({names.CONSUMER})]"
    algebra.rules += [
        f"{header}{_if(algebra, algebra.every([expression, good]))}",
        f"http-request set-var({names.OUTCOME}) var({code}){_if(algebra, expression)}",
    ]
    bad = Expression(((~good.alternatives[0][0],),))
    refused = literal(f"{{ var({code}) -m int {_UNJUDGED} }}") if action.pass_through else bad
    # Refusals are told to the gateway itself, which listens for this level.
    tail = _if(algebra, algebra.every([expression, refused]))
    algebra.rules.append(f"http-request set-log-level err{tail}")
    for reason, answer in _refusals(action):
        hit = literal(f"{{ var({code}) -m int {reason.code} }}")
        tail = _if(algebra, algebra.every([expression, hit]))
        algebra.rules.append(f"http-request return {answer}{tail}")
    tail = _if(algebra, algebra.every([expression, bad]))
    if action.pass_through:
        algebra.rules += [
            f"http-request set-var({names.ANONYMOUS}) bool(true){tail}",
            f"http-after-response set-header {CONSUMER_HEADER} anonymous "
            f"if {{ var({names.ANONYMOUS}) -m bool }}",
        ]
    else:
        algebra.rules.append(f"http-request return {_unauthorized(action)}{tail}")


def _refusals(action: Authenticating) -> Iterator[tuple[CredentialReason, str]]:
    yield CredentialReason.NO_ANSWER, problem(503, UNDECIDED)
    yield CredentialReason.TOO_MANY, f"{problem(429, TOO_MANY)} hdr Retry-After {RETRY_SECONDS}"
    if not action.pass_through and status_of(action, CredentialReason.SCOPE_MISSING) == 403:
        yield CredentialReason.SCOPE_MISSING, problem(403, SCOPE_LACKS)


def _unauthorized(action: Authenticating) -> str:
    return f"{problem(401, WANTED)} hdr WWW-Authenticate {word(challenge(action))}"


def _if(algebra: Algebra, expression: Expression) -> str:
    """The tail of a rule for an expression of one alternative, perhaps always."""
    tests: tuple[Literal | str, ...] = (*algebra.guards, *expression.alternatives[0])
    return f" if {' '.join(map(str, tests))}" if tests else ""
