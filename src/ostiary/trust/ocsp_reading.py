"""From the bytes of an OCSP answer to what it says, if it is to be believed."""

from datetime import datetime

from ostiary.trust.ocsp import (
    Blame,
    Nonce,
    OcspRules,
    Question,
    Status,
    Unbelieved,
    believe,
    disowned,
)
from ostiary.trust.status_lines import Line
from ostiary.x509.errors import NotAnOcspAnswer
from ostiary.x509.ocsp_answer import OcspAnswer, Unsuccessful, read_answer
from ostiary.x509.ocsp_question import Subject


def status_of(question: Question, der: bytes, nonce: bytes, now: datetime) -> Status | Unbelieved:
    """What an answer that has just come says; ``nonce`` is what was sent, empty: none."""
    try:
        answer = read_answer(der)
    except NotAnOcspAnswer as fault:
        return Unbelieved(fault.sentence, Blame.EITHER)
    if isinstance(answer, Unsuccessful):
        # "unauthorized" is what many say of a certificate that they don't know (RFC 5019 2.2.3).
        broken = answer.status in ("internalError", "tryLater")
        blame = Blame.EITHER if broken else Blame.QUESTION
        return Unbelieved(f"the responder says {answer.status}", blame)
    strange = _strange_nonce(answer, nonce, question.rules)
    if strange is not None:
        return Unbelieved(strange)
    status = believe(answer, question.subject, question.rules, now)
    if isinstance(status, Status) and status.until <= now:
        return Unbelieved(f"it ended at {status.until.isoformat()}")
    return status


def verified(line: Line, subject: Subject, rules: OcspRules) -> Status | None:
    """What an answer of before says by these rules; None where it isn't believed.

    Rules may have changed since it was. Nobody becomes good by that alone: whom it revoked stays
    revoked, as if it had ended, so that a newer answer or list outdoes it.
    """
    try:
        answer = read_answer(line.der)
    except NotAnOcspAnswer:
        return None
    if isinstance(answer, Unsuccessful):
        return None
    if _strange_nonce(answer, line.nonce, rules) is None:
        status = believe(answer, subject, rules, line.taken)
        if isinstance(status, Status):
            return status
    return disowned(answer, subject, line.taken) if line.revokes else None


def _strange_nonce(answer: OcspAnswer, nonce: bytes, rules: OcspRules) -> str | None:
    if nonce and answer.nonce is not None and answer.nonce != nonce:
        return "its nonce is another than the question's"
    if rules.nonce is Nonce.REQUIRED and not (nonce and answer.nonce):
        return "it has no nonce"
    return None
