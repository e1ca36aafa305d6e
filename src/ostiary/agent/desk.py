"""One connection from HAProxy, event by event: what to send back, and whether to go on."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from structlog.typing import FilteringBoundLogger

from ostiary.agent.answers import Answer, actions_for
from ostiary.agent.consumers import ConsumerQuestion
from ostiary.agent.credentials import CredentialAnswer, CredentialQuestion
from ostiary.agent.questions import Asked, Question, Unanswerable, read_question
from ostiary.agent.steps import StepAnswer, StepQuestion
from ostiary.spoe.connection import AgentConnection, State
from ostiary.spoe.events import Departed, Event, Greeted, Notify, Refused
from ostiary.spoe.status import Status

Answered: TypeAlias = Answer | CredentialAnswer | StepAnswer

Answering: TypeAlias = Callable[[Asked], Answered | Awaitable[Answered]]
"""Runs between two reads of the socket, and everyone waits for it: decides at once, or says that
it will."""

Later: TypeAlias = Callable[[Awaitable[bytes]], None]
"""Sends what will be ready later, if anybody is still there."""


@dataclass(slots=True)
class Counters:
    """What an agent has seen since it was made; numbers only grow, except ``open``."""

    open: int = 0
    """Connections now."""
    connections: int = 0
    turned_away: int = 0
    """Connections beyond the limit."""
    frames: int = 0
    """Frames received, good or bad, of the types we know."""
    questions: int = 0
    """NOTIFYs that asked something, answered or not."""
    unanswerable: int = 0
    """NOTIFYs that asked nothing we understand: acknowledged without variables."""
    errors: int = 0
    """Questions whose answer failed: acknowledged without variables."""
    malformed: int = 0
    """Connections ended because what came wasn't SPOP."""


class Desk:
    """Serves one connection; knows no socket."""

    __slots__ = ("_answer", "_connection", "_counters", "_later", "_log")

    def __init__(
        self,
        answer: Answering,
        counters: Counters,
        log: FilteringBoundLogger,
        size: int,
        later: Later,
    ) -> None:
        """``size``: the largest frame accepted, in bytes."""
        self._answer = answer
        self._later = later
        self._counters = counters
        self._log = log
        self._connection = AgentConnection(size)

    @property
    def ended(self) -> bool:
        """Nothing more is to be said or read: close once what is due has been sent."""
        return self._connection.state is State.ENDED

    def receive(self, data: bytes) -> bytes:
        """Take what came from the socket and give what to send, all in one piece."""
        events = self._connection.receive_data(data)
        self._counters.frames += len(events)
        return b"".join([self._reply(event) for event in events])

    def _reply(self, event: Event) -> bytes:
        match event:
            case Notify():
                return self._acknowledge(event)
            case Greeted():
                return event.reply
            case Departed(status=status, message=message):
                if status not in (Status.NORMAL, Status.TIMEOUT):  # 2.x: an idle one "timed out"
                    self._log.warning("haproxy left", status=status, message=message)
                return event.reply
            case Refused(status=status, reason=reason):
                self._counters.malformed += 1
                self._log.warning("malformed frame", status=status.name.lower(), reason=reason)
                return event.reply

    def _acknowledge(self, notify: Notify) -> bytes:
        reading = read_question(notify)
        match reading:
            case Unanswerable(flaw):
                self._counters.unanswerable += 1
                self._log.warning("unanswerable question", flaw=flaw.value)
                return self._connection.acknowledge(notify)
            case Question() | CredentialQuestion() | ConsumerQuestion() | StepQuestion():
                self._counters.questions += 1
                return self._decide(notify, reading)

    def _decide(self, notify: Notify, question: Asked) -> bytes:
        try:
            answer = self._answer(question)
            if not isinstance(answer, Answer | CredentialAnswer | StepAnswer):
                self._later(self._decide_later(notify, question, answer))
                return b""
            actions = _encoded(answer)
        except Exception:  # noqa: BLE001 - a mistake in one decision must not end the others
            actions = self._failed(question)
        return self._connection.acknowledge(notify, actions)

    async def _decide_later(
        self, notify: Notify, question: Asked, answer: Awaitable[Answered]
    ) -> bytes:
        try:
            actions = _encoded(await answer)
        except Exception:  # noqa: BLE001 - as above
            actions = self._failed(question)
        return self._connection.acknowledge(notify, actions)

    def _failed(self, question: Asked) -> bytes:
        # The outermost loop of a question: whatever failed, HAProxy hears no code and refuses,
        # and the next question is served.
        self._counters.errors += 1
        self._log.exception("a decision failed", about=question.about)
        return b""


def _encoded(answer: Answered) -> bytes:
    return actions_for(answer) if isinstance(answer, Answer) else answer.actions
