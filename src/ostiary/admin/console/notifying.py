"""Notifications: what operators were told, and how webhooks take it."""

import asyncio

from starlette.responses import Response

from ostiary.admin.console.guard import Door
from ostiary.admin.console.visit import Visit
from ostiary.kernel.notices import PATTERNS

_ROWS = 50
_DELIVERIES = 20
_COLOURS = {
    "certificate.expiring": "warn",
    "crl.expiring": "warn",
    "certificate.expired": "bad",
    "crl.expired": "bad",
    "certificate.revoked": "bad",
    "client.revoked": "bad",
    "client.blocked": "bad",
    "client.unblocked": "good",
}


def listing(visit: Visit) -> Response:
    """Webhooks, the last deliveries, and notifications, the latest first."""
    topic, webhook = visit.asked("topic"), visit.asked("webhook")
    desk = visit.desk.notifications
    return visit.page(
        "notifications.html",
        found=desk.page(
            topic=topic if topic in PATTERNS else "",
            cursor=visit.asked("cursor") or None,
            limit=_ROWS,
        ),
        webhooks=desk.webhooks(),
        deliveries=desk.deliveries(webhook=webhook, limit=_DELIVERIES).items,
        topic=topic,
        topics=PATTERNS,
        webhook=webhook,
        colours=_COLOURS,
    )


async def try_it(visit: Visit) -> Response:
    """Send a test, and show what the receiver says."""
    name: str = visit.request.path_params["name"]
    answer = await visit.desk.notifications.test(visit.session.actor, name)
    return await asyncio.to_thread(visit.page, "webhook_test.html", answer=answer)


DOORS: tuple[Door, ...] = (
    ("GET", "/notifications", listing),
    ("POST", "/webhooks/{name}/test", try_it),
)
