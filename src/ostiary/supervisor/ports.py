"""Are the ports free? Asked before the first start: HAProxy's own words don't name the holder."""

import errno
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ostiary.kernel.errors import WrongUse

_LISTENING = "0A"  # the state's code in /proc/net/tcp, see proc(5)


@dataclass(frozen=True, slots=True)
class Address:
    """Where the engine will listen; an empty host, or ``*``, is every IPv4 address."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host or "*"
        return f"{host}:{self.port}"


class PortUnavailable(WrongUse):
    """The engine could not listen there; ``address`` tells where."""

    def __init__(self, address: Address, sentence: str) -> None:
        self.address = address
        super().__init__(f"can't listen on {address}: {sentence}")


class PortInUse(PortUnavailable):
    """Somebody is there already; ``holder`` is a phrase such as ``process 7 (nginx)``, or None."""

    def __init__(self, address: Address, holder: str | None) -> None:
        self.holder = holder
        if holder is not None:
            sentence = f"{holder} listens there (stop it, or choose another port)"
        else:
            sentence = "it is in use (see 'ss -tlnp' as root, or choose another port)"
        super().__init__(address, sentence)


def ensure_free(addresses: Iterable[Address]) -> None:
    """Bind every address for a moment. Only before the first start: later the holder is our engine.

    Raises PortInUse, or PortUnavailable when the address is not of this host or not allowed.
    """
    for address in addresses:
        _try(address)


def _try(address: Address) -> None:
    if not 0 < address.port < 65536:  # getaddrinfo would quietly take 70000 for 4464
        raise PortUnavailable(address, "there is no such port (choose 1 to 65535)")
    try:
        found = socket.getaddrinfo(
            "0.0.0.0" if address.host in ("", "*") else address.host,  # noqa: S104
            address.port,
            type=socket.SOCK_STREAM,
            flags=socket.AI_PASSIVE,
        )
    except (OSError, UnicodeError) as exc:
        raise PortUnavailable(address, f"the name is not known here: {exc}") from exc
    family, kind, protocol, _, where = found[0]
    with socket.socket(family, kind, protocol) as probe:
        # Like HAProxy, so connections in TIME_WAIT do no harm; without SO_REUSEPORT, so that
        # another HAProxy of the same user is noticed rather than sharing our traffic.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(where)
        except OSError as exc:
            raise _translated(address, exc) from exc


def _translated(address: Address, exc: OSError) -> PortUnavailable:
    match exc.errno:
        case errno.EADDRINUSE:
            return PortInUse(address, _holder(address.port))
        case errno.EACCES:
            return PortUnavailable(
                address,
                "this user may not use the port "
                "(choose 1024 or higher, or give the service CAP_NET_BIND_SERVICE)",
            )
        case errno.EADDRNOTAVAIL:
            return PortUnavailable(address, "no interface of this host has that address")
        case _:
            return PortUnavailable(address, exc.strerror or str(exc))


def _holder(port: int) -> str | None:
    """Who listens on the port, as far as this user may know; None when it can't be told."""
    inodes = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for process in Path("/proc").glob("[0-9]*") if inodes else ():
        try:
            if any(str(link.readlink()) in inodes for link in (process / "fd").iterdir()):
                return f"process {process.name} ({(process / 'comm').read_text().strip()})"
        except OSError:
            continue  # another user's process, or one that ended meanwhile
    return None


def _listening_inodes(port: int) -> set[str]:
    inodes: set[str] = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            words = row.split()
            if words[3] == _LISTENING and int(words[1].rpartition(":")[2], 16) == port:
                inodes.add(words[9])
    return inodes
