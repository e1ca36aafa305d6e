"""What operators were told, and how it went out to webhooks."""

from typing import Annotated

from fastapi import Path, Query, Request
from starlette.responses import Response

from ostiary.admin.api.doors import Door
from ostiary.admin.api.sightings import After
from ostiary.admin.lock import actor_of
from ostiary.admin.replies import Cursor, Limit, PageShape, Shape, desk_of
from ostiary.management.notified import AnswerView, DeliveryView, NotificationView, WebhookView
from ostiary.management.views import Page

_NOTIFICATIONS = PageShape[NotificationView](Page[NotificationView])
_NEWER = Shape[tuple[NotificationView, ...]](tuple[NotificationView, ...])
_WEBHOOKS = Shape[tuple[WebhookView, ...]](tuple[WebhookView, ...])
_DELIVERIES = PageShape[DeliveryView](Page[DeliveryView])
_ANSWER = Shape[AnswerView](AnswerView)

Topic = Annotated[
    str, Query(max_length=100, description="Such as client.blocked; client.* for a group.")
]
Name = Annotated[str, Path(max_length=100)]
Webhook = Annotated[str, Query(max_length=100, description="Of this webhook only.")]


def list_notifications(
    request: Request, topic: Topic = "", cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """The latest first."""
    page = desk_of(request).notifications.page(topic=topic, cursor=cursor, limit=limit)
    return _NOTIFICATIONS.page(request, page)


def list_newer(
    request: Request, after: After = 0, topic: Topic = "", limit: Limit = 100
) -> Response:
    """Those after the one numbered `after`, oldest first."""
    found = desk_of(request).notifications.after(after, topic=topic, limit=limit)
    return _NEWER.answer(found)


def list_webhooks(request: Request) -> Response:
    """How each webhook of the configuration is doing; never a secret."""
    return _WEBHOOKS.answer(desk_of(request).notifications.webhooks())


def list_deliveries(
    request: Request, webhook: Webhook = "", cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """What became of notifications at webhooks, the latest first."""
    page = desk_of(request).notifications.deliveries(webhook=webhook, cursor=cursor, limit=limit)
    return _DELIVERIES.page(request, page)


async def try_webhook(request: Request, name: Name) -> Response:
    """Send a test to a webhook now, and tell what it answers."""
    return _ANSWER.answer(await desk_of(request).notifications.test(actor_of(request), name))


DOORS = (
    Door("GET", "/notifications", list_notifications, Page[NotificationView]),
    Door("GET", "/notifications/newer", list_newer, tuple[NotificationView, ...]),
    Door("GET", "/webhooks", list_webhooks, tuple[WebhookView, ...]),
    Door("GET", "/webhooks/deliveries", list_deliveries, Page[DeliveryView]),
    Door("POST", "/webhooks/{name}/test", try_webhook, AnswerView),
)
