"""Where the admin listener listens: bound early, long before there is anything to serve."""

import ipaddress
import os
import socket
from pathlib import Path

from ostiary.kernel.errors import WrongUse

ADMIN_SOCKET = "admin.sock"
"""In the run folder."""
DEVICES_SOCKET = "est.sock"
"""There, too: where the engine brings devices that enrol (``compiler.bundle.Place``)."""

BACKLOG = 128


class AdminPortTaken(WrongUse):
    """The port that ``admin`` or ``pki`` names is in use."""


class AdminExposed(WrongUse):
    """Credentials would travel in the open to an address that others can reach."""


def bind_tcp(address: str, port: int, section: str = "admin") -> socket.socket:
    """A socket that listens; ``section`` of the configuration names it. Raises AdminPortTaken."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        sock = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _taken(address, port, section, error) from error
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(where)
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise _taken(address, port, section, error) from error
    return sock


def bind_unix(path: Path) -> socket.socket:
    """A socket that only this user may open; whoever comes waits until it is served.

    Raises OSError.
    """
    path.unlink(missing_ok=True)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)  # never open for others, not even for a moment
    try:
        sock.bind(str(path))
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    finally:
        os.umask(before)
    return sock


def refuse_exposed(sock: socket.socket) -> None:
    """For a socket without TLS, whatever a name in the configuration has come to.

    Raises AdminExposed unless only this host can reach it.
    """
    address = str(sock.getsockname()[0])
    if not ipaddress.ip_address(address.partition("%")[0]).is_loopback:
        raise AdminExposed(
            f"admin: {address} is not a loopback address, and admin has no tls "
            "(give it tls, or allowPlainHttp: true behind a proxy that you trust)"
        )


def _taken(address: str, port: int, section: str, error: OSError) -> AdminPortTaken:
    return AdminPortTaken(
        f"{section}: {address}:{port} can't be listened on: {error.strerror or error} "
        f"(choose another {section}.port)"
    )
