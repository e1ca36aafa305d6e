"""Whom the gateway may ask for something by HTTP: the rules, without a socket.

What it asks for stands in certificates, and certificates are made by others. So where a URL leads
is looked at before the question: scheme, host and port here (``url_of``), and the address that the
host's name turns out to have (``refuse_address``); the connection is then made to that address.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from ostiary.config.model.base import Wrong
from ostiary.config.model.fetch_hosts import HostPattern
from ostiary.config.model.url import Url, parse_url
from ostiary.kernel.errors import OstiaryError
from ostiary.services.addresses import Address, Network, Reach, is_among, reach_of

_ALLOW_HOST = "allow it, if it may be asked: revocation.fetch.hosts"
_ALLOW_ADDRESS = "allow it, if it may be asked: revocation.fetch.private"


class Why(Enum):
    """Why nothing was fetched; the values are stable."""

    BAD_URL = "bad-url"
    HOST_NOT_ALLOWED = "host-not-allowed"
    ADDRESS_NOT_ALLOWED = "address-not-allowed"
    NO_ADDRESS = "no-address"
    NOT_REACHED = "not-reached"
    TIMED_OUT = "timed-out"
    TOO_LARGE = "too-large"
    REDIRECTED = "redirected"
    STATUS = "status"
    BAD_ANSWER = "bad-answer"


class NotFetched(OstiaryError):
    """There is no answer that could be used; ``sentence`` says why, ``way_out`` what to do."""

    def __init__(self, why: Why, sentence: str, way_out: str = "", status: int = 0) -> None:
        self.why = why
        self.sentence = sentence
        self.way_out = way_out
        self.status = status
        """Of the answer, where there was one."""
        super().__init__(f"{sentence} ({way_out})" if way_out else sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRules:
    """Who may be asked. By default nobody."""

    hosts: tuple[HostPattern, ...] = ()
    networks: tuple[Network, ...] = ()
    """Private addresses that may be asked, this host's too."""
    own_ports: frozenset[int] = frozenset()
    """Ports of our own listeners: never asked on this host."""

    def with_url(self, url: Url) -> "FetchRules":
        """The same, for a URL that the operator has written: its host is allowed by that.

        So is its address, where it is written as one; one that a name turns out to have isn't.
        """
        host, address = url.host.rstrip("."), address_in(url)
        # With the port it was written with, or, after a redirection, that of the scheme.
        own = (HostPattern(host, url.port), HostPattern(host))
        networks = (ipaddress.ip_network(address),) if address else ()
        return replace(self, hosts=(*self.hosts, *own), networks=(*self.networks, *networks))


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question, and how much of an answer is waited for."""

    url: str
    method: str = "GET"
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Beside Host, User-Agent and Accept-Encoding."""
    most_bytes: int
    """Largest answer."""
    seconds: float
    """For all of it together: name, connection, redirections, answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer of status 200, or of 304 to a question with a condition."""

    status: int
    headers: Mapping[str, str]
    """By name in lower case."""
    content: bytes = field(repr=False)
    url: str
    """Who has answered, after redirections."""


def url_of(text: str, rules: FetchRules) -> Url:
    """The parts of a URL that may be asked, as far as its text tells. Raises NotFetched."""
    try:
        url = parse_url(text, query=True)
    except Wrong as error:
        raise NotFetched(Why.BAD_URL, error.message, error.way_out) from error
    if not any(pattern.fits(url) for pattern in rules.hosts):
        host = url.authority
        raise NotFetched(Why.HOST_NOT_ALLOWED, f"{host!r} is not an allowed host", _ALLOW_HOST)
    return url


def address_in(url: Url) -> Address | None:
    """The address that is written as the host, if one is."""
    try:
        return ipaddress.ip_address(url.host)
    except ValueError:
        return None


def refuse_address(address: Address, url: Url, rules: FetchRules, *, here: bool) -> None:
    """Refuse to connect to an address that the URL's host has; ``here``: it is this host's.

    Raises NotFetched.
    """
    reach = reach_of(address)
    if reach is Reach.NEVER:
        told, way_out = "an address that is never asked", ""
    elif here and url.port in rules.own_ports:
        told, way_out = "the gateway itself", ""
    elif reach is Reach.PRIVATE and not is_among(address, rules.networks):
        told, way_out = "a private address", _ALLOW_ADDRESS
    else:
        return
    whole = url.host if url.host == str(address) else f"{url.host} ({address})"
    raise NotFetched(Why.ADDRESS_NOT_ALLOWED, f"{whole} port {url.port} is {told}", way_out)


def redirected(request: Request, url: Url, status: int, location: str | None) -> str:
    """Where a redirection leads, as text that isn't looked at yet. Raises NotFetched."""
    if request.method != "GET" or not location:
        raise NotFetched(
            Why.REDIRECTED, f"{url} answered {status} and no content", "give the final URL", status
        )
    if location.startswith("//"):
        return f"{url.scheme}:{location}"
    if location.startswith("/"):
        return f"{url.scheme}://{url.authority}{location}"
    return location
