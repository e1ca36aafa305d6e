"""Operators are told: what happens is noticed, logged, and sent to the webhooks of the moment."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Mapping
from datetime import datetime
from typing import Any

import structlog

from ostiary.kernel.errors import OstiaryError
from ostiary.kernel.notices import Topic
from ostiary.management.keeping import Keeping
from ostiary.management.noticing import Noticing
from ostiary.management.ports import Gatekeeper
from ostiary.services.webhooks import Target
from ostiary.store.database.deliveries import Progress
from ostiary.store.database.notifications import Notification
from ostiary.store.database.records import Outcome
from ostiary.telemetry.seen import Sighting
from ostiary.trust.decision import Admitted
from ostiary.trust.reason import Reason
from ostiary.wiring.delivering import Delivering
from ostiary.wiring.posting import Poster
from ostiary.x509.certificate import Certificate, parse
from ostiary.x509.errors import NotACertificate

LOG = "(log)"
"""Our own log is one more receiver: what was noticed while it stood still is told, too. No webhook
can have this name."""

_LOOK_SECONDS = 600.0
_TURN_SECONDS = 1.0
_GATHERED_SECONDS = 5.0
"""Clients refused meanwhile are told of together."""
_MOST_REFUSED = 1_000
_EVERYTHING = tuple(topic.value for topic in Topic)
_GENTLE = frozenset({Topic.CLIENT_BLOCKED.value, Topic.CLIENT_UNBLOCKED.value})


class Notifying:
    """For one event loop; ``wake`` from any thread."""

    def __init__(
        self,
        keeping: Keeping,
        gatekeeper: Gatekeeper,
        noticing: Noticing,
        post: Poster,
        clock: Callable[[], datetime],
    ) -> None:
        """Nothing happens before ``run``."""
        self._keeping = keeping
        self._gatekeeper = gatekeeper
        self._noticing = noticing
        self._post = post
        self._clock = clock
        self._log = structlog.get_logger("ostiary.notifications")
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._sending: dict[str, tuple[Delivering, asyncio.Task[None]]] = {}
        self._lists: object = None
        self._served: Mapping[str, Target] | None = None
        self._refused: dict[bytes, str] = {}
        self._told: Counter[str] = Counter()
        self._counted: Counter[tuple[str, Outcome]] = Counter()

    def wake(self) -> None:
        """Something may have been written down."""
        with contextlib.suppress(RuntimeError):  # the loop has ended: the next start looks
            self._loop.call_soon_threadsafe(self._news.set)

    def decided(self, sighting: Sighting) -> None:
        """Note whoever is refused as revoked; a matter of microseconds."""
        decision = sighting.decision
        if isinstance(decision, Admitted) or sighting.reported:
            return
        if decision.reason is Reason.REVOKED and len(self._refused) < _MOST_REFUSED:
            self._refused.setdefault(sighting.leaf, sighting.api)

    def told(self) -> Mapping[str, int]:
        """How many notifications there were since the start, by topic."""
        return {topic: self._told[topic] for topic in _EVERYTHING}

    def attempts(self) -> Mapping[tuple[str, str], int]:
        """How many attempts since the start, by webhook and outcome."""
        found = self._counted.copy()
        for name, (sending, _) in list(self._sending.items()):
            found.update({(name, one): count for one, count in sending.counted.items()})
        return {(name, outcome.value): count for (name, outcome), count in found.items()}

    async def begin(self) -> None:
        """Give new webhooks their places: from now on nothing is lost to them."""
        await self._surely(self._keep_places)

    async def run(self) -> None:
        """Until cancelled."""
        work = (
            self._again(self._look, _LOOK_SECONDS),
            self._again(self._look_at_lists, _TURN_SECONDS),
            self._again(self._tell_refused, _GATHERED_SECONDS),
            self._follow(),
        )
        tasks = [asyncio.create_task(one) for one in work]
        try:
            await asyncio.gather(*tasks)
        finally:
            tasks += [task for _, task in self._sending.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _again(self, work: Callable[[], Coroutine[Any, Any, None]], pause: float) -> None:
        while True:
            await self._surely(work)
            await asyncio.sleep(pause)

    async def _surely(self, work: Callable[[], Coroutine[Any, Any, None]]) -> bool:
        """Whether it succeeded; what did not is logged, and tried again."""
        try:
            await work()
        except OstiaryError as error:
            self._log.warning("notifications-late", error=str(error))
        except Exception:  # noqa: BLE001 - our own bug must not end what others wait for
            self._log.exception("notifications-late")
        else:
            return True
        return False

    async def _look(self) -> None:
        await asyncio.to_thread(self._noticing.look)
        self._news.set()

    async def _look_at_lists(self) -> None:
        lists = self._noticing.lists()
        if lists != self._lists:
            await asyncio.to_thread(self._noticing.compare_lists)
            self._lists = lists
            self._news.set()

    async def _tell_refused(self) -> None:
        if not self._refused:
            return
        refused, self._refused = self._refused, {}
        found = tuple(_readable(refused))
        try:
            await asyncio.to_thread(self._noticing.refused, found)
        except OstiaryError:
            self._refused = {**refused, **self._refused}
            raise
        self._news.set()

    async def _follow(self) -> None:
        """Log what is new, and see to it that each webhook of the configuration is served."""
        fresh = True
        while True:
            if self._gatekeeper.prepared.gathered.webhooks is not self._served:
                await self._surely(self._serve)
            if self._news.is_set() or fresh:
                self._news.clear()
                fresh = not await self._surely(self._log_news)
                for sending, _ in self._sending.values():
                    sending.wake()
            await self._wait()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(_TURN_SECONDS):
                await self._news.wait()
        except TimeoutError:
            return

    async def _serve(self) -> None:
        targets = self._gatekeeper.prepared.gathered.webhooks
        for name in list(self._sending):
            sending, task = self._sending[name]
            if targets.get(name) != sending.target:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                del self._sending[name]
                self._counted.update({(name, one): n for one, n in sending.counted.items()})
        await self._keep_places()
        for name in targets.keys() - self._sending.keys():
            sending = Delivering(targets[name], self._keeping, self._post, self._clock)
            self._sending[name] = (sending, asyncio.create_task(sending.run()))
        self._served = targets

    async def _keep_places(self) -> None:
        names = (*self._gatekeeper.prepared.gathered.webhooks, LOG)

        def keep() -> None:
            with self._keeping.begin() as work:
                work.deliveries.keep(names)

        await asyncio.to_thread(keep)

    async def _log_news(self) -> None:
        while found := await asyncio.to_thread(self._unlogged):
            for one in found:
                self._told[one.topic] += 1
                say = self._log.info if one.topic in _GENTLE else self._log.warning
                say("notification", type=one.topic, id=one.uid, summary=one.summary)
            await asyncio.to_thread(self._logged, found[-1].id)

    def _unlogged(self) -> tuple[Notification, ...]:
        with self._keeping.reading() as work:
            progress = work.deliveries.of(LOG)
            after = progress.position if progress else work.notifications.newest()
            return work.notifications.after(after, _EVERYTHING)

    def _logged(self, number: int) -> None:
        with self._keeping.begin() as work:
            work.deliveries.move(Progress(name=LOG, position=number))


def _readable(refused: Mapping[bytes, str]) -> Iterable[tuple[Certificate, str]]:
    for leaf, api in refused.items():
        try:
            yield parse(leaf), api
        except NotACertificate:
            continue
