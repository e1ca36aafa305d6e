"""Notifications and webhooks as the fake management has them."""

from datetime import timedelta
from typing import Any

from ostiary.management.actors import Actor
from ostiary.management.errors import Forbidden, NotThere
from ostiary.management.notified import AnswerView, DeliveryView, NotificationView, WebhookView
from ostiary.management.views import Page
from ostiary.store.database.records import Outcome, Role
from tests.doors.console.sample import HOSTILE, NOW

MINUTE = timedelta(minutes=1)


def notice(number: int, topic: str, summary: str, minutes: int, **data: object) -> NotificationView:
    return NotificationView(
        id=number,
        uid=f"{number:032x}",
        at=NOW - minutes * MINUTE,
        topic=topic,
        summary=summary,
        data={"count": 1, **data},
    )


def delivery(number: int, webhook: str, outcome: Outcome, **more: Any) -> DeliveryView:
    return DeliveryView(
        id=number,
        uid=f"{number:032x}",
        webhook=webhook,
        topic="client.blocked",
        outcome=outcome,
        **{
            "at": NOW - number * MINUTE,
            "attempts": 1,
            "status": 204,
            "detail": "",
            "milliseconds": 31,
            **more,
        },
    )


GIVEN_UP = {"attempts": 41, "status": 500, "detail": f"Internal Server Error: {HOSTILE[0]}"}
NOTICES = (
    notice(
        5,
        "client.blocked",
        "'CN=device-0417,O=Example Devices,C=DE' blocked by token:ops: laptop stolen, ticket 4711",
        3,
        certificates=[{"subject": HOSTILE[0], "fingerprint": "ab" * 32}],
    ),
    notice(4, "client.revoked", f"{HOSTILE[1]!r} refused: revoked", 9),
    notice(
        3,
        "certificate.expiring",
        "3 trusted certificates expire within 30 days, the first on 2026-12-02 08:00 UTC",
        70,
    ),
    notice(2, "crl.expired", f"the revocation list of {HOSTILE[2][:200]!r} has expired", 4000),
    notice(1, "client.unblocked", "'CN=old-scanner' unblocked by token:ops", 4100),
)
DELIVERIES = (
    delivery(5, "ops", Outcome.DELIVERED),
    delivery(
        4, "audit-trail", Outcome.RETRYING, attempts=3, status=0, detail="no answer within 15 s"
    ),
    delivery(3, "audit-trail", Outcome.GIVEN_UP, **GIVEN_UP),
)
WEBHOOKS = (
    WebhookView(
        name="audit-trail",
        address="https://api.example.com:8443/…",
        events=("client.blocked",),
        waiting=12,
        failures=3,
        due=NOW + 2 * MINUTE,
        delivered=NOW - 3000 * MINUTE,
        last=DELIVERIES[1],
    ),
    WebhookView(
        name="ops",
        address="https://api.example.com/…",
        events=("client.blocked", "client.unblocked"),
        waiting=0,
        failures=0,
        due=None,
        delivered=NOW - 3 * MINUTE,
        last=DELIVERIES[0],
    ),
)


class Notices:
    def __init__(self) -> None:
        self.notices, self.hooks, self.sent = NOTICES, WEBHOOKS, DELIVERIES

    def page(self, *, topic: str = "", cursor: str | None = None, limit: int = 50) -> Any:
        wanted = topic.removesuffix("*")
        found = tuple(one for one in self.notices if one.topic.startswith(wanted))
        return Page(items=found, next=None)

    def webhooks(self) -> Any:
        return self.hooks

    def deliveries(self, *, webhook: str = "", cursor: str | None = None, limit: int = 50) -> Any:
        return Page(items=tuple(one for one in self.sent if webhook in ("", one.webhook)))

    async def test(self, actor: Actor, name: str) -> AnswerView:
        if not actor.may(Role.OPERATOR):
            raise Forbidden(Role.OPERATOR)
        hook = next((one for one in self.hooks if one.name == name), None)
        if hook is None:
            raise NotThere("webhook", name)
        good = not hook.failures
        return AnswerView(
            webhook=name,
            uid="ab" * 16,
            delivered=good,
            status=204 if good else 500,
            detail="" if good else f"Internal Server Error: {HOSTILE[0]}",
            milliseconds=31,
        )
