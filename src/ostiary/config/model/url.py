"""Addresses of services: ``http://host:port/path``, strictly (a part of RFC 3986)."""

import ipaddress
import re
from dataclasses import dataclass

from ostiary.config.model.base import Wrong

_URL = re.compile(r"(?i:(https?))://([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?")
_AUTHORITY = re.compile(r"(?:\[([^\[\]]*)\]|([^:\[\]]*))(?::([0-9]*))?")
_NAME = re.compile(
    r"(?=.{1,253}\Z)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*\.?"
)
# RFC 3986 section 3.3: pchar and "/".
_PATH = re.compile(r"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)*")
# RFC 3986 section 3.4: pchar, "/" and "?".
_QUERY = re.compile(r"\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Url:
    """One address of a service."""

    scheme: str
    """``http`` or ``https``."""
    host: str
    """Name or IP address; IPv6 without brackets."""
    port: int
    """1 to 65535; the scheme's own when not written."""
    path: str
    """Starts with ``/``; ``/`` when not written."""
    query: str = ""
    """Starts with ``?`` where there is one."""

    @property
    def authority(self) -> str:
        """Host and port as a Host header has them (RFC 9110 section 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        """The whole of it."""
        return f"{self.scheme}://{self.authority}{self.path}{self.query}"


def is_host(text: str) -> bool:
    """Tell whether the text is a DNS name, an IPv4 or an IPv6 address (without brackets)."""
    if ":" in text:
        return _is_ip6(text)
    if re.fullmatch(r"[0-9.]+", text):
        return _is_ip4(text)
    return _NAME.fullmatch(text) is not None


def _is_ip4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _is_ip6(text: str) -> bool:
    try:
        return ipaddress.IPv6Address(text).scope_id is None
    except ValueError:
        return False


def parse_url(text: str, *, query: bool = False) -> Url:
    """Return the parts; raise Wrong with what to change. A password in it is never repeated.

    ``query``: whether it may have one.
    """
    whole = _URL.fullmatch(text)
    if whole is None:
        shown = f"{text[:80]!r} " if "@" not in text else ""
        raise Wrong(
            f"{shown}isn't a URL that can be used", "write http://host:port/path or https://…"
        )
    scheme, authority, path, asked, fragment = whole.groups()
    if "@" in authority:
        raise Wrong("the URL carries a user name or password", "remove everything up to the '@'")
    if (asked is not None and not query) or fragment is not None:
        raise Wrong(f"{text[:80]!r} carries a query or fragment", "end the URL with its path")
    if not _QUERY.fullmatch(asked or "?"):
        raise Wrong(f"the query of {text[:80]!r} can't be used", "percent-encode it")
    if not _PATH.fullmatch(path) or ".." in path.split("/"):
        raise Wrong(f"the path of {text[:80]!r} can't be used", "percent-encode it, without '..'")
    host, port = _authority(authority, scheme.lower(), text)
    return Url(scheme=scheme.lower(), host=host, port=port, path=path or "/", query=asked or "")


def _authority(authority: str, scheme: str, text: str) -> tuple[str, int]:
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        raise Wrong(f"the host of {text[:80]!r} can't be used", "put IPv6 addresses in brackets")
    bracketed, name, digits = found.groups()
    valid = _is_ip6(bracketed) if bracketed is not None else is_host(name)
    if not valid:
        raise Wrong(f"the host of {text[:80]!r} isn't a name or an IP address")
    port = int(digits) if digits and len(digits) < 6 else _DEFAULT_PORTS[scheme]
    if digits and (len(digits) > 5 or not 1 <= port <= 65535):
        raise Wrong(f"the port of {text[:80]!r} isn't between 1 and 65535")
    return (bracketed if bracketed is not None else name).lower(), port
