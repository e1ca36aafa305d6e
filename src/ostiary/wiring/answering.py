"""The agent's question put to the trust desk, and the decision put into HAProxy's numbers."""

from collections.abc import Callable
from datetime import datetime

import structlog

from ostiary.agent.answers import Answer
from ostiary.agent.questions import ChainMalformed, Question, split_chain
from ostiary.trust.decision import Admitted, Decision, Refused
from ostiary.trust.desk import Desk
from ostiary.trust.reason import ADMITTED_CODE, Reason
from ostiary.trust.told import LONGEST, NOTHING, chain_list


class Answering:
    """Answers questions by the desk, and tells the log why somebody was refused."""

    def __init__(self, desk: Desk, now: Callable[[], datetime]) -> None:
        self._desk = desk
        self._now = now
        self._log = structlog.get_logger("ostiary.decision")

    def __call__(self, question: Question) -> Answer:
        """The verdict's code, and until when HAProxy may remember it (0: not at all)."""
        now = self._now()
        try:
            chain = split_chain(question.chain)
        except ChainMalformed:
            return Answer(code=Reason.MALFORMED_CERTIFICATE.code, until=0)
        decision = self._desk.answer(question.entry, question.certificate, chain, now)
        if isinstance(decision, Refused):
            self._log.info(
                "refused",
                reason=decision.reason.value,
                detail=decision.detail,
                entry=question.entry,
            )
        return Answer(
            code=code_of(decision),
            until=_seconds(decision.until, now),
            chain=self._told(decision, question),
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
