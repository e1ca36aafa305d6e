"""One notification to one webhook, once: over HTTP, within limits, and never with a complaint."""

import asyncio
import contextlib
import ssl
import time
from dataclasses import dataclass
from datetime import timedelta

import httpx

from ostiary import __version__
from ostiary.kernel.webhooks import signature
from ostiary.services.webhooks import Target
from ostiary.store.database.notifications import Notification
from ostiary.telemetry.cloudevents import MEDIA, envelope
from ostiary.wiring import world
from ostiary.wiring.redacting import without_secrets_of

_LONGEST_EXCERPT = 200
_GONE = 410


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came of it."""

    status: int = 0
    """0: there was no answer."""
    detail: str = ""
    """What was wrong, for people; empty when it was taken."""
    milliseconds: int = 0
    wished: timedelta | None = None
    """How long the receiver wants to be left alone."""

    @property
    def delivered(self) -> bool:
        """Standard Webhooks: anything but 2xx is a failure, redirects too."""
        return 200 <= self.status < 300

    @property
    def final(self) -> bool:
        """Whether the receiver says that it will never take it."""
        return self.status == _GONE


class Poster:
    """Sends; keeps no connection open between two notifications, which are minutes apart."""

    def __init__(self, source: str) -> None:
        """``source`` says which gateway speaks: CloudEvents' attribute of that name."""
        self._source = source

    async def __call__(self, target: Target, notification: Notification) -> Answered:
        """Raises nothing but CancelledError."""
        began = time.monotonic()
        try:
            found = await self._sent(target, notification)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            found = Answered(detail=_printable(str(error) or type(error).__name__))
        spent = round((time.monotonic() - began) * 1000)
        # Receivers repeat the path they were asked for, which may be all that lets anybody in.
        told = without_secrets_of(target.url, found.detail)
        return Answered(status=found.status, detail=told, wished=found.wished, milliseconds=spent)

    async def _sent(self, target: Target, notification: Notification) -> Answered:
        body = envelope(
            uid=notification.uid,
            topic=notification.topic,
            at=notification.at,
            source=self._source,
            summary=notification.summary,
            data=notification.data,
        )
        now = int(world.now().timestamp())
        headers = {
            "content-type": MEDIA,
            "user-agent": f"ostiary/{__version__}",
            "webhook-id": notification.uid,
            "webhook-timestamp": str(now),
            "webhook-signature": signature(target.keys, notification.uid, now, body),
        }
        # Reading the system's authorities takes 20 ms: not on the loop that decides.
        verify = await asyncio.to_thread(_verifying, target)
        client = httpx.AsyncClient(
            verify=verify, timeout=target.seconds, trust_env=False, follow_redirects=False
        )
        async with client:
            return await _asked(client, target, body, headers)


async def _asked(
    client: httpx.AsyncClient, target: Target, body: bytes, headers: dict[str, str]
) -> Answered:
    found = Answered(detail=f"no answer within {target.seconds:g} s")
    # In all, whatever a receiver that answers byte by byte makes of it.
    with contextlib.suppress(TimeoutError, httpx.TimeoutException):
        async with asyncio.timeout(target.seconds):
            async with client.stream("POST", target.url, content=body, headers=headers) as answer:
                found = Answered(
                    status=answer.status_code, detail=_told(answer), wished=_wished(answer)
                )
                if not found.delivered:
                    found = Answered(
                        status=found.status,
                        detail=f"{found.detail}{await _excerpt(answer)}",
                        wished=found.wished,
                    )
    return found


def _told(answer: httpx.Response) -> str:
    if answer.is_success:
        return ""
    if answer.has_redirect_location:
        return "a redirect, which is not followed (name the new address in url)"
    return _printable(answer.reason_phrase)


async def _excerpt(answer: httpx.Response) -> str:
    """How the body begins: receivers say there what they dislike."""
    start = b""
    async for chunk in answer.aiter_raw(_LONGEST_EXCERPT):
        start += chunk
        if len(start) >= _LONGEST_EXCERPT:
            break
    text = _printable(start[:_LONGEST_EXCERPT].decode("utf-8", "replace"))
    return f": {text}" if text else ""


def _wished(answer: httpx.Response) -> timedelta | None:
    """Retry-After in seconds (RFC 9110 10.2.3); a date is left to our own pauses."""
    value = answer.headers.get("retry-after", "")
    return timedelta(seconds=int(value)) if value.isdecimal() and len(value) < 7 else None


def _verifying(target: Target) -> ssl.SSLContext | bool:
    if not target.url.lower().startswith("https:"):
        return False
    return ssl.create_default_context(cadata=target.authorities or None)


def _printable(text: str) -> str:
    """On one line, and harmless for a terminal."""
    words = " ".join(text.split())
    return "".join(char if char.isprintable() else "\ufffd" for char in words)
