"""What is served, and how HTTP tells caches about it (RFC 9110, RFC 9111, RFC 5019 section 6)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from enum import Enum

LONGEST_KEPT = timedelta(hours=1)
"""Caches may keep what is served for so long at most, even if it holds for longer: else a list
that is made anew because somebody was revoked would be hidden behind the one before."""
_NOTHING = timedelta()
_SECOND = timedelta(seconds=1)

Headers = tuple[tuple[bytes, bytes], ...]


class Media(Enum):
    """Kinds of content; the values are media types."""

    CRL = "application/pkix-crl"
    CERTIFICATE = "application/pkix-cert"
    CERTIFICATES = "application/pkcs7-mime; smime-type=certs-only"
    OCSP = "application/ocsp-response"
    PEM = "application/x-pem-file"
    HTML = "text/html; charset=utf-8"
    TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Document:
    """Something to serve."""

    body: bytes
    media: Media
    tag: bytes
    """The ETag, with its quotation marks."""
    modified: datetime
    until: datetime | None
    """When the next one is due; None: it never changes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Ready to be sent."""

    status: int
    headers: Headers
    body: bytes = b""


def document(body: bytes, media: Media, modified: datetime, until: datetime | None) -> Document:
    """With its tag."""
    tag = b'"%b"' % hashlib.sha256(body).hexdigest()[:32].encode()
    return Document(body, media, tag, modified, until)


def answer_of(one: Document, asked: Mapping[bytes, bytes], now: datetime) -> Answer:
    """The document, or 304 where whoever asks has it already; ``asked``: the request's headers."""
    # RFC 9110 8.8.2.2: within its own second a date could stand for two lists.
    settled = now - one.modified > _SECOND
    dated: Headers = ((b"last-modified", http_date(one.modified)),) if settled else ()
    validators = ((b"etag", one.tag), *dated, *_freshness(one, now))
    if _has_it(one, asked):
        return Answer(304, validators)
    return Answer(200, (*head(one.media, len(one.body)), *validators), one.body)


def told(status: int, sentence: str, *more: tuple[bytes, bytes]) -> Answer:
    """A refusal, for people."""
    body = f"{sentence}\n".encode()
    headers = (*head(Media.TEXT, len(body)), (b"cache-control", b"no-store"), *more)
    return Answer(status, headers, body)


def uncached(media: Media, body: bytes) -> Answer:
    """For one asker and one moment alone."""
    return Answer(200, (*head(media, len(body)), (b"cache-control", b"no-store")), body)


def head(media: Media, length: int) -> Headers:
    """What every answer with a body begins with."""
    return (
        (b"content-type", media.value.encode()),
        (b"content-length", b"%d" % length),
        (b"x-content-type-options", b"nosniff"),
    )


def http_date(at: datetime) -> bytes:
    """RFC 9110 5.6.7."""
    return format_datetime(at.astimezone(UTC), usegmt=True).encode()


def _freshness(one: Document, now: datetime) -> Headers:
    left = LONGEST_KEPT if one.until is None else min(one.until - now, LONGEST_KEPT)
    if left <= _NOTHING:
        return ((b"cache-control", b"no-cache"),)
    kept = b"max-age=%d, public, no-transform, must-revalidate" % (left // _SECOND)
    return ((b"cache-control", kept), (b"expires", http_date(now + left)))


def _has_it(one: Document, asked: Mapping[bytes, bytes]) -> bool:
    """RFC 9110 13.2.2: a tag counts, and only without one the date."""
    tags = asked.get(b"if-none-match")
    if tags is not None:
        wanted = {tag.strip().removeprefix(b"W/") for tag in tags.split(b",")}
        return one.tag in wanted or b"*" in wanted
    since = asked.get(b"if-modified-since")
    return since is not None and _not_after(one.modified, since)


def _not_after(modified: datetime, since: bytes) -> bool:
    try:
        at = parsedate_to_datetime(since.decode("ascii"))
    except (ValueError, IndexError, OverflowError):
        return False
    return modified.replace(microsecond=0) <= (at if at.tzinfo else at.replace(tzinfo=UTC))
