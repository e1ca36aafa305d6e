"""WebSockets end when the credential they began with is not good any more.

An API key or password isn't kept, so a WebSocket that began with one ends with any change of its
credential or consumer; the client may come again. A certificate is judged again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from ostiary.agent.tunnels import CAPACITY, Tunnel, sweep_at
from ostiary.compiler.names import FRONTENDS
from ostiary.consumers.changes import Changed, Named
from ostiary.consumers.model import CredentialType
from ostiary.supervisor.runtime import MasterSocket, RuntimeTrouble, WorkerGone
from ostiary.supervisor.streams import end_streams, living_by_worker
from ostiary.wiring.background import Background

_LOOK_SECONDS: Final = 5.0
"""Between two looks at those whose time is up."""
_AGAIN_SECONDS: Final = 1.0
"""After tunnels that should have ended could not be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A WebSocket that began with a credential."""

    tunnel: Tunnel
    consumer: UUID
    named: frozenset[Named]
    """The credential; of a certificate all that fit it."""
    again: Callable[[], Awaitable["Held | None"]] | None = None
    """Judges it again: how it is now, None if it may not stay. None itself: with any change it may
    not."""
    until: datetime | None = None
    """When the time alone may end it."""


class ConsumerTunnels:
    """Remembers them. One event loop uses it; nothing runs while none is open."""

    def __init__(self, now: Callable[[], datetime], capacity: int = CAPACITY) -> None:
        """``now`` is aware."""
        self._now = now
        self._capacity = capacity
        self._held: dict[tuple[int, int], Held] = {}
        self._master: MasterSocket | None = None
        self._sweep_at = sweep_at(0, capacity)
        self._beside = Background()
        self._watching = False
        self._log = structlog.get_logger("ostiary.gateway")

    def begin(self, master: MasterSocket) -> None:
        """By whom they are ended."""
        self._master = master

    def hold(self, one: Held) -> bool:
        """Remember it; False: there are too many, so it could not be ended and may not begin."""
        if self._master is None or len(self._held) >= self._capacity:
            self._log.error("too-many-websockets", most=len(self._held))
            return False
        self._held[one.tunnel.worker, one.tunnel.stream] = one
        if not self._watching:
            self._watching = True
            self._beside.spawn(self._watch(), name="consumer-tunnels")
        return True

    async def look_again(self, changed: Changed | None) -> None:
        """These have changed (None: anybody). Those that this names have ended when this returns,
        if the engine can be told; certificates that others may claim now are judged in the
        background."""
        if not self._held:
            return
        await self._judge([one for one in self._held.values() if _is_named(one, changed)])
        if _concerns_certificates(changed):
            self._beside.spawn(
                self._judge([one for one in self._held.values() if one.again is not None])
            )

    async def end(self) -> None:
        """Stop looking."""
        self._master = None
        await self._beside.end()

    async def _watch(self) -> None:
        try:
            while self._held:
                await asyncio.sleep(_LOOK_SECONDS)
                now = self._now()
                due = [one for one in self._held.values() if one.until and one.until <= now]
                await self._judge(due)
                if len(self._held) >= self._sweep_at:
                    await self._sweep()
        finally:
            self._watching = False

    async def _judge(self, held: Iterable[Held]) -> None:
        doomed: list[Held] = []
        for one in held:
            at = (one.tunnel.worker, one.tunnel.stream)
            now = await one.again() if one.again is not None else None
            if now is None:
                doomed.append(one)
            elif at in self._held:
                self._held[at] = now
        left = await self._end_all(doomed)
        if left:
            self._beside.spawn(self._end_later(left))

    async def _end_later(self, doomed: list[Held]) -> None:
        while doomed:
            self._log.error("websockets-not-ended", count=len(doomed))
            await asyncio.sleep(_AGAIN_SECONDS)
            doomed = await self._end_all(doomed)

    async def _end_all(self, doomed: list[Held]) -> list[Held]:
        """Those that could not be ended."""
        left: list[Held] = []
        for worker in sorted({one.tunnel.worker for one in doomed}):
            mine = [one for one in doomed if one.tunnel.worker == worker]
            wanted = {one.tunnel.stream: one.tunnel.client for one in mine}
            if self._master is None:
                break
            try:
                ended = await end_streams(self._master, worker, wanted, FRONTENDS)
            except WorkerGone:
                ended = frozenset()
            except RuntimeTrouble:
                left += mine
                continue
            for one in mine:
                self._held.pop((worker, one.tunnel.stream), None)
            if ended:
                consumers = sorted(
                    {str(one.consumer) for one in mine if one.tunnel.stream in ended}
                )
                self._log.info("websockets-ended", consumers=consumers[:10], count=len(ended))
        return left

    async def _sweep(self) -> None:
        """Forget those that ended by themselves, which nobody tells."""
        if self._master is None:
            return
        known = set(self._held)
        try:
            workers = {worker for worker, _ in known}
            living = await living_by_worker(self._master, workers, FRONTENDS)
            for worker, stream in known:
                if stream not in living[worker]:
                    self._held.pop((worker, stream), None)
        except RuntimeTrouble as error:
            self._log.info("websockets-not-counted", error=str(error))
        self._sweep_at = sweep_at(len(self._held), self._capacity)


def _is_named(one: Held, changed: Changed | None) -> bool:
    if changed is None or changed.everybody or one.consumer in changed.consumers:
        return True
    return not one.named.isdisjoint(changed.credentials)


def _concerns_certificates(changed: Changed | None) -> bool:
    if changed is None:
        return False
    return any(kind is CredentialType.CERTIFICATE for kind, _ in changed.credentials)
