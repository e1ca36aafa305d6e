"""OCSP questions on their way: each once, some at a time, of one responder after the other."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog

from ostiary.kernel.errors import OstiaryError
from ostiary.services.breaker import Breaker
from ostiary.services.ocsp_call import Call, call_of
from ostiary.services.ocsp_state import ResponderState
from ostiary.trust.ocsp import Blame, Nonce, Question, Status, Target, Unbelieved
from ostiary.trust.statuses import ASKED_AGAIN, Statuses
from ostiary.x509.errors import NotAskable
from ostiary.x509.ocsp_answer import Condition
from ostiary.x509.ocsp_question import Subject, question

_AT_ONCE = 64
_AT_ONE = 8
"""Of one responder at a time: one that hangs must not keep the others' clients waiting."""
_MOST_UNDER_WAY = 1_000
_MOST_RESPONDERS = 256
"""Whose health is remembered; certificates may name any number."""
_NONCE_SIZE = 32
"""RFC 9654 section 2.1."""
_LONGEST_FAULT = 400


class NotAnswered(OstiaryError):
    """The responder could not be asked, or has not answered in time."""

    def __init__(self, why: str, blame: Blame = Blame.RESPONDER) -> None:
        """``blame``: whose fault it may be."""
        self.blame = blame
        super().__init__(why)


@dataclass(slots=True)
class _Responder:
    breaker: Breaker = field(default_factory=Breaker)
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONE))
    answers: int = 0
    error: str = ""

    def succeeded(self) -> None:
        self.breaker.succeeded()
        self.answers += 1
        self.error = ""

    def failed(self, found: Unbelieved, asked: Question, now: datetime) -> None:
        self.error = found.why
        match found.blame:
            case Blame.QUESTION:
                self.breaker.undecided(now)
            case Blame.EITHER:
                self.breaker.failed(now, asked.key)
            case Blame.RESPONDER:
                self.breaker.failed(now)


@dataclass(frozen=True, slots=True)
class _Answer:
    content: bytes
    nonce: bytes
    """What was sent."""
    status: Status


class Exchange(Protocol):
    """Asks by HTTP, within the limits for such questions."""

    async def __call__(self, target: Target, call: Call, seconds: float) -> bytes:
        """The answer's content. Raises NotAnswered."""


class Inquiring:
    """Asks, and puts what is believed among the answers at hand. One event loop uses it."""

    def __init__(
        self,
        statuses: Statuses,
        exchange: Exchange,
        now: Callable[[], datetime],
        dice: Callable[[int], bytes],
        changed: Callable[[Subject], None],
    ) -> None:
        """``changed`` is told of whom there is other word than before."""
        self._statuses = statuses
        self._exchange = exchange
        self._now = now
        self._dice = dice
        self._changed = changed
        self._under_way: dict[bytes, asyncio.Task[None]] = {}
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._responders: OrderedDict[str, _Responder] = OrderedDict()
        self.outcomes: Counter[tuple[str, str]] = Counter()
        """How many questions, by the responder's URL and what came of them."""
        self._log = structlog.get_logger("ostiary.ocsp")

    def responders(self) -> tuple[ResponderState, ...]:
        """Those asked lately; from any thread."""
        return tuple(
            ResponderState(
                url=url,
                answers=one.answers,
                failures=one.breaker.failures,
                error=one.error,
                left_alone_until=one.breaker.again,
            )
            for url, one in sorted(self._responders.items())
        )

    def ask(self, question: Question) -> asyncio.Task[None] | None:
        """Begin to ask, or go on with it where the same is asked already; ended when it ends.

        None: there is too much to ask.
        """
        found = self._under_way.get(question.key)
        if found is None:
            if len(self._under_way) >= _MOST_UNDER_WAY:
                self._statuses.fail(
                    question, "too many OCSP questions are under way", self._later()
                )
                return None
            found = asyncio.create_task(self._ask(question), name="ocsp")
            self._under_way[question.key] = found
        return found

    async def end(self) -> None:
        """Leave it at that."""
        tasks = tuple(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _later(self) -> datetime:
        return self._now() + ASKED_AGAIN

    async def _ask(self, question: Question) -> None:
        try:
            await self._ask_all(question)
        except Exception as error:  # noqa: BLE001 - our own bug must not leave it asking for ever
            self._statuses.fail(question, f"the question failed: {error!r}", self._later())
            self._log.exception("ocsp-failed", subject=question.subject.certificate.subject)
        finally:
            self._under_way.pop(question.key, None)

    async def _ask_all(self, question: Question) -> None:
        faults = []
        second_best: _Answer | None = None
        for target in question.targets:
            found = await self._ask_one(question, target)
            if isinstance(found, Unbelieved):
                faults.append(f"{target.url}: {found.why}")
            elif found.status.condition is Condition.UNKNOWN:
                second_best = second_best or found
            else:
                self._take(question, found)
                return
        if second_best is not None:
            self._take(question, second_best)
            return
        why = f"OCSP has no answer: {'; '.join(faults)[:_LONGEST_FAULT]}"
        self._statuses.fail(question, why, self._later())

    async def _ask_one(self, asked: Question, target: Target) -> _Answer | Unbelieved:
        nonce = b"" if asked.rules.nonce is Nonce.OFF else self._dice(_NONCE_SIZE)
        try:
            call = call_of(target.url, question(asked.subject, nonce))
        except NotAskable as error:
            return Unbelieved(str(error))
        responder = self._responder(target.url)
        async with responder.turns:
            breaker = responder.breaker
            if not breaker.may_ask(self._now()):
                self.outcomes[target.url, "left-alone"] += 1
                again = breaker.again.isoformat() if breaker.again else ""
                return Unbelieved(f"not asked before {again}, after {breaker.failures} failures")
            found = await self._exchanged(asked, target, call, nonce)
        if not isinstance(found, Unbelieved):
            responder.succeeded()
            self.outcomes[target.url, found.status.condition.value] += 1
            return found
        outcome = "unbelieved" if found.blame is Blame.QUESTION else "failed"
        self.outcomes[target.url, outcome] += 1
        subject = asked.subject.certificate.subject
        self._log.warning("ocsp-no-answer", url=target.url, subject=subject, why=found.why)
        responder.failed(found, asked, self._now())
        return found

    async def _exchanged(
        self, asked: Question, target: Target, call: Call, nonce: bytes
    ) -> _Answer | Unbelieved:
        seconds = asked.rules.timeout.total_seconds()
        try:
            async with self._turns, asyncio.timeout(seconds):
                content = await self._exchange(target, call, seconds)
        except NotAnswered as error:
            return Unbelieved(str(error), error.blame)
        except TimeoutError:
            return Unbelieved(f"no answer within {seconds:g} s", Blame.RESPONDER)
        found = self._statuses.read(asked, content, nonce, self._now())
        return found if isinstance(found, Unbelieved) else _Answer(content, nonce, found)

    def _take(self, question: Question, found: _Answer) -> None:
        status, now = found.status, self._now()
        if self._statuses.take(question, found.content, status, now, found.nonce):
            self._log.info(
                "ocsp-changed",
                subject=question.subject.certificate.subject,
                serial=f"{question.subject.certificate.serial:x}",
                detail=status.told,
            )
            self._changed(question.subject)

    def _responder(self, url: str) -> _Responder:
        responder = self._responders.setdefault(url, _Responder())
        self._responders.move_to_end(url)
        while len(self._responders) > _MOST_RESPONDERS:
            gone, _ = self._responders.popitem(last=False)
            for key in [key for key in self.outcomes if key[0] == gone]:
                del self.outcomes[key]
        return responder
