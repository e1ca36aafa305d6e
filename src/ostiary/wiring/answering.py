"""The agent's question put to the trust desk, and the decision put into HAProxy's numbers."""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

import structlog

from ostiary.agent.answers import Answer
from ostiary.agent.facts import Facts
from ostiary.agent.headers import Headers, Readable, Unusable
from ostiary.agent.questions import ChainMalformed, Question, split_chain
from ostiary.agent.rows import Rows
from ostiary.trust.decision import Admitted, Decision, Missing, Refused, missing_of
from ostiary.trust.desk import CAPACITY, Desk
from ostiary.trust.judge import REFUSAL_AGE
from ostiary.trust.ocsp import Question as OcspQuestion
from ostiary.trust.reason import ADMITTED_CODE, Reason
from ostiary.trust.told import LONGEST, NOTHING, chain_list
from ostiary.wiring.marking import Marking

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One answered question, for whoever counts and remembers."""

    scope: str
    """By whose policy (``compiler.scopes``)."""
    leaf: bytes
    """DER of the certificate, from the handshake or the header; empty where none could be read."""
    chain: tuple[bytes, ...] = ()
    """DER, as it came with it."""
    key: bytes = b""
    """SHA-256 of the header that the certificate was in, which verdicts are remembered under; empty
    for a handshake."""
    decision: Decision
    now: datetime
    """Aware."""
    seconds: float
    """What reading and deciding took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What is thought of the certificate asked about."""

    decision: Decision
    leaf: bytes = b""
    chain: tuple[bytes, ...] = ()
    told: bytes = b""
    """The facts of a certificate in a header, encoded."""
    marks: tuple[int, ...] = ()
    """What conditions ask about it; only of who is admitted."""
    fresh: bool
    """Judged just now; False where HAProxy was told before, and forgot or had to ask again."""


OnDecision = Callable[[Decided], None]
"""Told of every decision, in the event loop: must be quick."""

OnTunnel = Callable[[Question, bytes, tuple[bytes, ...], Decision], bool]
"""Told of what was decided about a request for a WebSocket, with the certificate (DER) and chain it
was about. False: it can't be remembered, so the request may not pass."""

OnMissing = Callable[[Missing], None]
"""Told of revocation lists that a decision was made without, in the event loop: must be quick."""

OnFacts = Callable[[Facts], None]
"""Told of every readable header that was asked about, in the event loop: must be quick."""


Ask = Callable[[OcspQuestion], asyncio.Task[None] | None]
"""Begins to ask an OCSP responder; the task ends when the answer is at hand, or there is none."""

LONGEST_WAIT = 1.2
"""Seconds for OCSP answers: HAProxy waits 2 for ours (``timeout processing``)."""
_MOST_WAITING = 512
"""Questions of HAProxy's that wait for OCSP; each holds one of the agent's connections."""


class Answering:
    """Answers questions by the desk, and tells the log why somebody was refused."""

    def __init__(
        self,
        desk: Desk,
        now: Callable[[], datetime],
        on_decision: OnDecision | None = None,
        *,
        on_facts: OnFacts | None = None,
        on_tunnel: OnTunnel | None = None,
        rows: Rows | None = None,
        ask: Ask | None = None,
        marking: Marking | None = None,
    ) -> None:
        """``ask`` puts questions to OCSP responders; None: nobody is asked. ``marking`` answers
        what conditions ask; None: nothing is known of any."""
        self._desk = desk
        self._now = now
        self.on_decision = on_decision
        self.on_missing: OnMissing | None = None
        self._on_facts = on_facts
        self._on_tunnel = on_tunnel
        self._rows = rows
        self._ask = ask
        self._marking = marking or Marking()
        self._waiting = 0
        self._headers = Headers()
        self._unusable: OrderedDict[str, Refused] = OrderedDict()
        self._log = structlog.get_logger("ostiary.decision")

    def __call__(self, question: Question) -> Answer | Awaitable[Answer]:
        """The verdict's code, and until when HAProxy may remember it (0: not at all).

        Later, where somebody would be refused since an OCSP responder has not told yet.
        """
        now, begun = self._now(), time.perf_counter()
        found = self._decide(question, now)
        seconds = time.perf_counter() - begun
        asked = self._inquire(found)
        if asked and self._waiting < _MOST_WAITING and _is_undetermined(found.decision):
            return self._wait(question, asked, seconds)
        return self._conclude(question, found, now, seconds)

    def _inquire(self, found: _Found) -> tuple[asyncio.Task[None], ...]:
        """Have somebody look for what was missing."""
        missing = missing_of(found.decision) if found.fresh else ()
        if missing and self.on_missing is not None:
            self._hand_on(self.on_missing, missing)
        if self._ask is None or not found.fresh:
            return ()
        tasks = (self._ask(one) for one in found.decision.asking)
        return tuple(task for task in tasks if task is not None)

    async def _wait(
        self, question: Question, asked: tuple[asyncio.Task[None], ...], seconds: float
    ) -> Answer:
        self._waiting += 1
        try:
            await asyncio.wait(asked, timeout=LONGEST_WAIT)
        finally:
            self._waiting -= 1
        now, begun = self._now(), time.perf_counter()
        found = self._decide(question, now)
        return self._conclude(question, found, now, seconds + time.perf_counter() - begun)

    def _conclude(self, question: Question, found: _Found, now: datetime, seconds: float) -> Answer:
        if self.on_decision is not None:
            decided = Decided(
                scope=question.entry,
                leaf=found.leaf,
                chain=found.chain,
                key=hashlib.sha256(question.header.value).digest() if question.header else b"",
                decision=found.decision,
                now=now,
                seconds=seconds,
            )
            self._hand_on(self.on_decision, decided)
        if found.fresh:
            self._tell(question, found.decision)
        if question.tunnel is not None and not self._remembered(question, found):
            return Answer(code=Reason.NO_ANSWER.code, until=0, facts=found.told)
        answer = self._answer(question, found, now)
        if self._rows is not None:
            self._note_row(self._rows, question, found, answer.until)
        return answer

    def _note_row(self, rows: Rows, question: Question, found: _Found, until: int) -> None:
        fingerprint = hashlib.sha256(found.leaf).digest()
        header = question.header
        digest = hashlib.sha256(header.value).digest() if header else fingerprint
        key = f"{question.entry}|{digest.hex().upper()}"
        rows.note(key, fingerprint, found.leaf, found.decision, until)

    def _remembered(self, question: Question, found: _Found) -> bool:
        if self._on_tunnel is None or not found.leaf:
            return True
        return self._on_tunnel(question, found.leaf, found.chain, found.decision)

    def _decide(self, question: Question, now: datetime) -> _Found:
        found = self._judge_shown(question, now)
        if not question.marks:
            return found
        decision, marks = self._marking.mark(question.marks, found.decision)
        return replace(found, decision=decision, marks=marks)

    def _judge_shown(self, question: Question, now: datetime) -> _Found:
        if question.header is None:
            return self._judge_handshake(question, now)
        match self._headers.read(question.header.value, question.header.written):
            case Readable(leaf=leaf, chain=chain, facts=facts, actions=actions):
                if self._on_facts is not None:
                    self._on_facts(facts)
                return self._judge(question.entry, leaf, chain, now, actions)
            case Unusable() as unusable:
                return self._refuse(unusable, now)

    def _judge_handshake(self, question: Question, now: datetime) -> _Found:
        try:
            chain = split_chain(question.chain)
        except ChainMalformed as fault:
            refused = Refused(Reason.MALFORMED_CERTIFICATE, str(fault), None)
            return _Found(decision=refused, leaf=question.certificate, fresh=True)
        return self._judge(question.entry, question.certificate, chain, now)

    def _judge(
        self, entry: str, leaf: bytes, chain: tuple[bytes, ...], now: datetime, told: bytes = b""
    ) -> _Found:
        judged = self._desk.judged
        decision = self._desk.answer(entry, leaf, chain, now)
        fresh = self._desk.judged != judged
        return _Found(decision=decision, leaf=leaf, chain=chain, told=told, fresh=fresh)

    def _refuse(self, unusable: Unusable, now: datetime) -> _Found:
        """As the desk repeats its decisions."""
        key, told = unusable.facts.header, unusable.actions
        kept = self._unusable.get(key)
        if kept is not None and kept.until is not None and now < kept.until:
            return _Found(decision=kept, told=told, fresh=False)
        refused = Refused(unusable.reason, unusable.detail, now + REFUSAL_AGE)
        self._unusable[key] = refused
        self._unusable.move_to_end(key)
        while len(self._unusable) > CAPACITY:
            self._unusable.popitem(last=False)
        return _Found(decision=refused, told=told, fresh=True)

    def _hand_on(self, somebody: Callable[[_T], None], news: _T) -> None:
        try:
            somebody(news)
        except Exception as error:  # noqa: BLE001 - who counts must not decide
            self._log.exception("decision-not-counted", error=repr(error))

    def _tell(self, question: Question, decision: Decision) -> None:
        refused = decision if isinstance(decision, Refused) else decision.would_refuse
        if refused is not None:
            self._log.info(
                "refused" if refused is decision else "would-refuse",
                reason=refused.reason.value,
                detail=refused.detail,
                entry=question.entry,
            )

    def _answer(self, question: Question, found: _Found, now: datetime) -> Answer:
        decision = found.decision
        would = None if isinstance(decision, Refused) else decision.would_refuse
        return Answer(
            code=code_of(decision),
            until=_seconds(decision.until, now),
            chain=self._told(decision, question),
            would=0 if would is None else would.reason.code,
            facts=found.told,
            marks=found.marks,
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


def _is_undetermined(decision: Decision) -> bool:
    return isinstance(decision, Refused) and decision.reason is Reason.REVOCATION_UNDETERMINED


def code_of(decision: Decision) -> int:
    """The number that HAProxy's rules and log read."""
    return ADMITTED_CODE if isinstance(decision, Admitted) else decision.reason.code


def _seconds(until: datetime | None, now: datetime) -> int:
    """Whole Unix seconds, rounded down so that nothing is remembered beyond its time."""
    return 0 if until is None or until <= now else int(until.timestamp())
