"""Questions whose a certificate is: answered beside the event loop, and told to the engine."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from ostiary.agent.consumers import ConsumerQuestion
from ostiary.agent.credentials import CredentialAnswer
from ostiary.agent.tunnels import Tunnel
from ostiary.compiler.client_certificates import CertificateJudgement
from ostiary.consumers.certificates import CertificateCredential
from ostiary.consumers.changes import Changed
from ostiary.consumers.model import CredentialType
from ostiary.consumers.ports import Certificates
from ostiary.consumers.reason import CredentialReason
from ostiary.services.certificate_consumers import Recognized, recognize
from ostiary.trust.names.facts import Facts, facts_of
from ostiary.trust.names.index import NameIndex
from ostiary.wiring.certificate_book import CertificateBook
from ostiary.wiring.consumer_tunnels import ConsumerTunnels, Held
from ostiary.wiring.remembering import Remembering, Row
from ostiary.wiring.told_certificates import ToldCertificates
from ostiary.x509.certificate import parse

_LONGEST_WAIT: Final = 1.5
"""Seconds: HAProxy waits 2 for the answer (``timeout processing``)."""
_MOST_WAITING: Final = 256
"""Also while the index is made: each holds one of the agent's connections, by which certificates
are judged, too."""
_REMEMBERED_SECONDS: Final = 3_600
"""How long the engine may remember a verdict; what changes is withdrawn at once."""
_GENERATIONS: Final = 4
"""Configurations whose judgements are known: workers that drain ask by an older one's."""
_KIND: Final = CredentialType.CERTIFICATE


@dataclass(frozen=True, slots=True)
class _Found:
    verdict: Recognized
    facts: Facts
    fitting: tuple[CertificateCredential, ...]


class Recognizing:
    """Answers whose certificates are. One event loop uses it; one thread judges."""

    def __init__(
        self,
        now: Callable[[], datetime],
        remembering: Remembering,
        tunnels: ConsumerTunnels,
        counts: Counter[tuple[str, str]],
    ) -> None:
        """``tunnels``: where WebSockets are remembered; ``counts``: where decisions are counted, by
        type and outcome."""
        self._now = now
        self._remembering = remembering
        self._tunnels = tunnels
        self._counts = counts
        self._judgements: OrderedDict[int, Mapping[str, CertificateJudgement]] = OrderedDict()
        self._names: dict[str, NameIndex] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="client-cert")
        self._book = CertificateBook(now, self._thread)
        self._changes = 0
        self._waiting = 0
        self._told = ToldCertificates()
        self._log = structlog.get_logger("ostiary.credentials")

    def consult(self, directory: Certificates) -> None:
        """Ask this one from now on, in threads."""
        self._book.consult(directory)

    def judge_by(self, judgements: Mapping[str, CertificateJudgement]) -> None:
        """Know these too: those of a configuration that is about to be in force."""
        number = next(reversed(self._judgements), 0)
        if judgements == self._judgements.get(number, {}):
            return
        self._judgements[number + 1] = judgements
        while len(self._judgements) > _GENERATIONS:
            self._judgements.popitem(last=False)
        living = {one.names.id for known in self._judgements.values() for one in known.values()}
        self._names = {name: one for name, one in self._names.items() if name in living}
        self.begin()

    def begin(self) -> None:
        """Questions may come from now on."""
        if any(self._judgements.values()):
            self._book.refresh()

    async def __call__(self, question: ConsumerQuestion) -> CredentialAnswer:
        """The verdict; NO_ANSWER where it can't be found out in time."""
        judgement = self._judgement(question.judgement)
        if judgement is None:
            self._log.warning("judgement-unknown", judgement=question.judgement)
            return self._answer(None)
        at, changes = self._now(), self._changes
        found = await self._in_time(judgement, question.certificate)
        if found is None:
            return self._answer(None)
        if changes != self._changes:
            # Nobody could end a WebSocket that began by what was known before the change.
            return self._answer(found if question.tunnel is None else None)
        self._note(question, found, at)
        if question.tunnel is not None and not self._hold(question, judgement, found):
            return self._answer(None)
        return self._answer(found)

    def fitting(self, facts: Facts) -> tuple[CertificateCredential, ...]:
        """The credentials that fit a certificate, from any thread. Raises OSError."""
        return self._book.fitting(facts)

    async def reconsider(self, changed: Changed | None) -> bool:
        """These have changed (None: anybody). What was told of them doesn't count any more.

        False: then everything must be taken back, since it isn't known of whom all it was told.
        """
        # Somebody may be judging just now by how it was before.
        self._changes += 1
        if changed is None or changed.everybody:
            self._book.distrust()
            return False
        names = {name for kind, name in changed.credentials if kind is _KIND}
        if not names and not changed.consumers:
            return True
        current = await self._book.learn(names)
        if current is None:
            return False
        rows = self._told.rows_of(changed, int(self._now().timestamp()), current)
        return rows is not None and await self._remembering.take_rows_back(rows)

    async def end(self) -> None:
        """Judge no more."""
        await self._book.end()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _judgement(self, name: str) -> CertificateJudgement | None:
        for known in reversed(self._judgements.values()):
            if name in known:
                return known[name]
        return None

    async def _in_time(self, judgement: CertificateJudgement, der: bytes) -> _Found | None:
        try:
            async with asyncio.timeout(_LONGEST_WAIT):
                return await self._find(judgement, der)
        except TimeoutError:
            self._log.warning("credential-late", type=_KIND.value)
        except OSError as error:
            self._log.error("directory-unreachable", error=str(error))
        return None

    async def _find(self, judgement: CertificateJudgement, der: bytes) -> _Found | None:
        if self._waiting >= _MOST_WAITING:
            return None
        self._waiting += 1
        try:
            self._book.refresh()
            await self._book.ready()
            running = self._judging(judgement, der)
        except BaseException:
            self._waiting -= 1
            raise
        # Whoever waits no longer still has the thread at work for him.
        running.add_done_callback(self._one_less)
        return await asyncio.shield(running)

    def _one_less(self, done: asyncio.Future[_Found]) -> None:
        self._waiting -= 1
        if not done.cancelled():
            done.exception()  # told to whoever waits, if anybody still does

    def _judging(self, judgement: CertificateJudgement, der: bytes) -> asyncio.Future[_Found]:
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self._thread, self._judge, judgement, der, self._now())

    def _judge(self, judgement: CertificateJudgement, der: bytes, now: datetime) -> _Found:
        facts = facts_of(parse(der))
        fitting = self._book.indexed(facts)
        known = self._names
        names = known.get(judgement.names.id)
        if names is None:
            names = known[judgement.names.id] = NameIndex(judgement.names)
        return _Found(recognize(judgement, names, facts, fitting, now), facts, fitting)

    def _note(self, question: ConsumerQuestion, found: _Found, at: datetime) -> None:
        verdict, now = found.verdict, int(at.timestamp())
        until = now + _REMEMBERED_SECONDS
        if verdict.until is not None:
            until = min(until, int(verdict.until.timestamp()))
        if verdict.reason is not None:
            self._log.info(
                "refused",
                reason=verdict.reason.value,
                detail=verdict.detail,
                fingerprint=found.facts.fingerprint,
            )
        row = Row(
            key=question.key,
            code=_code(verdict.reason),
            until=until,
            consumer=verdict.known.consumer.id if verdict.known else None,
            passed=verdict.passed,
        )
        if self._remembering.tell(question.worker, row):
            where = (question.worker, question.key)
            self._told.note(found.facts, found.fitting, where, now=now, until=until)

    def _hold(
        self, question: ConsumerQuestion, judgement: CertificateJudgement, found: _Found
    ) -> bool:
        """Remember a WebSocket; False: that can't be, and it may not begin."""
        if question.tunnel is None:
            return True
        held = self._held(question.tunnel, question.certificate, judgement, found)
        return held is None or self._tunnels.hold(held)

    def _held(
        self, tunnel: Tunnel, der: bytes, judgement: CertificateJudgement, found: _Found
    ) -> Held | None:
        """None of somebody for whom nothing began, or who is nobody."""
        known = found.verdict.known
        if known is None or found.verdict.reason is not None:
            return None

        async def again() -> Held | None:
            try:
                then = await self._judging(judgement, der)
            except OSError:
                return None
            held = self._held(tunnel, der, judgement, then)
            return held if held and held.consumer == known.consumer.id else None

        return Held(
            tunnel=tunnel,
            consumer=known.consumer.id,
            named=frozenset((_KIND, one.known.credential.id) for one in found.fitting),
            again=again,
            until=found.verdict.until,
        )

    def _answer(self, found: _Found | None) -> CredentialAnswer:
        reason = found.verdict.reason if found is not None else CredentialReason.NO_ANSWER
        self._counts[_KIND.value, reason.value if reason is not None else "admitted"] += 1
        if found is None or reason is not None:
            return CredentialAnswer(code=_code(reason))
        known = found.verdict.known
        who = known.consumer.id if known is not None else None
        return CredentialAnswer(code=1, consumer=who, passed=found.verdict.passed)


def _code(reason: CredentialReason | None) -> int:
    return 1 if reason is None else reason.code
