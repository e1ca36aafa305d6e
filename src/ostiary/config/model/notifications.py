"""Whom the gateway tells of what ends soon and of who was revoked: ``notifications``."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from ostiary.config.model.base import (
    Duration,
    FileName,
    Listed,
    Milliseconds,
    Model,
    Number,
    Some,
    Wrong,
)
from ostiary.config.model.url import parse_url
from ostiary.config.text.words import did_you_mean
from ostiary.kernel.notices import PATTERNS
from ostiary.kernel.webhooks import PREFIX, BadSecret, read_secret

NEW_SECRET = f'make one: echo "{PREFIX}$(openssl rand -base64 32)"'

# RFC 3986 section 3.4: pchar, "/" and "?".
_QUERY = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*")


def checked_address(value: str) -> str:
    """A URL as it is. Raises Wrong.

    What is behind its host is never repeated, since it may be a credential.
    """
    before, mark, query = value.partition("?")
    try:
        url = parse_url(before)
    except Wrong as wrong:
        shown = wrong.message if before.count("/") <= 2 else "the URL can't be used"
        raise Wrong(shown, wrong.way_out or "write https://host:port/path") from None
    if mark and not _QUERY.fullmatch(query):
        raise Wrong(f"the query of the URL at {url.host!r} can't be used", "percent-encode it")
    return value


def _secret(value: str) -> str:
    try:
        read_secret(value)
    except BadSecret as bad:
        raise Wrong(f"the secret {bad}", NEW_SECRET) from None
    return value


def _pattern(value: str) -> str:
    if value not in PATTERNS:
        raise Wrong(f"unknown event {value[:80]!r}", did_you_mean(value, PATTERNS))
    return value


def _distinct(value: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(set(value), reverse=True))


Days = Annotated[Number, Field(ge=1, le=3650)]
Hours = Annotated[Number, Field(ge=1, le=8760)]


class Expiry(Model):
    """How long before an end it is told. A time counts only for what lives twice as long at least:
    nobody is warned 30 days before the end of a certificate that is made for 24 hours."""

    days: Annotated[tuple[Days, ...], AfterValidator(_distinct)] = Field(
        default=(90, 30, 14, 7, 1),
        description="Days before the end of a certificate. None with an empty list; that it has "
        "ended is told in any case.",
    )
    crl_hours: Annotated[tuple[Hours, ...], AfterValidator(_distinct)] = Field(
        default=(24, 4),
        description="Hours before the end (nextUpdate) of a revocation list, likewise.",
    )


class Webhook(Model):
    """A receiver of notifications, over HTTP: JSON by CloudEvents 1.0, signed as Standard Webhooks
    says."""

    url: Annotated[str, AfterValidator(checked_address)] = Field(
        repr=False, description="Where to send to: https, or http. Redirects are not followed."
    )
    secret: Annotated[str, AfterValidator(_secret)] | None = Field(
        default=None,
        repr=False,
        description="What messages are signed with: whsec_ and 24 to 64 bytes in base64.",
    )
    secret_file: FileName | None = Field(
        default=None,
        description="File with the secret instead; with several, a line each, all of them sign.",
    )
    ca_file: FileName | None = Field(
        default=None,
        description="Authorities of the receiver's certificate, PEM; the system's when left out.",
    )
    events: Annotated[tuple[Annotated[str, AfterValidator(_pattern)], ...], Listed, Some] = Field(
        default=("*",),
        description="What is sent: names such as client.blocked, or groups such as certificate.*",
    )
    timeout_ms: Annotated[Milliseconds, Field(ge=100, le=60_000)] = Field(
        default=15_000, description="How long one attempt may take."
    )
    give_up_after: Duration = Field(
        default=None,
        description="How long a notification is tried again: 90s, 15m, 24h, 7d; 3d if left out.",
    )

    @model_validator(mode="after")
    def _has_one_secret(self) -> "Webhook":
        if (self.secret is None) is (self.secret_file is None):
            said = "no secret" if self.secret is None else "secret and secretFile both"
            raise Wrong(f"{said} given", f"give one of the two ({NEW_SECRET})")
        return self

    @property
    def patience(self) -> timedelta:
        """``give_up_after`` as it acts."""
        return self.give_up_after or timedelta(days=3)


class Notifications(Model):
    """Warnings before something ends, and revocations: in the log, the console, and webhooks."""

    expiry: Expiry = Field(default_factory=Expiry, description="When an end is warned about.")
    webhooks: dict[str, Webhook] = Field(default_factory=dict, description="Receivers by name.")
