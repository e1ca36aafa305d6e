"""A step ``client-cert``: what becomes of the request by what was found out about its certificate.

``services.certificate_steps`` tells the same for one certificate; a change here is a change there.
"""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from ostiary.compiler import credential_names as credentials
from ostiary.compiler import names
from ostiary.compiler.answers import (
    CERTIFICATE_REFUSED,
    CERTIFICATE_REQUIRED,
    UNDECIDED,
    problem,
)
from ostiary.compiler.authentication import CONSUMER_HEADER
from ostiary.compiler.stage import Acting
from ostiary.config.model.client_cert import ClientCertAction
from ostiary.consumers.reason import CredentialReason

_NOBODY: Final = UUID(int=0)
"""What the engine's memory holds of an admitted certificate that is no consumer's."""
SCOPE_LACKS: Final = "The consumer's credential lacks a scope that the resource requires."


def answer_of(reason: CredentialReason) -> tuple[int, str]:
    """Status and sentence of a refusal. Why exactly is in the log: a client need not know whose
    certificates there are."""
    match reason:
        case CredentialReason.MISSING:
            return 401, CERTIFICATE_REQUIRED
        case CredentialReason.NO_ANSWER:
            return 503, UNDECIDED
        case CredentialReason.SCOPE_MISSING:
            return 403, SCOPE_LACKS
        case _:
            return 403, CERTIFICATE_REFUSED


def client_cert_rules(action: ClientCertAction, acting: Acting) -> None:
    """Note the consumer, tell the service, refuse who may not pass.

    Whoever could not be judged is refused also with passThrough: "we can't tell" is not "nobody".
    """
    number = acting.stage.setting.profiles.number(action)
    code = credentials.code_of_profile(number)
    who = credentials.who_of_profile(number)
    good = f"{{ var({code}) -m int 1 }}"
    somebody = f"{{ var({who}) -m found }} !{{ var({who}) -m str {_NOBODY} }}"
    acting.do(f"set-var({credentials.CONSUMER}) var({who})", good, somebody)
    if acting.stage.algebra.tests:
        passed = credentials.passed_of_profile(number)
        acting.do(f"set-var({credentials.CONSUMER_PASSED}) var({passed})", good, somebody)
    acting.do(f"set-header {CONSUMER_HEADER} %[var({credentials.CONSUMER})]", good, somebody)
    acting.do(f"set-var({credentials.OUTCOME}) var({code})")
    if action.report_only:
        passing = _passing(action, code)
        would = f"var({code}),add({credentials.WOULD_FROM})"
        acting.do(f"set-var({names.WOULD}) {would}", *passing)
        acting.do("set-log-level err", *passing)
        return
    _refuse(action, acting, code)


def _passing(action: ClientCertAction, code: str) -> tuple[str, ...]:
    """ACL literals for "the step refuses", where nothing passes through."""
    passes = "1" if action.required else f"1 {CredentialReason.MISSING.code}"
    return (f"!{{ var({code}) -m int {passes} }}",)


def _refuse(action: ClientCertAction, acting: Acting, code: str) -> None:
    refused = _passing(action, code)
    if action.pass_through:
        refused = (f"{{ var({code}) -m int {CredentialReason.NO_ANSWER.code} }}",)
    # Refusals are told to the gateway itself, which listens for this level.
    acting.do("set-log-level err", *refused)
    for reason in _told_apart():
        if not action.pass_through or reason is CredentialReason.NO_ANSWER:
            test = f"{{ var({code}) -m int {reason.code} }}"
            acting.do(f"return {problem(*answer_of(reason))}", test, *refused)
    if not action.pass_through:
        acting.do(f"return {problem(403, CERTIFICATE_REFUSED)}", *refused)
        return
    anonymous = f"!{{ var({code}) -m int 1 }}"
    acting.do(f"set-var({credentials.ANONYMOUS}) bool(true)", anonymous)
    acting.stage.answer(
        f"http-after-response set-header {CONSUMER_HEADER} anonymous "
        f"if {{ var({credentials.ANONYMOUS}) -m bool }}"
    )


def _told_apart() -> Iterator[CredentialReason]:
    """Reasons that are answered with something else than the general refusal."""
    for reason in CredentialReason:
        if answer_of(reason) != (403, CERTIFICATE_REFUSED):
            yield reason
