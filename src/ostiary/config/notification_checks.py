"""Checks of ``notifications``: names of webhooks, and what would be read on the way."""

import ipaddress
import re
from collections.abc import Iterator

from ostiary.config.model.document import Document
from ostiary.config.model.url import parse_url
from ostiary.config.text.tree import Places
from ostiary.kernel.problems import Problem

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def check_notifications(document: Document, places: Places) -> Iterator[Problem]:
    """Yield problems of webhooks."""
    for name, webhook in document.notifications.webhooks.items():
        at = ("notifications", "webhooks", name)
        if not _NAME.fullmatch(name):
            message = f"{name[:80]!r} isn't a name for a webhook"
            yield places.problem(at, message, "use up to 64 letters, digits, '-', '_' and '.'")
        url = parse_url(webhook.url.partition("?")[0])
        if url.scheme == "http" and not _is_near(url.host):
            message = f"notifications travel in the open to {url.host!r}"
            yield places.warning((*at, "url"), message, "use https")


def _is_near(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
