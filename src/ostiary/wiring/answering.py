"""The agent's question put to the trust desk, and the decision put into HAProxy's numbers."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from ostiary.agent.answers import Answer
from ostiary.agent.headers import Headers, Readable, Unusable
from ostiary.agent.questions import ChainMalformed, Question, split_chain
from ostiary.trust.decision import Admitted, Decision, Refused
from ostiary.trust.desk import Desk
from ostiary.trust.judge import REFUSAL_AGE
from ostiary.trust.reason import ADMITTED_CODE, Reason
from ostiary.trust.told import LONGEST, NOTHING, chain_list


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One answered question, for whoever counts and remembers."""

    scope: str
    """By whose policy (``compiler.scopes``)."""
    leaf: bytes
    """DER of the certificate, from the handshake or the header; empty where none could be read."""
    decision: Decision
    now: datetime
    """Aware."""
    seconds: float
    """What reading and deciding took."""


OnDecision = Callable[[Decided], None]
"""Told of every decision, in the event loop: must be quick."""


class Answering:
    """Answers questions by the desk, and tells the log why somebody was refused."""

    def __init__(
        self, desk: Desk, now: Callable[[], datetime], on_decision: OnDecision | None = None
    ) -> None:
        self._desk = desk
        self._now = now
        self.on_decision = on_decision
        self._headers = Headers()
        self._log = structlog.get_logger("ostiary.decision")

    def __call__(self, question: Question) -> Answer:
        """The verdict's code, and until when HAProxy may remember it (0: not at all)."""
        now, begun = self._now(), time.perf_counter()
        leaf, facts, decision = self._decide(question, now)
        if self.on_decision is not None:
            seconds = time.perf_counter() - begun
            decided = Decided(
                scope=question.entry, leaf=leaf, decision=decision, now=now, seconds=seconds
            )
            self._hand_on(self.on_decision, decided)
        return self._answer(question, decision, now, facts)

    def _decide(self, question: Question, now: datetime) -> tuple[bytes, bytes, Decision]:
        """The certificate asked about, its facts (if in a header), and what is thought of it."""
        if question.header is None:
            return question.certificate, b"", self._judge(question, now)
        match self._headers.read(question.header.value, question.header.written):
            case Readable(leaf=leaf, chain=chain, facts=facts):
                return leaf, facts, self._desk.answer(question.entry, leaf, chain, now)
            case Unusable(reason=reason, detail=detail, facts=facts):
                return b"", facts, Refused(reason, detail, now + REFUSAL_AGE)

    def _judge(self, question: Question, now: datetime) -> Decision:
        try:
            chain = split_chain(question.chain)
        except ChainMalformed as fault:
            return Refused(Reason.MALFORMED_CERTIFICATE, str(fault), None)
        return self._desk.answer(question.entry, question.certificate, chain, now)

    def _hand_on(self, on_decision: OnDecision, decided: Decided) -> None:
        try:
            on_decision(decided)
        except Exception as error:  # noqa: BLE001 - who counts must not decide
            self._log.exception("decision-not-counted", error=repr(error))

    def _answer(
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
