"""What a step ``client-cert`` does with a visit, told without the engine.

As ``compiler.client_cert_steps`` has the engine do it; a change here is a change there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ostiary.compiler.authentication import CONSUMER_HEADER
from ostiary.compiler.client_cert_steps import answer_of
from ostiary.compiler.client_certificates import (
    CertificateJudgement,
    certificate_judgement_of,
)
from ostiary.config.model.client_cert import ClientCertAction
from ostiary.consumers.certificates import CertificateCredential
from ostiary.consumers.judging import Judgement
from ostiary.consumers.model import CredentialType, Known
from ostiary.consumers.reason import CredentialReason
from ostiary.services.certificate_consumers import Recognized, judge_owned, recognize
from ostiary.services.explanation import Answer
from ostiary.services.pipeline_steps import Went
from ostiary.services.requests import Request
from ostiary.trust.names.facts import Facts
from ostiary.trust.names.index import NameIndex

Fitting = Callable[[Facts], Sequence[CertificateCredential]]
"""The credentials that fit a certificate, inactive ones too, in the order of their names. May raise
OSError."""


def nobodys(_facts: Facts) -> Sequence[CertificateCredential]:
    """Raises OSError: nobody knows of credentials here."""
    raise OSError("credentials of consumers are not at hand")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shows:
    """What is known of a visit before its pipeline."""

    certificate: bool
    """It shows one, admitted or not."""
    as_if: tuple[Known, ...] = ()
    """Credentials of a consumer: without a certificate, as if one were shown that fits them."""
    scopes: frozenset[str]
    """That the API asks for."""


def certificate_step(
    fitting: Fitting, now: datetime, shows: Shows, action: ClientCertAction, request: Request
) -> Answer | Went:
    """Let the step act on a visit at ``now`` (aware)."""
    found = _recognized(action, shows, request.facts, fitting, now)
    if found.reason is None:
        if found.known is None:
            return Went(f"admits the certificate, without a consumer: {found.detail}", request)
        who = found.known.consumer
        sentence = f"the consumer is the {who.kind.value} {who.name!r} ({found.detail})"
        known = replace(request, known=found.known)
        return Went(sentence, known.with_header(CONSUMER_HEADER, str(who.id)))
    status, said = answer_of(found.reason)
    why = f"{found.reason.value}: {found.detail or found.reason.sentence}"
    if found.reason is CredentialReason.MISSING and not action.required:
        return Went("no certificate is shown, and none is required", request)
    if action.report_only:
        return Went(f"would answer {status}, and only reports ({why})", request)
    unanswered = found.reason is CredentialReason.NO_ANSWER
    if action.pass_through and not unanswered:
        return Went(f"finds no consumer, and passThrough goes on ({why})", request)
    return Answer(
        served=False, sentence=f"the gateway answers {status}: {said} ({why})", status=status
    )


def _recognized(
    action: ClientCertAction, shows: Shows, facts: Facts | None, fitting: Fitting, now: datetime
) -> Recognized:
    """``facts``: of an admitted certificate."""
    asked = Judgement(type=CredentialType.CERTIFICATE, scopes=shows.scopes)
    judgement = certificate_judgement_of(action, asked)
    if not shows.certificate:
        return _as_if(judgement, shows.as_if)
    if facts is None:
        return Recognized(reason=CredentialReason.NOT_ADMITTED)
    try:
        tied = fitting(facts)
    except OSError as error:
        return Recognized(reason=CredentialReason.NO_ANSWER, detail=str(error))
    return recognize(judgement, NameIndex(judgement.names), facts, tied, now)


def _as_if(judgement: CertificateJudgement, credentials: tuple[Known, ...]) -> Recognized:
    """Names aren't looked at: there is no certificate that could have any."""
    of_type = (one for one in credentials if one.credential.type is judgement.asked.type)
    found = [judge_owned(judgement, one, None) for one in of_type]
    good = (one for one in found if one.reason is None)
    return next(good, next(iter(found), Recognized(reason=CredentialReason.MISSING)))
