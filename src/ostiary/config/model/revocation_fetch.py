"""Part of ``clientCertificateAuth.revocation``: where lists are, and how they are fetched."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from ostiary.config.model.base import (
    Duration,
    FileName,
    Flag,
    Listed,
    Model,
    Number,
    Unfit,
)
from ostiary.config.model.fetch_hosts import host_pattern
from ostiary.config.model.network import Network
from ostiary.config.model.url import parse_url

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_EVERYWHERE = ["0.0.0.0/0", "::/0"]
_LARGEST = 96 * 1024 * 1024
_SHORTEST, _LONGEST = timedelta(seconds=30), timedelta(days=30)


def is_url(text: str) -> bool:
    """Whether a source of lists is an address and not a file."""
    return _SCHEME.match(text) is not None


def _source(value: str) -> str:
    return str(parse_url(value, query=True)) if is_url(value) else value


def _host(value: str) -> str:
    host_pattern(value)
    return value


def _private(value: object) -> object:
    if value is True or value == "true":
        return _EVERYWHERE
    if value is False or value == "false":
        return []
    return value


def _every(value: timedelta) -> timedelta:
    if not _SHORTEST <= value <= _LONGEST:
        raise Unfit("is not between 30s and 30d")
    return value


def _timeout(value: timedelta) -> timedelta:
    if not timedelta(seconds=1) <= value <= timedelta(minutes=10):
        raise Unfit("is not between 1s and 10m")
    return value


ListSource = Annotated[FileName, AfterValidator(_source)]
"""A file, or an http or https URL."""


class Fetch(Model):
    """How revocation lists are fetched, and from whom."""

    distribution_points: Flag = Field(
        default=False,
        description="Fetch the lists that certificates name as their distribution points "
        "(RFC 5280 section 4.2.1.13), once their path to a trusted certificate is verified.",
    )
    hosts: Annotated[tuple[Annotated[str, AfterValidator(_host)], ...], Listed] = Field(
        default=(),
        description="Hosts that certificates may send the gateway to: crl.example.com, "
        "*.example.com for all names below it, * for any; with :8080 for a port that isn't the "
        "scheme's. The hosts of URLs in this file are allowed by being written.",
    )
    private: Annotated[tuple[Network, ...], Listed, BeforeValidator(_private)] = Field(
        default=(),
        description="Private addresses (this host's, too) that may be asked: networks, or true for "
        "all. A cloud's metadata, other link-local addresses and the gateway's own listeners are "
        "never asked.",
    )
    max_bytes: Annotated[Number, Field(ge=1024, le=_LARGEST)] = Field(
        default=_LARGEST, description="Largest list that is fetched."
    )
    timeout: Annotated[Duration, AfterValidator(_timeout)] = Field(
        default=timedelta(seconds=60), description="For one list, from the name to the last byte."
    )
    every: Annotated[Duration, AfterValidator(_every)] = Field(
        default=timedelta(hours=1),
        description="How often to ask for a newer list at least; before it ends (nextUpdate) in "
        "any case.",
    )
