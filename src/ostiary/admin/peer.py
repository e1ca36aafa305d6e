"""Who is at the other end of a connection, as far as the connection itself tells."""

import os
import socket
import ssl
import struct
from asyncio import BaseTransport
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """The other end."""

    uid: int | None = None
    """User id of a process on this host, on the unix socket only."""
    certificate: bytes | None = None
    """DER of a client certificate that the handshake has verified."""
    secure: bool = False
    """Whether nobody in between can read along: TLS, or the unix socket."""


def peer_of(transport: BaseTransport) -> Peer:
    """What the connection tells."""
    tls = transport.get_extra_info("ssl_object")
    if isinstance(tls, ssl.SSLObject | ssl.SSLSocket):
        return Peer(certificate=tls.getpeercert(binary_form=True), secure=True)
    found = transport.get_extra_info("socket")
    if found is None or found.family != socket.AF_UNIX:
        return Peer()
    return Peer(uid=_uid(found.fileno()), secure=True)


def _uid(descriptor: int) -> int | None:
    """Of the process that connected: SO_PEERCRED, unix(7)."""
    # A duplicate, since the event loop's own socket must not be closed with ours.
    with socket.socket(fileno=os.dup(descriptor)) as ours:
        try:
            found = ours.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        except OSError:
            return None
    _pid, uid, _gid = struct.unpack("3i", found)
    return int(uid)
