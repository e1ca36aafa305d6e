"""The agent's question put to the trust desk, and the decision put into HAProxy's numbers."""

from collections.abc import Callable
from datetime import datetime

import structlog

from ostiary.agent.answers import Answer
from ostiary.agent.headers import Headers, Readable, Unusable
from ostiary.agent.questions import ChainMalformed, Header, Question, split_chain
from ostiary.trust.decision import Admitted, Decision, Refused
from ostiary.trust.desk import Desk
from ostiary.trust.judge import REFUSAL_AGE
from ostiary.trust.reason import ADMITTED_CODE, Reason
from ostiary.trust.told import LONGEST, NOTHING, chain_list


class Answering:
    """Answers questions by the desk, and tells the log why somebody was refused."""

    def __init__(self, desk: Desk, now: Callable[[], datetime]) -> None:
        self._desk = desk
        self._now = now
        self._headers = Headers()
        self._log = structlog.get_logger("ostiary.decision")

    def __call__(self, question: Question) -> Answer:
        """The verdict's code, and until when HAProxy may remember it (0: not at all)."""
        now = self._now()
        if question.header is not None:
            return self._by_header(question, question.header, now)
        try:
            chain = split_chain(question.chain)
        except ChainMalformed:
            return Answer(code=Reason.MALFORMED_CERTIFICATE.code, until=0)
        return self._answer(question, question.certificate, chain, now)

    def _by_header(self, question: Question, header: Header, now: datetime) -> Answer:
        match self._headers.read(header.value, header.written):
            case Readable(leaf=leaf, chain=chain, facts=facts):
                return self._answer(question, leaf, chain, now, facts)
            case Unusable(reason=reason, detail=detail, facts=facts):
                refused = Refused(reason, detail, now + REFUSAL_AGE)
                return self._told_of(question, refused, now, facts)

    def _answer(
        self,
        question: Question,
        leaf: bytes,
        chain: tuple[bytes, ...],
        now: datetime,
        facts: bytes = b"",
    ) -> Answer:
        decision = self._desk.answer(question.entry, leaf, chain, now)
        return self._told_of(question, decision, now, facts)

    def _told_of(
        self, question: Question, decision: Decision, now: datetime, facts: bytes
    ) -> Answer:
        refused = decision if isinstance(decision, Refused) else decision.would_refuse
        if refused is not None:
            self._log.info(
                "refused" if refused is decision else "would-refuse",
                reason=refused.reason.value,
                detail=refused.detail,
                entry=question.entry,
            )
        return Answer(
            code=code_of(decision),
            until=_seconds(decision.until, now),
            chain=self._told(decision, question),
            would=0 if refused is None or refused is decision else refused.reason.code,
            facts=facts,
        )

    def _told(self, decision: Decision, question: Question) -> str | None:
        """The chain for the service; None unless it was asked for and verified."""
        if not question.wants_chain or not isinstance(decision, Admitted):
            return None
        told = chain_list(decision.path)
        if len(told) <= LONGEST:
            return told
        self._log.warning(
            "chain-too-long",
            characters=len(told),
            most=LONGEST,
            subject=decision.path[0].subject,
            entry=question.entry,
        )
        return NOTHING


def code_of(decision: Decision) -> int:
    """The number that HAProxy's rules and log read."""
    return ADMITTED_CODE if isinstance(decision, Admitted) else decision.reason.code


def _seconds(until: datetime | None, now: datetime) -> int:
    """Whole Unix seconds, rounded down so that nothing is remembered beyond its time."""
    return 0 if until is None or until <= now else int(until.timestamp())
