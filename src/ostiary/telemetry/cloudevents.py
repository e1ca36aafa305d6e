"""Notifications as CloudEvents 1.0 in JSON's structured mode (cloudevents.io). Pure."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

MEDIA = "application/cloudevents+json; charset=utf-8"


def envelope(
    *, uid: str, topic: str, at: datetime, source: str, summary: str, data: Mapping[str, Any]
) -> bytes:
    """The body; ``uid`` and ``source`` together name the event once and for all."""
    event = {
        "specversion": "1.0",
        "id": uid,
        "source": source,
        "type": topic,
        "time": at.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": {"summary": summary, **data},
    }
    # Escaped: no name in a certificate can make it text that is none.
    return json.dumps(event, separators=(",", ":")).encode("ascii")
