"""What is shown of notifications and webhooks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ostiary.management.views import View
from ostiary.store.database.records import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationView(View):
    """Something that operators should know."""

    id: int
    """Grows; pass the last one seen as ``after``."""
    uid: str
    """What receivers know it by."""
    at: datetime
    topic: str
    summary: str
    data: Any
    """Plain JSON values, as webhooks send them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView(View):
    """What became of one notification at one webhook."""

    id: int
    webhook: str
    uid: str
    """Of the notification."""
    topic: str
    outcome: Outcome
    at: datetime
    """Of the last attempt."""
    attempts: int
    status: int
    """Of the last answer; 0 where there was none."""
    detail: str
    milliseconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookView(View):
    """A receiver, and how far it is."""

    name: str
    address: str
    """Scheme and host only: there may be a credential behind it."""
    events: tuple[str, ...]
    """The topics it gets."""
    waiting: int
    """Notifications that it has not got yet."""
    failures: int
    """Attempts in a row that failed."""
    due: datetime | None
    """When the next attempt is made; None: at once, when there is something."""
    delivered: datetime | None
    """When it took something last."""
    last: DeliveryView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerView(View):
    """What a receiver said to a test."""

    webhook: str
    uid: str
    delivered: bool
    status: int
    """0: there was no answer."""
    detail: str
    milliseconds: int
