"""What an expression is made of: texts, and things known about the request."""

from dataclasses import dataclass
from enum import StrEnum

from ostiary.scripts.model import Script


class Fact(StrEnum):
    """Something known about the request, by the name that messages give it."""

    IP = "req.ip"
    HOSTNAME = "req.hostname"
    METHOD = "req.method"
    PROTOCOL = "req.protocol"
    PATH = "req.path"
    URL = "req.url"
    ORIGINAL_URL = "req.originalUrl"
    REQUEST_ID = "requestID"
    CONSUMER_ID = "consumer.id"
    FINGERPRINT = "req.client.getPeerCertificate().fingerprint256"
    SERIAL = "req.client.getPeerCertificate().serialNumber"
    COMMON_NAME = "req.client.getPeerCertificate().subject.CN"


CERTIFICATE = frozenset({Fact.FINGERPRINT, Fact.SERIAL, Fact.COMMON_NAME})
"""Known of admitted clients only; empty for everybody else."""
LASTING = CERTIFICATE | {Fact.IP, Fact.METHOD, Fact.PROTOCOL, Fact.HOSTNAME, Fact.ORIGINAL_URL}
"""No step of a pipeline changes these."""


@dataclass(frozen=True, slots=True)
class Text:
    """Characters as they are; no control characters."""

    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """What is known about the request."""

    fact: Fact


@dataclass(frozen=True, slots=True)
class Header:
    """A header of the request, the first of its name; nothing when there is none."""

    name: str
    """Lower case: letters, digits, ``-`` and ``_``."""


@dataclass(frozen=True, slots=True)
class Query:
    """A parameter of the query, percent-decoded, the first of its name; nothing without one."""

    name: str
    """Unreserved characters of RFC 3986 section 2.3."""


@dataclass(frozen=True, slots=True)
class Computed:
    """What the engine can't work out: JavaScript, run for each request."""

    script: Script


Part = Text | Told | Header | Query | Computed
Expression = tuple[Part, ...]
"""Parts, one after the other; empty for the empty text."""


def facts_in(expression: Expression) -> frozenset[Fact]:
    """Which facts an expression needs."""
    return frozenset(part.fact for part in expression if isinstance(part, Told))
