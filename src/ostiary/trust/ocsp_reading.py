"""From the bytes of an OCSP answer to what it says, if it is to be believed."""

from datetime import datetime

from ostiary.trust.ocsp import Nonce, OcspRules, Question, Status, Unbelieved, believe
from ostiary.x509.errors import NotAnOcspAnswer
from ostiary.x509.ocsp_answer import OcspAnswer, Unsuccessful, read_answer
from ostiary.x509.ocsp_question import Subject


def status_of(question: Question, der: bytes, nonce: bytes, now: datetime) -> Status | Unbelieved:
    """What an answer that has just come says; ``nonce`` is what was sent, empty: none."""
    try:
        answer = read_answer(der)
    except NotAnOcspAnswer as fault:
        return Unbelieved(fault.sentence, unwell=True)
    if isinstance(answer, Unsuccessful):
        # "unauthorized" is what many say of a certificate that they don't know (RFC 5019 2.2.3).
        unwell = answer.status in ("internalError", "tryLater")
        return Unbelieved(f"the responder says {answer.status}", unwell)
    strange = _strange_nonce(answer, nonce, question.rules)
    if strange is not None:
        return Unbelieved(strange)
    status = believe(answer, question.subject, question.rules, now)
    if isinstance(status, Status) and status.until <= now:
        return Unbelieved(f"it ended at {status.until.isoformat()}")
    return status


def verified(der: bytes, subject: Subject, rules: OcspRules, taken: datetime) -> Status | None:
    """What an answer of before says, which came at ``taken``; None where it isn't believed."""
    try:
        answer = read_answer(der)
    except NotAnOcspAnswer:
        return None
    if isinstance(answer, Unsuccessful):
        return None
    status = believe(answer, subject, rules, taken)
    return None if isinstance(status, Unbelieved) else status


def _strange_nonce(answer: OcspAnswer, nonce: bytes, rules: OcspRules) -> str | None:
    if not nonce:
        return None
    if answer.nonce is None:
        return "it has no nonce" if rules.nonce is Nonce.REQUIRED else None
    return None if answer.nonce == nonce else "its nonce is another than the question's"
