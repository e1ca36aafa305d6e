"""IP addresses by who may be reached there: the world, the operator's own network, nobody.

After the IANA registries of special-purpose addresses (RFC 6890 and its updates). Written out
here, since Python's own words for them (``is_private``) differ from version to version.
"""

import ipaddress
from collections.abc import Iterable
from enum import Enum

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Reach(Enum):
    """What an address stands for."""

    PUBLIC = "public"
    PRIVATE = "private"
    """This host, a private network, or one that is not routed in the world."""
    NEVER = "never"
    """No service that anybody should be sent to: a cloud's metadata, link-local, multicast."""


def _networks(*written: str) -> tuple[Network, ...]:
    return tuple(map(ipaddress.ip_network, written))


_NEVER = _networks(
    "0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4", "::/128", "ff00::/8",
    # Link-local; with 169.254.169.254, where clouds hand out their keys.
    "169.254.0.0/16", "fe80::/10",
    # Metadata elsewhere: Alibaba, Azure, Oracle, AWS, Google.
    "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32", "fd00:ec2::/32", "fd20:ce::254/128",
    # Translated to an address that isn't seen here: Teredo, local NAT64 (RFC 8215).
    "2001::/32", "64:ff9b:1::/48",
)  # fmt: skip
_PRIVATE = _networks(
    "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10",
    "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
    "203.0.113.0/24", "2001::/23", "2001:db8::/32", "3fff::/20",
)  # fmt: skip
_WORLD_6 = ipaddress.IPv6Network("2000::/3")
"""All that IANA has given out; whatever is beyond is nobody's, or this site's alone."""
_LAST_32 = _networks("::ffff:0:0/96", "::ffff:0:0:0/96", "::/96", "64:ff9b::/96")
"""The last 32 bits are an IPv4 address: mapped, translated, compatible, NAT64 (RFC 6052)."""
_6TO4 = ipaddress.IPv6Network("2002::/16")
_LOOPBACK_6 = ipaddress.IPv6Address("::1")


def reach_of(address: Address) -> Reach:
    """Who may be reached at ``address``, or at the IPv4 address that is written in it."""
    address = meant(address)
    if _in(address, _NEVER):
        return Reach.NEVER
    if _in(address, _PRIVATE) or (address.version == 6 and address not in _WORLD_6):
        return Reach.PRIVATE
    return Reach.PUBLIC


def meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, if it does; else the same."""
    if isinstance(address, ipaddress.IPv4Address) or address == _LOOPBACK_6 or not int(address):
        return address
    if address in _6TO4:
        return ipaddress.IPv4Address(int(address) >> 80 & 0xFFFFFFFF)
    if _in(address, _LAST_32):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_among(address: Address, networks: Iterable[Network]) -> bool:
    """Whether a network holds the address, or the one that is meant by it."""
    networks = tuple(networks)
    return _in(address, networks) or _in(meant(address), networks)


def _in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address.version == one.version and address in one for one in networks)
