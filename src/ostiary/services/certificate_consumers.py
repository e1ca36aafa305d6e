"""What a step ``client-cert`` thinks of an admitted certificate: its names, and whose it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ostiary.compiler.client_certificates import CertificateJudgement
from ostiary.consumers.certificates import CertificateCredential
from ostiary.consumers.judging import Bad, ConsumerTest, Good, holds, judge_known
from ostiary.consumers.model import Known
from ostiary.consumers.reason import CredentialReason
from ostiary.consumers.tied import Owned, Unowned, until, whose
from ostiary.trust.names.facts import Facts
from ostiary.trust.names.index import Denied, NameIndex, NotTrusted, Passed


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognized:
    """The verdict on one certificate."""

    reason: CredentialReason | None
    """Why it is refused; None: it is admitted."""
    known: Known | None = None
    """Whose it is, by the credential that counts; None of an admitted one: nobody's."""
    passed: int = 0
    """Which of the judgement's tests hold: bit 0 is the first."""
    until: datetime | None = None
    """From when on the time alone may change this."""
    detail: str = ""
    """For the log: one sentence without a full stop."""


def recognize(
    judgement: CertificateJudgement,
    names: NameIndex,
    facts: Facts,
    fitting: Sequence[CertificateCredential],
    now: datetime,
) -> Recognized:
    """Judge a certificate that leads to a trust anchor, at ``now`` (aware).

    ``names``: the judgement's, ready to be asked; ``fitting``: every credential that fits, inactive
    ones too, the first in order first.
    """
    refused = _refused_by_name(names, facts)
    if refused is not None:
        return refused
    found = whose(fitting, now)
    end = until(fitting, now)
    match found:
        case Owned(known=known):
            return judge_owned(judgement, known, end)
        case Unowned(reason=reason, detail=detail):
            nobodys = reason is CredentialReason.NOBODYS
            if not nobodys or judgement.consumer_required:
                return Recognized(reason=reason, until=end, detail=detail)
            if judgement.asked.scopes:
                return Recognized(reason=CredentialReason.SCOPE_MISSING, until=end, detail=detail)
            return Recognized(reason=None, until=end, detail=detail)


def _refused_by_name(names: NameIndex, facts: Facts) -> Recognized | None:
    if facts.fault is not None:
        # Whose it is mustn't be decided by such names, either.
        return Recognized(reason=CredentialReason.NAME_REFUSED, detail=facts.fault)
    match names.judge(facts):
        case Passed():
            return None
        case NotTrusted(detail=detail):
            return Recognized(reason=CredentialReason.NAME_REFUSED, detail=detail)
        case Denied(rule=rule):
            return Recognized(
                reason=CredentialReason.NAME_REFUSED, detail=f"the rule {rule!r} denies it"
            )


def judge_owned(judgement: CertificateJudgement, known: Known, end: datetime | None) -> Recognized:
    """Judge a certificate whose owner is known, until ``end`` at the latest."""
    told = f"credential {known.credential.id} of {known.consumer.name}"
    wanted = ConsumerTest(judgement.consumers)
    if judgement.consumers and not holds(wanted, known):
        reason = CredentialReason.CONSUMER_REFUSED
        return Recognized(reason=reason, known=known, until=end, detail=told)
    match judge_known(judgement.asked, known):
        case Good(passed=passed):
            return Recognized(reason=None, known=known, passed=passed, until=end, detail=told)
        case Bad(reason=reason):
            return Recognized(reason=reason, known=known, until=end, detail=told)
