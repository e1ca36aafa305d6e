"""Notifications: what operators were told, and how it went out to webhooks."""

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from ostiary.kernel.notices import PATTERNS, Topic, chosen
from ostiary.management.actors import Actor
from ostiary.management.changes import Changes
from ostiary.management.errors import Forbidden, NotThere, Unacceptable
from ostiary.management.keeping import reading, told
from ostiary.management.notified import AnswerView, DeliveryView, NotificationView, WebhookView
from ostiary.management.pages import below, checked_limit, row_of
from ostiary.management.ports import Dice
from ostiary.management.views import Page
from ostiary.services.webhooks import Target
from ostiary.store.database.deliveries import Delivery, Progress
from ostiary.store.database.notifications import Notification
from ostiary.store.database.records import Outcome, Role
from ostiary.store.database.work import Work


class Answer(Protocol):
    """What a receiver said."""

    @property
    def delivered(self) -> bool:
        """Whether it took the notification."""

    @property
    def status(self) -> int:
        """0: there was no answer."""

    @property
    def detail(self) -> str:
        """What was wrong, for people; empty when it was taken."""

    @property
    def milliseconds(self) -> int:
        """How long it took."""


class Post(Protocol):
    """Sends one notification to one webhook, once."""

    async def __call__(self, target: Target, notification: Notification) -> Answer:
        """Raises nothing: whatever went wrong is the answer."""


class Notifications:
    """What operators were told, and how it went out to webhooks."""

    def __init__(self, changes: Changes, dice: Dice, post: Post) -> None:
        self._changes = changes
        self._dice = dice
        self._post = post

    def page(
        self, *, topic: str = "", cursor: str | None = None, limit: int = 50
    ) -> Page[NotificationView]:
        """The latest first; ``topic`` may be a group, such as ``client.*``. Raises Unacceptable."""
        wanted, topics = checked_limit(limit), _topics(topic)
        with reading(self._changes.keeping) as work:
            found = work.notifications.page(topics, before=row_of(cursor), limit=wanted)
        return Page(
            items=tuple(map(_view, found)),
            next=below(found[-1].id) if len(found) == wanted else None,
        )

    def after(
        self, number: int, *, topic: str = "", limit: int = 50
    ) -> tuple[NotificationView, ...]:
        """The next ones beyond a number, oldest first. Raises Unacceptable."""
        wanted, topics = checked_limit(limit), _topics(topic)
        with reading(self._changes.keeping) as work:
            return tuple(map(_view, work.notifications.after(number, topics, wanted)))

    def webhooks(self) -> tuple[WebhookView, ...]:
        """All that the configuration in force names."""
        targets = self._targets()
        with reading(self._changes.keeping) as work:
            known = {one.name: one for one in work.deliveries.progress()}
            return tuple(
                _webhook(work, target, known.get(name)) for name, target in sorted(targets.items())
            )

    def deliveries(
        self, *, webhook: str = "", cursor: str | None = None, limit: int = 50
    ) -> Page[DeliveryView]:
        """The latest first, of one webhook or of all."""
        wanted = checked_limit(limit)
        with reading(self._changes.keeping) as work:
            found = work.deliveries.page(webhook, before=row_of(cursor), limit=wanted)
        return Page(
            items=tuple(map(delivery_view, found)),
            next=below(found[-1].id) if len(found) == wanted else None,
        )

    async def test(self, actor: Actor, name: str) -> AnswerView:
        """Send a test to a webhook now, and tell what it says.

        If it is taken, what waits for a later attempt is sent soon. Raises Forbidden, NotThere.
        """
        if not actor.may(Role.OPERATOR):
            raise Forbidden(Role.OPERATOR)
        target = self._targets().get(name)
        if target is None:
            raise NotThere("webhook", name)
        notification = a_test(
            self._dice(16).hex(), f"a test, asked for by {actor.name}", self._changes.clock()
        )
        answer = await self._post(target, notification)
        if answer.delivered:
            await asyncio.to_thread(self._hurry, name)
        return AnswerView(
            webhook=name,
            uid=notification.uid,
            delivered=answer.delivered,
            status=answer.status,
            detail=answer.detail,
            milliseconds=answer.milliseconds,
        )

    def _hurry(self, name: str) -> None:
        with told(), self._changes.keeping.begin() as work:
            progress = work.deliveries.of(name)
            if progress is not None and progress.due is not None:
                work.deliveries.move(replace(progress, due=None))

    def _targets(self) -> dict[str, Target]:
        return dict(self._changes.gatekeeper.prepared.gathered.webhooks)


def a_test(uid: str, summary: str, at: datetime) -> Notification:
    """A notification that tells of nothing."""
    return Notification(
        id=0, uid=uid, topic=Topic.TEST.value, at=at, summary=summary, data={"count": 0}
    )


def _topics(wanted: str) -> tuple[str, ...]:
    if wanted and wanted not in PATTERNS:
        raise Unacceptable.one(
            f"there is no topic {wanted[:80]!r}", f"choose one of {', '.join(PATTERNS)}", "/topic"
        )
    return tuple(one.value for one in chosen((wanted or "*",)))


def _view(one: Notification) -> NotificationView:
    return NotificationView(
        id=one.id, uid=one.uid, at=one.at, topic=one.topic, summary=one.summary, data=one.data
    )


def delivery_view(one: Delivery) -> DeliveryView:
    """A row for people."""
    last = one.last
    return DeliveryView(
        id=one.id,
        webhook=last.webhook,
        uid=last.uid,
        topic=last.topic,
        outcome=last.outcome,
        at=last.at,
        attempts=one.attempts,
        status=last.status,
        detail=last.detail,
        milliseconds=last.milliseconds,
    )


def _webhook(work: Work, target: Target, progress: Progress | None) -> WebhookView:
    topics = sorted(one.value for one in target.topics)
    # One that was just named in the file has no place yet: it begins with what comes next.
    position = work.notifications.newest() if progress is None else progress.position
    last = work.deliveries.last(target.name)
    good = work.deliveries.last(target.name, Outcome.DELIVERED)
    return WebhookView(
        name=target.name,
        address=target.shown,
        events=tuple(topics),
        waiting=work.notifications.waiting(position, topics),
        failures=progress.failures if progress else 0,
        due=progress.due if progress else None,
        delivered=good.last.at if good else None,
        last=delivery_view(last) if last else None,
    )
