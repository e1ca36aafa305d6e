"""Questions whose a certificate is: answered beside the event loop, and told to the engine.

The index of credentials is made when some step asks for certificates, in a thread of its own. It
only says whom to look at: how a credential is now, the directory tells at each first sight.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from ostiary.agent.consumers import ConsumerQuestion
from ostiary.agent.credentials import CredentialAnswer
from ostiary.compiler.client_certificates import CertificateJudgement
from ostiary.consumers.certificates import CertificateCredential
from ostiary.consumers.changes import Changed
from ostiary.consumers.model import CredentialType
from ostiary.consumers.ports import Certificates
from ostiary.consumers.reason import CredentialReason
from ostiary.services.certificate_consumers import Recognized, recognize
from ostiary.services.certificate_index import CertificateIndex, found_in, index_of
from ostiary.trust.names.facts import Facts, facts_of
from ostiary.trust.names.index import NameIndex
from ostiary.wiring.remembering import Remembering, Row
from ostiary.wiring.told_certificates import ToldCertificates
from ostiary.x509.certificate import parse

_LONGEST_WAIT: Final = 1.5
"""Seconds: HAProxy waits 2 for the answer (``timeout processing``)."""
_MOST_WAITING: Final = 512
_REMEMBERED_SECONDS: Final = 3_600
"""How long the engine may remember a verdict; what changes is withdrawn at once."""
_INDEX_AGE: Final = timedelta(hours=1)
"""Another gateway on the same database may have made credentials that nobody told of."""
_GENERATIONS: Final = 4
"""Configurations whose judgements are known: workers that drain ask by an older one's."""
_AGAIN_SECONDS: Final = 5.0
"""After the directory could not be read."""
_KIND: Final = CredentialType.CERTIFICATE


@dataclass(frozen=True, slots=True)
class _Found:
    verdict: Recognized
    facts: Facts
    fitting: tuple[CertificateCredential, ...]


class Recognizing:
    """Answers whose certificates are. One event loop uses it; one thread judges, one makes the
    index."""

    def __init__(
        self,
        now: Callable[[], datetime],
        remembering: Remembering,
        counts: Counter[tuple[str, str]],
    ) -> None:
        """``counts``: where decisions are counted, by type and outcome."""
        self._now = now
        self._remembering = remembering
        self._counts = counts
        self._directory: Certificates | None = None
        self._judgements: OrderedDict[int, Mapping[str, CertificateJudgement]] = OrderedDict()
        self._names: dict[str, NameIndex] = {}
        self._judging = ThreadPoolExecutor(max_workers=1, thread_name_prefix="client-cert")
        self._index: CertificateIndex | None = None
        self._made_at: datetime | None = None
        self._making: asyncio.Task[None] | None = None
        self._late: set[str] = set()
        self._changes = 0
        self._waiting = 0
        self._told = ToldCertificates()
        self._log = structlog.get_logger("ostiary.credentials")

    def consult(self, directory: Certificates) -> None:
        """Ask this one from now on, in threads."""
        self._directory = directory

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
        self._refresh_index()

    async def __call__(self, question: ConsumerQuestion) -> CredentialAnswer:
        """The verdict; NO_ANSWER where it can't be found out in time."""
        judgement = self._judgement(question.judgement)
        if judgement is None:
            self._log.warning("judgement-unknown", judgement=question.judgement)
            return self._answer(None)
        at, changes = self._now(), self._changes
        found = await self._in_time(judgement, question.certificate)
        if found is not None and changes == self._changes:
            self._note(question, found, at)
        return self._answer(found)

    def fitting(self, facts: Facts) -> tuple[CertificateCredential, ...]:
        """The credentials that fit a certificate, from any thread; without an index all are read.
        Raises OSError."""
        directory, index = self._directory, self._index
        if directory is None:
            raise OSError("no directory of certificate credentials is open yet")
        return found_in(index or index_of(directory.rules()), directory, facts)

    async def reconsider(self, changed: Changed | None) -> bool:
        """These have changed (None: anybody). What was told of them doesn't count any more.

        False: then everything must be taken back, since it isn't known of whom all it was told.
        """
        # Somebody may be judging just now by how it was before.
        self._changes += 1
        if changed is None:
            self._made_at = None
            self._refresh_index()
            return False
        names = {name for kind, name in changed.credentials if kind is _KIND}
        current = await self._learn(names)
        if current is None:
            return False
        now = int(self._now().timestamp())
        rows = self._told.rows_of(changed, now, current)
        return rows is not None and await self._remembering.take_rows_back(rows)

    def begin(self) -> None:
        """Questions may come from now on."""
        self._refresh_index()

    async def end(self) -> None:
        """Judge no more."""
        if self._making is not None:
            self._making.cancel()
            await asyncio.gather(self._making, return_exceptions=True)
        self._judging.shutdown(wait=False, cancel_futures=True)

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
        self._refresh_index()
        if self._index is None and self._making is not None:
            await asyncio.shield(self._making)
        if self._waiting >= _MOST_WAITING:
            return None
        self._waiting += 1
        running = asyncio.get_running_loop().run_in_executor(
            self._judging, self._judge, judgement, der, self._now()
        )
        # Whoever waits no longer still has the thread at work for him.
        running.add_done_callback(self._one_less)
        return await asyncio.shield(running)

    def _one_less(self, done: asyncio.Future[_Found]) -> None:
        self._waiting -= 1
        if not done.cancelled():
            done.exception()  # told to whoever waits, if anybody still does

    def _judge(self, judgement: CertificateJudgement, der: bytes, now: datetime) -> _Found:
        index, directory = self._index, self._directory
        if index is None or directory is None:
            raise OSError("no directory of certificate credentials is open yet")
        facts = facts_of(parse(der))
        names = self._names_of(judgement)
        fitting = found_in(index, directory, facts)
        return _Found(recognize(judgement, names, facts, fitting, now), facts, fitting)

    def _names_of(self, judgement: CertificateJudgement) -> NameIndex:
        known = self._names
        made = known.get(judgement.names.id)
        if made is None:
            made = known[judgement.names.id] = NameIndex(judgement.names)
        return made

    def _note(self, question: ConsumerQuestion, found: _Found, at: datetime) -> None:
        verdict, until = found.verdict, int(at.timestamp()) + _REMEMBERED_SECONDS
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
            where, now = (question.worker, question.key), int(at.timestamp())
            self._told.note(found.facts, found.fitting, where, now=now, until=until)

    def _answer(self, found: _Found | None) -> CredentialAnswer:
        reason = found.verdict.reason if found is not None else CredentialReason.NO_ANSWER
        self._counts[_KIND.value, reason.value if reason is not None else "admitted"] += 1
        if found is None or reason is not None:
            return CredentialAnswer(code=_code(reason))
        known = found.verdict.known
        who = known.consumer.id if known is not None else None
        return CredentialAnswer(code=1, consumer=who, passed=found.verdict.passed)

    async def _learn(self, names: set[str]) -> tuple[CertificateCredential, ...] | None:
        """What became of these, which the index knows from now on; None: that can't be told."""
        directory = self._directory
        if directory is None or not names:
            return ()
        self._late |= names

        def learn() -> tuple[CertificateCredential, ...]:
            found = [one for name in sorted(names) if (one := directory.certificate(name))]
            if self._index is not None:
                self._index = self._index.with_changed(
                    (one.known.credential.id, one.rules) for one in found
                )
            return tuple(found)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._judging, learn)
        except OSError as error:
            self._log.error("directory-unreachable", error=str(error))
            return None

    def _refresh_index(self) -> None:
        """Have the index made (anew) where it lacks, is old, or is crowded; in the background."""
        directory = self._directory
        if directory is None or self._making is not None or not any(self._judgements.values()):
            return
        fresh = self._made_at is not None and self._now() - self._made_at < _INDEX_AGE
        if not fresh or self._index is None or self._index.crowded:
            making = self._make_index(directory)
            self._making = asyncio.get_running_loop().create_task(making, name="client-cert-index")

    async def _make_index(self, directory: Certificates) -> None:
        made_at = self._now()
        self._late = set()
        try:
            made = await asyncio.to_thread(lambda: index_of(directory.rules()))
            # What changed meanwhile may have been read as it was before.
            late, self._late = self._late, set()

            def put() -> None:
                found = (directory.certificate(name) for name in sorted(late))
                rules = [(one.known.credential.id, one.rules) for one in found if one is not None]
                self._index = made.with_changed(rules) if rules else made

            await asyncio.get_running_loop().run_in_executor(self._judging, put)
            self._made_at = made_at
        except OSError as error:
            self._log.error("directory-unreachable", error=str(error))
            await asyncio.sleep(_AGAIN_SECONDS)
        finally:
            self._making = None


def _code(reason: CredentialReason | None) -> int:
    return 1 if reason is None else reason.code
