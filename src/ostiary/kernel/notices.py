"""Kinds of notifications, by the words that are stored, sent and written in the configuration."""

from collections.abc import Iterable
from enum import Enum


class Topic(Enum):
    """What a notification is about. The words never change: receivers go by them."""

    CERTIFICATE_EXPIRING = "certificate.expiring"
    """Trusted, server or client certificates, or authorities in between, end soon."""
    CERTIFICATE_EXPIRED = "certificate.expired"
    CERTIFICATE_REVOKED = "certificate.revoked"
    """A revocation list names certificates that it did not name before."""
    CRL_EXPIRING = "crl.expiring"
    CRL_EXPIRED = "crl.expired"
    CLIENT_REVOKED = "client.revoked"
    """A client was refused, since its certificate is revoked."""
    CLIENT_BLOCKED = "client.blocked"
    CLIENT_UNBLOCKED = "client.unblocked"
    TEST = "webhook.test"
    """Somebody asked for it, to see whether a receiver answers."""


PATTERNS = ("*", "certificate.*", "client.*", "crl.*", *(one.value for one in Topic))
"""What chooses topics."""


def chosen(patterns: Iterable[str]) -> frozenset[Topic]:
    """The topics that any of ``PATTERNS`` chooses."""
    wanted = tuple(patterns)
    return frozenset(topic for topic in Topic if any(_fits(one, topic) for one in wanted))


def _fits(pattern: str, topic: Topic) -> bool:
    if pattern.endswith("*"):
        return topic.value.startswith(pattern[:-1])
    return pattern == topic.value
