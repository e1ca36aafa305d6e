"""Questions about credentials: answered beside the event loop, remembered, and told to the engine.

What is asked here was not found in the engine's table. Verdicts on credentials whose secret was
right are written there. Wrong ones are remembered here, and there only if they come again: who
guesses shall not push others out of the engine's memory.
"""

import asyncio
import hashlib
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Final

import structlog

from ostiary.agent.credentials import CredentialAnswer, CredentialQuestion
from ostiary.consumers.changes import Changed, Named
from ostiary.consumers.judging import Bad, Decoys, Good, Judgement, Verdict, Verify, judge
from ostiary.consumers.model import CredentialType
from ostiary.consumers.ports import Directory
from ostiary.consumers.reading import read_credential
from ostiary.consumers.reason import CredentialReason
from ostiary.services.prepare import Prepared
from ostiary.supervisor.runtime import MasterSocket
from ostiary.wiring.guessing import Guessing
from ostiary.wiring.remembering import Remembering, Row
from ostiary.wiring.tokens import TokenDesk

_LONGEST_WAIT: Final = 1.5
"""Seconds: HAProxy waits 2 for the answer (``timeout processing``)."""
_MOST_WAITING: Final = 128
"""Questions of one type that wait for a thread."""
_REMEMBERED_SECONDS: Final = 3_600
"""How long the engine may remember a verdict; what changes is withdrawn at once."""
_WRONG_SECONDS: Final = 10
_MOST_WRONG: Final = 10_000
_MOST_PROVEN: Final = 50_000
_WRONG: Final = (CredentialReason.WRONG, CredentialReason.MALFORMED)
_GENERATIONS: Final = 4
"""Configurations whose judgements are known: workers that drain ask by an older one's."""


class NotOpen:
    """The directory before there is one."""

    def find(self, kind: CredentialType, name: str) -> None:  # noqa: ARG002 - the port's
        """Raises OSError: whether there is such a credential isn't known."""
        raise OSError("no directory of credentials is open yet")


class Authenticating:
    """Answers questions about credentials. One event loop uses it.

    Each type has a thread of its own, so that who guesses passwords, dear to compare, keeps
    neither API keys nor certificates waiting.
    """

    def __init__(
        self,
        verify: Verify,
        decoys: Decoys,
        now: Callable[[], datetime],
        remembering: Remembering,
    ) -> None:
        """Nobody can be found out until there is a directory: see ``consult``."""
        self._directory: Directory = NotOpen()
        self._proven = _Proven(verify)
        self._decoys = decoys
        self._now = now
        self._remembering = remembering
        self._guessing = Guessing(remembering.turn_away)
        self._judgements: OrderedDict[int, Mapping[str, Judgement]] = OrderedDict()
        self._wrong: OrderedDict[bytes, tuple[Bad, float]] = OrderedDict()
        self._threads = {
            kind: ThreadPoolExecutor(max_workers=1, thread_name_prefix=kind.value)
            for kind in CredentialType
        }
        self.changes = 0
        """Grows whenever somebody's credentials have changed."""
        self._waiting: Counter[CredentialType] = Counter()
        self.counts: Counter[tuple[str, str]] = Counter()
        """Decisions by type and outcome: ``admitted`` or a reason."""
        self.tokens = TokenDesk(self._directory, now, remembering, self._guessing, self.counts)
        """Who judges tokens."""
        self._log = structlog.get_logger("ostiary.credentials")

    def consult(self, directory: Directory) -> None:
        """Ask this one from now on. It is asked in threads, one for each type of credential."""
        self._directory = directory
        self.tokens.consult(directory)

    def judge_by(self, judgements: Mapping[str, Judgement]) -> None:
        """Know these too: those of a configuration that is about to be in force."""
        number = next(reversed(self._judgements), 0)
        if judgements == self._judgements.get(number):
            return
        self._judgements[number + 1] = judgements
        while len(self._judgements) > _GENERATIONS:
            self._judgements.popitem(last=False)

    def use(self, prepared: Prepared) -> AbstractAsyncContextManager[None]:
        """Believe those tokens that this configuration believes, once it is in force."""
        return self.tokens.vouching.following(prepared)

    async def reconsider(self, changed: Changed | None) -> bool:
        """These have changed (None: anybody). What was told of them doesn't count any more.

        False: then everything must be taken back, since it isn't known of whom all it was told.
        """
        # Somebody may be judging just now by how it was before.
        self.changes += 1
        self._wrong.clear()
        self.tokens.forget()
        if changed is None:
            return False
        return await self._remembering.take_back(changed, int(self._now().timestamp()))

    def begin(self, master: MasterSocket) -> None:
        """The engine's workers can be told from now on."""
        self._remembering.begin(master)

    async def end(self) -> None:
        """Judge no more."""
        for threads in self._threads.values():
            threads.shutdown(wait=False, cancel_futures=True)
        await self.tokens.end()
        await self._remembering.end()

    async def __call__(self, question: CredentialQuestion) -> CredentialAnswer:
        """The verdict; NO_ANSWER where it can't be found out in time."""
        about_token = self.tokens.vouching.judgement(question.judgement)
        if about_token is not None:
            return await self.tokens(about_token, question)
        judgement = self._judgement(question.judgement)
        if judgement is None:
            self._log.warning("judgement-unknown", judgement=question.judgement)
            return _unanswered()
        at, changes = self._now().timestamp(), self.changes
        key = _digest(judgement.id, question.credential)
        wrong = self._wrong.get(key)
        verdict: Verdict
        if wrong is not None and wrong[1] > at:
            verdict = wrong[0]
            self._remember(question, verdict, at, int(wrong[1]))
        elif not self._guessing.may_try(question.client, at):
            verdict = Bad(CredentialReason.TOO_MANY)
        else:
            verdict = await self._judge(judgement, question.credential)
            if changes == self.changes:
                self._note(question, verdict, key, at)
        self._count(judgement, verdict)
        return _answer(verdict)

    def claimed(self, question: CredentialQuestion) -> Named | None:
        """Whose credential it says it is; None where it can't be read."""
        judgement = self._judgement(question.judgement)
        read = read_credential(judgement.type, question.credential) if judgement else None
        return (judgement.type, read.name) if judgement and read else None

    def _judgement(self, name: str) -> Judgement | None:
        for known in reversed(self._judgements.values()):
            if name in known:
                return known[name]
        return None

    async def _judge(self, judgement: Judgement, sent: bytes) -> Verdict:
        kind = judgement.type
        if self._waiting[kind] >= _MOST_WAITING:
            return Bad(CredentialReason.NO_ANSWER)
        self._waiting[kind] += 1
        running = asyncio.get_running_loop().run_in_executor(
            self._threads[kind], self._judge_now, judgement, sent
        )
        # Whoever waits no longer still has a thread at work for him.
        running.add_done_callback(lambda _: self._waiting.subtract((kind,)))
        try:
            async with asyncio.timeout(_LONGEST_WAIT):
                return await asyncio.shield(running)
        except TimeoutError:
            self._log.warning("credential-late", type=kind.value)
        except OSError as error:
            self._log.error("directory-unreachable", error=str(error))
        return Bad(CredentialReason.NO_ANSWER)

    def _judge_now(self, judgement: Judgement, sent: bytes) -> Verdict:
        return judge(judgement, sent, self._directory, self._proven, self._decoys)

    def _note(self, question: CredentialQuestion, verdict: Verdict, key: bytes, at: float) -> None:
        if verdict.known is not None:
            self._remember(question, verdict, at, int(at) + _REMEMBERED_SECONDS)
        elif verdict.reason in _WRONG:
            self._guessing.failed(question.client, question.worker, at)
            self._log.info("refused", reason=verdict.reason.value, client=question.client)
            self._wrong[key] = (verdict, at + _WRONG_SECONDS)
            while len(self._wrong) > _MOST_WRONG:
                self._wrong.popitem(last=False)

    def _remember(
        self, question: CredentialQuestion, verdict: Verdict, at: float, until: int
    ) -> None:
        row = Row(
            key=question.key,
            code=_answer(verdict).code,
            until=until,
            consumer=verdict.known.consumer.id if verdict.known else None,
            passed=verdict.passed if isinstance(verdict, Good) else 0,
        )
        self._remembering.note(question.worker, row, self.claimed(question), int(at))

    def _count(self, judgement: Judgement, verdict: Verdict) -> None:
        outcome = "admitted" if isinstance(verdict, Good) else verdict.reason.value
        self.counts[judgement.type.value, outcome] += 1


class _Proven:
    """Compares secrets, and remembers those that were right: a password is dear to compare, and
    every change of anybody's credentials has all of them asked about again."""

    def __init__(self, verify: Verify) -> None:
        self._verify = verify
        self._right: OrderedDict[bytes, None] = OrderedDict()
        self._turn = threading.Lock()

    def __call__(self, kept: str, given: str) -> bool:
        # What is kept is part of the key: after a change of the secret it is compared again.
        key = _digest(kept, given.encode("utf-8", "surrogatepass"))
        if key in self._right:
            return True
        if not self._verify(kept, given):
            return False
        with self._turn:
            self._right[key] = None
            while len(self._right) > _MOST_PROVEN:
                self._right.popitem(last=False)
        return True


def _digest(name: str, secret: bytes) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass") + b"\0" + secret).digest()


def _answer(verdict: Verdict) -> CredentialAnswer:
    match verdict:
        case Good(known=known, passed=passed):
            return CredentialAnswer(code=1, consumer=known.consumer.id, passed=passed)
        case Bad(reason=reason):
            return CredentialAnswer(code=reason.code)


def _unanswered() -> CredentialAnswer:
    return CredentialAnswer(code=CredentialReason.NO_ANSWER.code)
