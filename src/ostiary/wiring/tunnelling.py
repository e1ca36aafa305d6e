"""WebSockets end when the certificate they were let in by is not welcome any more."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

import structlog

from ostiary.agent.questions import Question
from ostiary.agent.tunnels import Ending, Holder, Tunnels, blocked_now, judged_again, sweep_at
from ostiary.compiler.names import FRONTENDS
from ostiary.supervisor.runtime import MasterSocket, RuntimeTrouble, WorkerGone
from ostiary.supervisor.streams import end_streams, living_by_worker
from ostiary.trust.decision import Decision
from ostiary.trust.desk import Desk
from ostiary.trust.reason import Reason
from ostiary.wiring.answering import LONGEST_WAIT, Ask
from ostiary.wiring.background import Background

_LOOK_SECONDS: Final = 5.0
"""Between two looks at verdicts whose time is up."""
_AGAIN_SECONDS: Final = 1.0
"""After tunnels that should have ended could not be."""
_SLICE: Final = 50
"""Certificates judged in a row, some 20 ms, before questions get their turn."""
_TOGETHER: Final = 500
"""Tunnels ended at once: for each time the engine lists all its requests."""
_PATIENCE: Final = 10.0
"""Seconds for the OCSP answers that certificates hang on; there may be thousands to ask for."""


class Tunnelling:
    """Remembers WebSockets, and has the engine end those that may not stay. One event loop uses it.

    Nothing runs while none is open.
    """

    def __init__(self, desk: Desk, now: Callable[[], datetime], ask: Ask | None = None) -> None:
        """``now`` is aware; ``ask`` puts questions to OCSP responders, None: nobody is asked."""
        self._desk = desk
        self._ask = ask
        self._now = now
        self._tunnels = Tunnels()
        self._master: MasterSocket | None = None
        self._sweep_at = sweep_at(0, self._tunnels.capacity)
        self._beside = Background()
        self._watching = False
        self._log = structlog.get_logger("ostiary.gateway")

    def begin(self, master: MasterSocket) -> None:
        """By whom tunnels are ended."""
        self._master = master

    def note(
        self, question: Question, leaf: bytes, chain: tuple[bytes, ...], decision: Decision
    ) -> bool:
        """Remember a request that is to become a tunnel; False if there are too many of them."""
        if question.tunnel is None:
            return True
        if not self._watching and self._master is not None:
            self._watching = True
            self._beside.spawn(self._watch(), name="tunnels")
        scope, tunnel = question.entry, question.tunnel
        if self._tunnels.remember(tunnel, scope, leaf, chain, decision):
            return True
        self._log.error("too-many-websockets", most=len(self._tunnels))
        return False

    async def look_again(self, *, judged: bool) -> None:
        """What is blocked has changed, or (``judged``) what is trusted: end whose certificate is
        refused now. Those that are blocked have ended when this returns."""
        now, blocked = self._now(), self._desk.standing.blocked
        if not len(self._tunnels):
            return
        if len(blocked):
            holders = self._tunnels.holders()
            await self._end([one for kept in holders for one in blocked_now(kept, blocked, now)])
        if judged:
            self._beside.spawn(self._judge(self._tunnels.holders()))

    async def end(self) -> None:
        """Stop looking."""
        self._master = None
        await self._beside.end()

    async def _watch(self) -> None:
        try:
            while len(self._tunnels):
                await asyncio.sleep(_LOOK_SECONDS)
                await self._judge(self._tunnels.due(self._now()))
                if len(self._tunnels) >= self._sweep_at:
                    await self._sweep()
        finally:
            self._watching = False

    async def _judge(self, holders: list[Holder]) -> None:
        """End whose certificates are refused now; those that only lack an OCSP answer once it is
        there, or has not come for too long."""
        clock = asyncio.get_running_loop().time
        end = clock() + _PATIENCE
        while holders:
            asked: set[asyncio.Task[None]] = set()
            holders = await self._judge_all(holders, asked, waits=clock() < end)
            if asked and holders:
                await asyncio.wait(asked, timeout=LONGEST_WAIT)
            elif holders:
                await asyncio.sleep(LONGEST_WAIT)

    async def _judge_all(
        self, holders: list[Holder], asked: set[asyncio.Task[None]], *, waits: bool
    ) -> list[Holder]:
        """Those that are to wait; ``asked`` gets what for, of those that are not, too."""
        endings: list[Ending] = []
        waiting: list[Holder] = []
        for start in range(0, len(holders), _SLICE):
            for holder in holders[start : start + _SLICE]:
                found = self._judge_one(holder, asked)
                if waits and self._ask is not None and _lacks_answer(found):
                    waiting.append(holder)
                else:
                    endings += found
            if len(endings) >= _TOGETHER:
                await self._end(endings)
                endings = []
            await asyncio.sleep(0)
        await self._end(endings)
        return waiting

    def _judge_one(self, holder: Holder, asked: set[asyncio.Task[None]]) -> list[Ending]:
        def judge(scope: str, leaf: bytes, chain: tuple[bytes, ...]) -> Decision:
            judged = self._desk.judged
            decision = self._desk.answer(scope, leaf, chain, self._now())
            if self._ask is not None and self._desk.judged != judged:
                tasks = (self._ask(one) for one in decision.asking)
                asked.update(task for task in tasks if task is not None)
            return decision

        return list(judged_again(holder, judge))

    async def _end(self, endings: Iterable[Ending]) -> None:
        by_worker: dict[int, list[Ending]] = {}
        for one in endings:
            by_worker.setdefault(one.tunnel.worker, []).append(one)
        for worker, doomed in by_worker.items():
            if not await self._end_in(worker, doomed):
                self._beside.spawn(self._end_later(worker, doomed))

    async def _end_in(self, worker: int, doomed: list[Ending]) -> bool:
        """False if the worker could not be told, and may still serve them."""
        if self._master is None:
            return True
        wanted = {one.tunnel.stream: one.tunnel.client for one in doomed}
        try:
            ended = await end_streams(self._master, worker, wanted, FRONTENDS)
        except WorkerGone:
            ended = frozenset()
        except RuntimeTrouble as error:
            self._log.error("websockets-not-ended", worker=worker, error=str(error))
            return False
        self._tunnels.forget((worker, stream) for stream in wanted)
        self._tell([one for one in doomed if one.tunnel.stream in ended])
        return True

    async def _end_later(self, worker: int, doomed: list[Ending]) -> None:
        while True:
            await asyncio.sleep(_AGAIN_SECONDS)
            if await self._end_in(worker, doomed):
                return

    def _tell(self, ended: list[Ending]) -> None:
        counts = Counter(one.fingerprint for one in ended)
        for fingerprint, refused in {one.fingerprint: one.refused for one in ended}.items():
            self._log.info(
                "websockets-ended",
                fingerprint=fingerprint,
                reason=refused.reason.value,
                detail=refused.detail,
                count=counts[fingerprint],
            )

    async def _sweep(self) -> None:
        """Forget those that ended by themselves, which nobody tells."""
        if self._master is None:
            return
        try:
            known = self._tunnels.by_worker()
            living = await living_by_worker(self._master, known, FRONTENDS)
            for worker, streams in known.items():
                self._tunnels.forget((worker, one) for one in streams - living[worker])
        except RuntimeTrouble as error:
            self._log.info("websockets-not-counted", error=str(error))
        self._sweep_at = sweep_at(len(self._tunnels), self._tunnels.capacity)


def _lacks_answer(endings: list[Ending]) -> bool:
    """Whether they end for nothing but that an OCSP responder has not told yet."""
    refused = endings[0].refused if endings else None
    return (
        refused is not None
        and refused.reason is Reason.REVOCATION_UNDETERMINED
        and bool(refused.asking)
    )
