"""What waits for one webhook goes out to it: in order, again and again until it is taken.

At least once: what was sent is written down afterwards, so a notification may come twice after
``kill -9``, under the same id.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import structlog

from ostiary.kernel.errors import OstiaryError
from ostiary.management.keeping import Keeping
from ostiary.services.webhooks import Target
from ostiary.store.database.deliveries import Attempt, Progress
from ostiary.store.database.notifications import Notification
from ostiary.store.database.records import Outcome
from ostiary.telemetry.retrying import pause_after
from ostiary.wiring.posting import Answered, Poster

_TROUBLED_SECONDS = 5.0
_LONGEST_REST_SECONDS = 5.0


class Delivering:
    """One webhook's way through the notifications. For one event loop."""

    def __init__(
        self, target: Target, keeping: Keeping, post: Poster, clock: Callable[[], datetime]
    ) -> None:
        """Nothing is sent before ``run``."""
        self.target = target
        self.counted: Counter[Outcome] = Counter()
        self._topics = tuple(one.value for one in target.topics)
        self._keeping = keeping
        self._post = post
        self._clock = clock
        self._news = asyncio.Event()
        self._log = structlog.get_logger("ostiary.webhooks").bind(
            webhook=target.name, url=target.shown
        )

    def wake(self) -> None:
        """There may be something to send."""
        self._news.set()

    async def run(self) -> None:
        """Send whatever comes, until cancelled."""
        while True:
            self._news.clear()
            pause = await self._step()
            if pause != 0:
                await self._rest(pause)

    async def _step(self) -> float | None:
        """Send the next one, if it is time; how long to wait then, None: until there is one."""
        try:
            progress, notification = await asyncio.to_thread(self._next)
            if notification is None:
                return None
            now = self._clock()
            if progress.due is not None and now < progress.due:
                return (progress.due - now).total_seconds()
            if progress.failures and now - notification.at > self.target.patience:
                await self._give_up(progress, notification, "too late: it was tried for long")
                return 0
            answered = await self._post(self.target, notification)
            return await self._answered(progress, notification, answered)
        except OstiaryError as error:
            self._log.warning("webhook-waits", error=str(error))
            return _TROUBLED_SECONDS
        except Exception:  # noqa: BLE001 - our own bug must not end what others wait for
            self._log.exception("webhook-waits")
            return 60.0

    async def _rest(self, seconds: float | None) -> None:
        """News don't hurry a receiver that is in trouble: ``_step`` looks at the clock. A test
        that succeeded does, so there is a look now and then."""
        if seconds is not None:
            seconds = min(seconds, _LONGEST_REST_SECONDS)
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return

    def _next(self) -> tuple[Progress, Notification | None]:
        with self._keeping.reading() as work:
            progress = work.deliveries.of(self.target.name)
            if progress is not None:
                lost = work.notifications.oldest() - 1 - progress.position
                found = work.notifications.after(progress.position, self._topics, limit=1)
        if progress is None:
            # The database went back to a copy from before this webhook.
            with self._keeping.begin() as work:
                return work.deliveries.begin(self.target.name), None
        if lost > 0:
            self._log.error("notifications-lost", most=lost, why="the webhook was away for long")
        return progress, found[0] if found else None

    async def _answered(
        self, progress: Progress, notification: Notification, answered: Answered
    ) -> float:
        if answered.delivered:
            if progress.failures:
                self._log.info("webhook-recovers", after=progress.failures)
            await self._write(
                Progress(name=progress.name, position=notification.id),
                self._attempt(notification, Outcome.DELIVERED, answered),
            )
            return 0
        failures = progress.failures + 1
        self._complain(failures, notification, answered)
        pause = pause_after(failures, random.random(), answered.wished)  # noqa: S311 - no secret
        waiting = replace(progress, failures=failures, due=self._clock() + pause)
        late = self._clock() + pause - notification.at > self.target.patience
        if answered.final or late:
            await self._give_up(waiting, notification, answered.detail, answered)
        else:
            attempt = self._attempt(notification, Outcome.RETRYING, answered)
            await self._write(waiting, attempt)
        return pause.total_seconds()

    def _complain(self, failures: int, notification: Notification, answered: Answered) -> None:
        if failures == 1:
            # The next ones are in the list of deliveries: one line for each trouble is enough.
            self._log.warning(
                "webhook-failed",
                id=notification.uid,
                status=answered.status,
                error=answered.detail,
            )

    async def _give_up(
        self,
        progress: Progress,
        notification: Notification,
        why: str,
        answered: Answered | None = None,
    ) -> None:
        """Go on with the next one; how long to leave the receiver alone stays as it is."""
        self._log.error("webhook-gave-up", id=notification.uid, type=notification.topic, why=why)
        attempt = self._attempt(notification, Outcome.GIVEN_UP, answered or Answered(detail=why))
        moved = replace(progress, position=notification.id)
        await self._write(moved, attempt, counts=answered is not None)

    def _attempt(self, notification: Notification, outcome: Outcome, answered: Answered) -> Attempt:
        return Attempt(
            webhook=self.target.name,
            notification=notification.id,
            uid=notification.uid,
            topic=notification.topic,
            outcome=outcome,
            at=self._clock(),
            status=answered.status,
            detail=answered.detail,
            milliseconds=answered.milliseconds,
        )

    async def _write(self, to: Progress, attempt: Attempt, *, counts: bool = True) -> None:
        def write() -> None:
            with self._keeping.begin() as work:
                work.deliveries.move(to)
                work.deliveries.note(attempt, counts=counts)

        writing = asyncio.create_task(asyncio.to_thread(write))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            # To its end: what was sent need not be sent again.
            await asyncio.wait({writing})
            raise
        self.counted[attempt.outcome] += 1
