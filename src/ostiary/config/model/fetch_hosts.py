"""Hosts that may be asked for revocation information: names, and names below a name."""

import re
from dataclasses import dataclass

from ostiary.config.model.base import Unfit
from ostiary.config.model.url import Url, is_host

_PORTS = {"http": 80, "https": 443}
_SHAPE = re.compile(r"(?:\[([^\[\]]*)\]|(\*\.)?([^:\[\]*]+)|(\*))(?::([0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class HostPattern:
    """``crl.example.com``, ``*.example.com`` (any name below it), or ``*`` (any host)."""

    host: str
    """Lower case, without a final dot; an IPv6 address without brackets."""
    port: int | None = None
    """None: the port of the scheme."""

    def fits(self, url: Url) -> bool:
        """Whether the URL leads there."""
        if url.port != (self.port or _PORTS[url.scheme]):
            return False
        host = url.host.rstrip(".")
        if self.host.startswith("*."):
            return host.endswith(self.host[1:]) and len(host) >= len(self.host)
        return self.host in ("*", host)


def host_pattern(text: str) -> HostPattern:
    """Read ``crl.example.com``, ``*.example.com:8080``, ``10.1.2.3``, ``[::1]:80`` or ``*``.

    Raises Unfit.
    """
    found = _SHAPE.fullmatch(text.lower())
    if found is None:
        raise _unfit()
    bracketed, below, name, any_host, digits = found.groups()
    port = int(digits) if digits else None
    host = "*" if any_host else bracketed or name.rstrip(".")
    fit = any_host or (is_host(host) and (":" in host) is (bracketed is not None))
    if not fit or (port is not None and not 1 <= port <= 65535):
        raise _unfit()
    return HostPattern(f"*.{host}" if below else host, port)


def _unfit() -> Unfit:
    return Unfit(
        "isn't a host",
        "write crl.example.com, *.example.com for all names below it, or * for any; "
        "with :8080 for a port that isn't the scheme's",
    )
