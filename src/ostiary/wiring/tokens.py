"""Questions about tokens: whether to believe them, whose they are, and until when.

What is asked here was not found in the engine's table; what comes of it is written there, bound to
the certificate that came with the token, until the token ends at the latest.
"""

import asyncio
import hashlib
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Final, assert_never

import structlog

from ostiary.agent.credentials import CredentialAnswer, CredentialQuestion
from ostiary.consumers.ports import Directory
from ostiary.consumers.reason import CredentialReason
from ostiary.consumers.tokens import (
    Bearer,
    TokenJudgement,
    TokenVerdict,
    judge_signed,
    judge_token,
)
from ostiary.jose.claims import Claims
from ostiary.jose.keys import VerificationKey
from ostiary.jose.tokens import read_head
from ostiary.services.token_sources import (
    FixedKeys,
    Introspection,
    PublishedKeys,
)
from ostiary.wiring.guessing import Guessing
from ostiary.wiring.introspecting import Introspecting
from ostiary.wiring.issuer_calls import IssuerCalls, IssuerUnreachable
from ostiary.wiring.key_sets import KeySet
from ostiary.wiring.remembering import Remembering, Row
from ostiary.wiring.vouching import Vouching

_LONGEST_WAIT: Final = 1.5
"""Seconds: HAProxy waits 2 for the answer (``timeout processing``)."""
_REMEMBERED_SECONDS: Final = 3_600
_WRONG_SECONDS: Final = 10
_MOST_WRONG: Final = 10_000
_MOST_WAITING: Final = 128
"""Questions that wait for the thread."""
_MOST_OF_ONE: Final = 128
"""Questions under way about tokens of one issuer, so that a slow one doesn't take all of the
agent's connections: certificates are judged by these, too."""
_MOST_UNDER_WAY: Final = 256
_GUESSES: Final = (
    CredentialReason.MALFORMED,
    CredentialReason.TOKEN_SIGNATURE,
    CredentialReason.TOKEN_INACTIVE,
)

_Found = tuple[TokenVerdict, float]
"""And until when it may be remembered at most, Unix seconds."""


class TokenDesk:
    """Answers questions about tokens. One event loop uses it."""

    def __init__(
        self,
        directory: Directory,
        now: Callable[[], datetime],
        remembering: Remembering,
        guessing: Guessing,
        counts: Counter[tuple[str, str]],
    ) -> None:
        """``counts``: decisions by policy and outcome, counted on."""
        self._now = now
        self._remembering = remembering
        self._guessing = guessing
        self._counts = counts
        self._directory = directory
        calls = IssuerCalls()
        self._introspecting = Introspecting(calls.introspected, self._at)
        self.vouching = Vouching(calls.keys, self._at, self.forget)
        """Who is believed."""
        self._wrong: OrderedDict[bytes, _Found] = OrderedDict()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tokens")
        self._waiting = 0
        self._under_way: Counter[str] = Counter()
        self._changes = 0
        self._log = structlog.get_logger("ostiary.credentials")

    def consult(self, directory: Directory) -> None:
        """Ask this one for stored credentials from now on, in a thread."""
        self._directory = directory

    def forget(self) -> None:
        """What was decided before doesn't count any more."""
        # Somebody may be judging just now by how it was before.
        self._changes += 1
        self._wrong.clear()

    async def end(self) -> None:
        """Judge no more."""
        await self.vouching.end()
        await self._introspecting.end()
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def __call__(
        self, judgement: TokenJudgement, question: CredentialQuestion
    ) -> CredentialAnswer:
        """The verdict; NO_ANSWER where it can't be found out in time."""
        at, changes = self._at(), self._changes
        key = _digest(judgement.id, question)
        wrong = self._wrong.get(key)
        if wrong is not None and wrong[1] > at:
            verdict = wrong[0]
            self._remember(question, wrong, at)
        elif not self._guessing.may_try(question.client, at):
            verdict = TokenVerdict(reason=CredentialReason.TOO_MANY)
        else:
            found = await self._judge(judgement, question)
            verdict = found[0]
            if changes == self._changes:
                self._note(question, found, key, at)
        outcome = "admitted" if verdict.reason is None else verdict.reason.value
        self._counts[judgement.policy, outcome] += 1
        return _answer(verdict)

    def _at(self) -> float:
        return self._now().timestamp()

    async def _judge(self, judgement: TokenJudgement, question: CredentialQuestion) -> _Found:
        reason = CredentialReason.ISSUER_UNREACHABLE
        try:
            with self._counted(judgement.source):
                async with asyncio.timeout(_LONGEST_WAIT):
                    return await self._by(judgement, question)
        except IssuerUnreachable as error:
            self._log.info("issuer-unreachable", error=str(error))
        except TimeoutError:
            if isinstance(self.vouching.source(judgement), FixedKeys):
                reason = CredentialReason.NO_ANSWER
            self._log.warning("token-late", policy=judgement.policy)
        except (OSError, _Busy) as error:
            reason = CredentialReason.NO_ANSWER
            self._log.error("token-not-judged", error=str(error))
        return TokenVerdict(reason=reason), 0.0

    @contextmanager
    def _counted(self, source: str) -> Iterator[None]:
        under_way = self._under_way
        if under_way[source] >= _MOST_OF_ONE or under_way.total() >= _MOST_UNDER_WAY:
            raise _Busy(f"too many wait for {source!r}")
        under_way[source] += 1
        try:
            yield
        finally:
            under_way[source] -= 1

    async def _by(self, judgement: TokenJudgement, question: CredentialQuestion) -> _Found:
        source = self.vouching.source(judgement)
        match source:
            case None:
                raise _Busy(f"nobody vouches for {judgement.source!r} any more")
            case FixedKeys(keys=keys):
                verdict = await self._signed(judgement, question, keys)
                return verdict, self._at() + _REMEMBERED_SECONDS
            case PublishedKeys():
                return await self._published(judgement, question, self.vouching.key_set(source))
            case Introspection():
                claims, until = await self._introspecting(source, question.credential)
                if claims is None:
                    return TokenVerdict(reason=CredentialReason.TOKEN_INACTIVE), until
                decide = partial(self._decide, judgement, question, claims)
                return await self._in_thread(decide), until
            case _:
                assert_never(source)

    async def _published(
        self, judgement: TokenJudgement, question: CredentialQuestion, published: KeySet
    ) -> _Found:
        head = read_head(question.credential)
        if head is None:
            verdict = TokenVerdict(reason=CredentialReason.MALFORMED)
            return verdict, self._at() + _REMEMBERED_SECONDS
        keys, until = await published.keys_for(head)
        verdict = await self._signed(judgement, question, keys)
        # It may be by a new key, which the token doesn't name.
        unnamed = verdict.reason is CredentialReason.TOKEN_SIGNATURE and head.kid is None
        if unnamed and await published.look_again():
            keys, until = await published.keys_for(head)
            verdict = await self._signed(judgement, question, keys)
        return verdict, until

    async def _signed(
        self,
        judgement: TokenJudgement,
        question: CredentialQuestion,
        keys: tuple[VerificationKey, ...],
    ) -> TokenVerdict:
        bearer = Bearer(question.credential, question.certificate)

        def judged() -> TokenVerdict:
            return judge_signed(judgement, bearer, keys, self._directory, self._at())

        return await self._in_thread(judged)

    def _decide(
        self, judgement: TokenJudgement, question: CredentialQuestion, claims: Claims
    ) -> TokenVerdict:
        return judge_token(judgement, claims, question.certificate, self._directory, self._at())

    async def _in_thread(self, work: Callable[[], TokenVerdict]) -> TokenVerdict:
        if self._waiting >= _MOST_WAITING:
            raise _Busy("too many tokens wait")
        self._waiting += 1
        running = asyncio.get_running_loop().run_in_executor(self._thread, work)
        running.add_done_callback(self._done)
        return await asyncio.shield(running)

    def _done(self, running: "asyncio.Future[TokenVerdict]") -> None:
        # Whoever waits no longer still has the thread at work for him.
        self._waiting -= 1
        if not running.cancelled():
            running.exception()

    def _note(self, question: CredentialQuestion, found: _Found, key: bytes, at: float) -> None:
        verdict, until = found
        until = until if verdict.until is None else min(until, verdict.until)
        if verdict.reason is None or verdict.proven or verdict.until is not None:
            self._remember(question, (verdict, min(until, at + _REMEMBERED_SECONDS)), at)
            return
        if verdict.reason.unjudged:
            return
        self._wrong[key] = (verdict, min(until, at + _WRONG_SECONDS))
        while len(self._wrong) > _MOST_WRONG:
            self._wrong.popitem(last=False)
        if verdict.reason in _GUESSES:
            self._guessing.failed(question.client, question.worker, at)
            self._log.info("refused", reason=verdict.reason.value, client=question.client)

    def _remember(self, question: CredentialQuestion, found: _Found, at: float) -> None:
        verdict, until = found
        if int(until) <= at:
            return
        row = Row(
            key=question.key,
            code=_answer(verdict).code,
            until=int(until),
            consumer=verdict.consumer,
            passed=verdict.passed,
        )
        self._remembering.note(question.worker, row, verdict.named, int(at))


class _Busy(Exception):
    """It can't be judged now."""


def _digest(name: str, question: CredentialQuestion) -> bytes:
    shown = f"{name}|{question.certificate or ''}|".encode()
    return hashlib.sha256(shown + question.credential).digest()


def _answer(verdict: TokenVerdict) -> CredentialAnswer:
    if verdict.reason is not None:
        return CredentialAnswer(code=verdict.reason.code)
    return CredentialAnswer(
        code=1, consumer=verdict.consumer, passed=verdict.passed, named=verdict.named
    )
